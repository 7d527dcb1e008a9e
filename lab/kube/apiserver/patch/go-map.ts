// Values as Go prints them with %v, which some messages about patches contain.
import { isObject } from '../json.ts';

/** `map[a:1 b:[x y]]`: members in the order of their names. */
export function goMap(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goMap).join(' ')}]`;
  if (value === null || value === undefined) return '<nil>';
  if (!isObject(value)) return typeof value === 'string' ? value : JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((name) => `${name}:${goMap(value[name])}`);
  return `map[${members.join(' ')}]`;
}
