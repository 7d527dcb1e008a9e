// The operators of the language: arithmetic, order, equality, membership and indexing.
import { areEqual, compareValues } from '../equality.ts';
import { checkedInt, checkedUint } from '../numbers.ts';
import type { Overload } from '../overload.ts';
import { declare } from '../overload.ts';
import { checkedDuration, checkedTimestamp } from '../time.ts';
import type { Value } from '../values.ts';
import { CelError, CelList, Duration, isMap, Optional, Timestamp, Uint } from '../values.ts';
import { joinLists } from './list-joining.ts';

/** Called with values that the signature does not allow: the evaluator chose the overload wrongly. */
export const noSuchOverload = (): CelError => new CelError('no such overload');

type Numbers = readonly [
  ints: (one: bigint, two: bigint) => bigint,
  doubles: ((one: number, two: number) => number) | undefined,
];

/** One operator over ints, uints and doubles alike. */
function arithmetic(operator: string, [ints, doubles]: Numbers): Overload[] {
  return [
    declare(`${operator}(int, int) int`, (one, two) => checkedInt(ints(one as bigint, two as bigint))),
    declare(`${operator}(uint, uint) uint`, (one, two) => checkedUint(ints((one as Uint).value, (two as Uint).value))),
    ...(doubles === undefined
      ? []
      : [declare(`${operator}(double, double) double`, (one, two) => doubles(one as number, two as number))]),
  ];
}

const nonZero = (value: bigint, what: string): bigint => {
  if (value === 0n) throw new CelError(what);
  return value;
};

const ORDERED = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'timestamp', 'duration'];
const MIXED: readonly (readonly [string, string])[] = ['int', 'uint', 'double'].flatMap((one) =>
  ['int', 'uint', 'double'].filter((two) => two !== one).map((two) => [one, two] as const),
);

function order(operator: string, holds: (comparison: number) => boolean): Overload[] {
  const apply = (one: Value, two: Value): boolean => {
    const comparison = compareValues(one, two);
    if (comparison === undefined) throw noSuchOverload();
    if (Number.isNaN(comparison)) return false;
    return holds(comparison);
  };
  return [...ORDERED.map((type) => [type, type] as const), ...MIXED].map(([one, two]) =>
    declare(`${operator}(${one}, ${two}) bool`, apply),
  );
}

const nanosOf = (value: Value): bigint => (value as Timestamp | Duration).nanos;
const duration = (nanos: bigint): Value => checkedDuration(nanos);
const timestamp = (nanos: bigint): Value => checkedTimestamp(nanos);

function joinBytes(one: Value, two: Value): Uint8Array {
  return Uint8Array.from(Buffer.concat([one as Uint8Array, two as Uint8Array]));
}

/** Declared for the checker; the evaluator decides which of their sides it runs. */
const lazily = (): never => {
  throw noSuchOverload();
};

export const operators: readonly Overload[] = [
  declare('_&&_(bool, bool) bool', lazily),
  declare('_||_(bool, bool) bool', lazily),
  declare('_?_:_(bool, A, A) A', lazily),
  declare('_==_(A, A) bool', areEqual),
  declare('_!=_(A, A) bool', (one, two) => !areEqual(one, two)),
  declare('!_(bool) bool', (value) => value !== true),
  declare('-_(int) int', (value) => checkedInt(-(value as bigint))),
  declare('-_(double) double', (value) => -(value as number)),
  declare('_+_(bytes, bytes) bytes', joinBytes),
  ...arithmetic('_+_', [(one, two) => one + two, (one, two) => one + two]),
  declare('_+_(duration, duration) duration', (one, two) => duration(nanosOf(one) + nanosOf(two))),
  declare('_+_(duration, timestamp) timestamp', (one, two) => timestamp(nanosOf(one) + nanosOf(two))),
  declare('_+_(timestamp, duration) timestamp', (one, two) => timestamp(nanosOf(one) + nanosOf(two))),
  declare('_+_(list(A), list(A)) list(A)', (one, two) => joinLists(one as CelList, two as CelList)),
  declare('_+_(string, string) string', (one, two) => `${one as string}${two as string}`),
  ...arithmetic('_-_', [(one, two) => one - two, (one, two) => one - two]),
  declare('_-_(duration, duration) duration', (one, two) => duration(nanosOf(one) - nanosOf(two))),
  declare('_-_(timestamp, duration) timestamp', (one, two) => timestamp(nanosOf(one) - nanosOf(two))),
  declare('_-_(timestamp, timestamp) duration', (one, two) => duration(nanosOf(one) - nanosOf(two))),
  ...arithmetic('_*_', [(one, two) => one * two, (one, two) => one * two]),
  ...arithmetic('_/_', [(one, two) => one / nonZero(two, 'division by zero'), (one, two) => one / two]),
  ...arithmetic('_%_', [(one, two) => one % nonZero(two, 'modulus by zero'), undefined]),
  ...order('_<_', (comparison) => comparison < 0),
  ...order('_<=_', (comparison) => comparison <= 0),
  ...order('_>_', (comparison) => comparison > 0),
  ...order('_>=_', (comparison) => comparison >= 0),
  declare('@in(A, list(A)) bool', (item, list) => (list as CelList).items.some((other) => areEqual(other, item))),
  declare('@in(A, map(A, B)) bool', (key, map) => map !== null && isMap(map) && map.get(key) !== undefined),
  declare('_[_](list(A), int) A', (list, index) => itemAt(list as CelList, index)),
  declare('_[_](map(A, B), A) B', memberAt),
  declare('_[_](optional(list(A)), int) optional(A)', optionalIndex),
  declare('_[_](optional(map(A, B)), A) optional(B)', optionalIndex),
  declare('_[?_](list(A), int) optional(A)', optionalIndex),
  declare('_[?_](map(A, B), A) optional(B)', optionalIndex),
  declare('_[?_](optional(list(A)), int) optional(A)', optionalIndex),
  declare('_[?_](optional(map(A, B)), A) optional(B)', optionalIndex),
];

/** The index of a list as a number: ints, and other numbers that are whole. */
function indexOf(index: Value): number {
  if (typeof index === 'bigint') return Number(index);
  if (index instanceof Uint) return Number(index.value);
  if (typeof index === 'number' && Number.isInteger(index)) return index;
  throw new CelError('unsupported index type in list');
}

function itemAt(list: CelList, index: Value): Value {
  const found = list.items[indexOf(index)];
  if (found === undefined) throw new CelError(`index out of bounds: ${indexOf(index)}`);
  return found;
}

function memberAt(map: Value, key: Value): Value {
  if (map === null || !isMap(map)) throw noSuchOverload();
  const found = map.get(key);
  if (found === undefined) throw new CelError(`no such key: ${shownKey(key)}`);
  return found;
}

const shownKey = (key: Value): string =>
  typeof key === 'string' || typeof key === 'bigint' || typeof key === 'boolean' || typeof key === 'number'
    ? String(key)
    : key instanceof Uint
      ? String(key.value)
      : '';

function optionalIndex(owner: Value, key: Value): Value {
  const held = owner instanceof Optional ? owner.value : owner;
  if (held === undefined) return new Optional(undefined);
  if (held instanceof CelList) return new Optional(held.items[indexOf(key)]);
  return held !== null && isMap(held) ? new Optional(held.get(key)) : new Optional(undefined);
}
