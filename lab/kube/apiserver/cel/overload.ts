// Functions of expressions: how each is declared by one line of signature, and which declaration suits given values.
import type { CelType } from './types.ts';
import { isDyn, listOf, mapOf, optionalOf, types } from './types.ts';
import type { Value } from './values.ts';
import { CelList, Duration, isMap, OpaqueValue, Optional, Timestamp, TypeValue, Uint } from './values.ts';

export interface Overload {
  /** `size`, `_+_`, `sets.contains`. */
  readonly name: string;
  /** Called on a value: `text.find(pattern)`. */
  readonly member: boolean;
  /** With the receiver first. */
  readonly parameters: readonly CelType[];
  readonly result: CelType;
  /** Throws CelError. */
  readonly apply: (...values: Value[]) => Value;
  /** What a call costs, when it is not the common measure of its name. */
  readonly cost: Cost | undefined;
}

/** In cel-go's units. */
export type Cost = (values: readonly Value[], result: Value) => number;

/** All functions of an environment, by name. */
export type Functions = ReadonlyMap<string, readonly Overload[]>;

/** Names with a dot in them that are functions and no calls on a value. */
const NAMESPACES = ['sets', 'optional', 'strings', 'ip'];

/** Types of Kubernetes' libraries by the short names of signatures. */
export const libraryTypes: Readonly<Record<string, CelType>> = Object.fromEntries(
  Object.entries({
    URL: 'kubernetes.URL',
    Quantity: 'kubernetes.Quantity',
    IP: 'net.IP',
    CIDR: 'net.CIDR',
    Authorizer: 'kubernetes.authorization.Authorizer',
    PathCheck: 'kubernetes.authorization.PathCheck',
    GroupCheck: 'kubernetes.authorization.GroupCheck',
    ResourceCheck: 'kubernetes.authorization.ResourceCheck',
    Decision: 'kubernetes.authorization.Decision',
  }).map(([short, name]) => [short, { kind: 'opaque', name }]),
);

/**
 * A function by its signature: `string.find(string) string`, `sets.contains(list(A), list(A)) bool`; single capitals are type
 * variables. Throws for a signature that cannot be read: the caller's mistake.
 */
export function declare(signature: string, apply: Overload['apply'], cost?: Cost): Overload {
  const match = /^(?:(.+)\.)?([@\w!<>=&|?:[\]+\-*/%]+)\((.*)\) (\S.*)$/.exec(signature);
  const [, prefix, name, parameters, result] = match ?? [];
  if (name === undefined || parameters === undefined || result === undefined)
    throw new Error(`not a signature: ${signature}`);
  const isNamespace = prefix !== undefined && NAMESPACES.includes(prefix);
  const receiver = prefix === undefined || isNamespace ? [] : [typeFrom(prefix)];
  return {
    name: isNamespace ? `${prefix}.${name}` : name,
    member: receiver.length > 0,
    parameters: [...receiver, ...splitTypes(parameters).map(typeFrom)],
    result: typeFrom(result),
    apply,
    cost,
  };
}

function splitTypes(list: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at <= list.length; at += 1) {
    const character = list[at];
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (at === list.length || (character === ',' && depth === 0)) {
      if (list.slice(from, at).trim() !== '') parts.push(list.slice(from, at).trim());
      from = at + 1;
    }
  }
  return parts;
}

function typeFrom(text: string): CelType {
  const match = /^(\w+)(?:\((.*)\))?$/.exec(text);
  const name = match?.[1] ?? '';
  const [first = types.dyn, second = types.dyn] = splitTypes(match?.[2] ?? '').map(typeFrom);
  if (name === 'list') return listOf(first);
  if (name === 'map') return mapOf(first, second);
  if (name === 'optional') return optionalOf(first);
  if (name === 'type') return { kind: 'type', of: first };
  if (/^[A-Z]$/.test(name)) return { kind: 'parameter', name };
  const known = Object.hasOwn(libraryTypes, name) ? libraryTypes[name] : undefined;
  if (known !== undefined) return known;
  const basic = Object.entries(types).find(([short]) => short === name)?.[1];
  if (basic === undefined) throw new Error(`not a type: ${text}`);
  return basic;
}

/** Declarations by name, in the order given. */
export function functionTable(...libraries: readonly (readonly Overload[])[]): Functions {
  const table = new Map<string, Overload[]>();
  for (const overload of libraries.flat()) {
    const found = table.get(overload.name);
    if (found === undefined) table.set(overload.name, [overload]);
    else found.push(overload);
  }
  return table;
}

/** Does a value belong to a type, as far as calls tell them apart? */
export function isOfType(value: Value, type: CelType): boolean {
  if (isDyn(type)) return true;
  switch (type.kind) {
    case 'parameter':
      return true;
    case 'list':
      // The first item tells sums of ints from those of doubles.
      return value instanceof CelList && (value.items[0] === undefined || isOfType(value.items[0], type.element));
    case 'map':
    case 'object':
      return value !== null && isMap(value);
    case 'optional':
      return value instanceof Optional;
    case 'type':
      return value instanceof TypeValue;
    case 'opaque':
      return value instanceof OpaqueValue && value.typeName === type.name;
    case 'primitive':
      return isPrimitiveValue(value, type.name);
  }
}

function isPrimitiveValue(value: Value, name: string): boolean {
  switch (name) {
    case 'int':
      return typeof value === 'bigint';
    case 'double':
      return typeof value === 'number';
    case 'bool':
      return typeof value === 'boolean';
    case 'string':
      return typeof value === 'string';
    case 'null':
      return value === null;
    case 'uint':
      return value instanceof Uint;
    case 'bytes':
      return value instanceof Uint8Array;
    case 'timestamp':
      return value instanceof Timestamp;
    case 'duration':
      return value instanceof Duration;
    default:
      return false;
  }
}
