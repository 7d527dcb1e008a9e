// When two values are equal, and which of two comes first.
import type { CelMap, Value } from './values.ts';
import { CelList, Duration, isMap, isNumeric, OpaqueValue, Optional, Timestamp, TypeValue, Uint } from './values.ts';

/** Equality over all types: values of different types differ, but numbers compare by value. */
export function areEqual(left: Value, right: Value): boolean {
  if (left === right) return true;
  if (isNumeric(left) && isNumeric(right)) return compareNumbers(left, right) === 0;
  if (left instanceof Uint8Array && right instanceof Uint8Array)
    return left.length === right.length && left.every((byte, index) => byte === right[index]);
  if (left instanceof Timestamp && right instanceof Timestamp) return left.nanos === right.nanos;
  if (left instanceof Duration && right instanceof Duration) return left.nanos === right.nanos;
  if (left instanceof TypeValue && right instanceof TypeValue) return left.name === right.name;
  if (left instanceof Optional && right instanceof Optional) {
    if (left.value === undefined || right.value === undefined) return left.value === right.value;
    return areEqual(left.value, right.value);
  }
  if (left instanceof OpaqueValue && right instanceof OpaqueValue)
    return left.typeName === right.typeName && left.equals(right);
  if (left instanceof CelList && right instanceof CelList) return equalLists(left, right);
  if (left !== null && right !== null && isMap(left) && isMap(right)) return equalMaps(left, right);
  return false;
}

/** Sets and keyed lists are equal in any order; which rule counts is the left side's choice. */
function equalLists(left: CelList, right: CelList): boolean {
  if (left.items.length !== right.items.length) return false;
  const { semantics } = left;
  if (semantics === undefined)
    return left.items.every((item, index) => {
      const other = right.items[index];
      return other !== undefined && areEqual(item, other);
    });
  return left.items.every((item) => {
    const key = semantics.keyOf(item);
    return right.items.some((other) => areEqual(semantics.keyOf(other), key) && areEqual(item, other));
  });
}

function equalMaps(left: CelMap, right: CelMap): boolean {
  if (left.size !== right.size) return false;
  return left.keys().every((key) => {
    const [one, two] = [left.get(key), right.get(key)];
    return one !== undefined && two !== undefined && areEqual(one, two);
  });
}

/** Below, at or above 0; NaN when one is no number. Exact between ints and doubles. */
export function compareNumbers(left: bigint | number | Uint, right: bigint | number | Uint): number {
  const [one, two] = [plain(left), plain(right)];
  if (Number.isNaN(one) || Number.isNaN(two)) return Number.NaN;
  // JavaScript compares bigint and number by their exact values.
  return one < two ? -1 : one > two ? 1 : 0;
}

const plain = (value: bigint | number | Uint): bigint | number => (value instanceof Uint ? value.value : value);

/** The order of two values; `undefined` when their types have none between them. NaN is below, at and above nothing. */
export function compareValues(left: Value, right: Value): number | undefined {
  if (isNumeric(left) && isNumeric(right)) return compareNumbers(left, right);
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right);
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right);
  if (left instanceof Timestamp && right instanceof Timestamp) return sign(left.nanos - right.nanos);
  if (left instanceof Duration && right instanceof Duration) return sign(left.nanos - right.nanos);
  return undefined;
}

const sign = (value: bigint): number => (value < 0n ? -1 : value > 0n ? 1 : 0);

/** By code points, as UTF-8 orders them; JavaScript's own order differs beyond the basic plane. */
function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
