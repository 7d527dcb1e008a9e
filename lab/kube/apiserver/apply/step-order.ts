// The order of the steps of a field path: names, then keys, then values, then indexes, each compared by what it means.
import { isObject } from '../json.ts';

const KINDS = 'fkvi';

/** Negative when `left` comes first (structured-merge-diff, fieldpath/element.go: numbers by size, keys name by name). */
export function compareSteps(left: string, right: string): number {
  const kinds = KINDS.indexOf(left.charAt(0)) - KINDS.indexOf(right.charAt(0));
  if (kinds !== 0) return kinds;
  if (left.startsWith('f')) return compareText(left, right);
  const [one, two] = [parsed(left), parsed(right)];
  if (left.startsWith('k') && isObject(one) && isObject(two))
    return compareKeys(Object.entries(one), Object.entries(two));
  return compareValues(one, two);
}

type Entries = readonly (readonly [string, unknown])[];

function compareKeys(left: Entries, right: Entries): number {
  for (const [index, [name, value]] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const found = compareText(name, other[0]) || compareValues(value, other[1]);
    if (found !== 0) return found;
  }
  return left.length - right.length;
}

const TYPES = ['number', 'string', 'boolean', 'object'];

function compareValues(left: unknown, right: unknown): number {
  const types = TYPES.indexOf(typeof left) - TYPES.indexOf(typeof right);
  if (types !== 0) return types;
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right);
  return compareText(JSON.stringify(left), JSON.stringify(right));
}

function parsed(step: string): unknown {
  try {
    return JSON.parse(step.slice(2));
  } catch {
    return step;
  }
}

const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
