// Maps that expressions make, and JSON objects without a schema as expressions see them.
import type { JsonObject } from '../json.ts';
import { isObject } from '../json.ts';
import type { CelMap, Value } from './values.ts';
import { CelError, CelList, typeNameOf, Uint } from './values.ts';

/** Keys of equal value have equal texts, numbers of different types included. */
function keyText(key: Value): string | undefined {
  if (typeof key === 'string') return `s${key}`;
  if (typeof key === 'boolean') return `b${key}`;
  if (typeof key === 'bigint') return `n${key}`;
  if (key instanceof Uint) return `n${key.value}`;
  if (typeof key === 'number') return Number.isInteger(key) ? `n${BigInt(key)}` : undefined;
  return undefined;
}

/** A map written out in an expression. Throws CelError for keys of types that keys cannot have, and for one key twice. */
export function mapOfEntries(entries: readonly (readonly [Value, Value])[]): CelMap {
  const members = new Map<string, readonly [Value, Value]>();
  for (const entry of entries) {
    const text = keyText(entry[0]);
    if (text === undefined) throw new CelError(`unsupported key type: ${typeNameOf(entry[0])}`);
    if (members.has(text)) throw new CelError('Failed with repeated key');
    members.set(text, entry);
  }
  const get = (key: Value): Value | undefined => {
    const text = keyText(key);
    return text === undefined ? undefined : members.get(text)?.[1];
  };
  return {
    isMap: true,
    typeName: 'map',
    size: members.size,
    keys: () => [...members.values()].map(([key]) => key),
    get,
    field: get,
  };
}

/** A JSON value without a schema: whole numbers are ints, all others doubles. */
export function plainValue(json: unknown): Value {
  if (json === null || json === undefined) return null;
  if (typeof json === 'number') return Number.isInteger(json) ? BigInt(json) : json;
  if (typeof json === 'string' || typeof json === 'boolean') return json;
  if (Array.isArray(json)) return new CelList(json.map(plainValue));
  return isObject(json) ? plainMap(json) : null;
}

function plainMap(json: JsonObject): CelMap {
  const converted = new Map<string, Value>();
  const get = (key: Value): Value | undefined => {
    if (typeof key !== 'string' || !Object.hasOwn(json, key) || json[key] === undefined) return undefined;
    const known = converted.get(key);
    if (known !== undefined) return known;
    const value = plainValue(json[key]);
    converted.set(key, value);
    return value;
  };
  const keys = Object.keys(json).filter((key) => json[key] !== undefined);
  return { isMap: true, typeName: 'map', size: keys.length, keys: () => keys, get, field: get };
}
