// What expressions compute with: JSON's values with exact integers, and the further types of CEL and of Kubernetes' libraries.

/** Evaluation failed: absent keys, overflows, types that do not go together. The message is the one a client sees. */
export class CelError extends Error {}

/** An unsigned 64 bit number. */
export class Uint {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

/** A moment: nanoseconds since 1970. */
export class Timestamp {
  readonly nanos: bigint;
  /** The offset it was written with, for its text alone: `+01:00`; '' is UTC. */
  readonly zone: string;
  constructor(nanos: bigint, zone = '') {
    this.nanos = nanos;
    this.zone = zone;
  }
}

/** A span: nanoseconds. */
export class Duration {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

export class Optional {
  readonly value: Value | undefined;
  constructor(value: Value | undefined) {
    this.value = value;
  }
}

/** A type as a value: `type(x)`, `int`, `string`. */
export class TypeValue {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A value of a library's own type, such as a URL. */
export abstract class OpaqueValue {
  /** Name of its type: `kubernetes.URL`. */
  abstract readonly typeName: string;
  abstract equals(other: OpaqueValue): boolean;
  /** Length where the type has one for cost; default 1. */
  readonly size: number = 1;
}

/** How the items of a list are told apart and merged (x-kubernetes-list-type). */
export interface ListSemantics {
  readonly kind: 'set' | 'map';
  /** The identity of an item: the item itself of a set, the keys of a map's item. */
  readonly keyOf: (item: Value) => Value;
}

export class CelList {
  readonly items: readonly Value[];
  readonly semantics: ListSemantics | undefined;
  constructor(items: readonly Value[], semantics?: ListSemantics) {
    this.items = items;
    this.semantics = semantics;
  }
}

/** A map or an object. Keys of objects are property names as they are in JSON. */
export interface CelMap {
  readonly isMap: true;
  /** Name of the type for `type(x)`; `map` for maps. */
  readonly typeName: string;
  readonly size: number;
  keys(): readonly Value[];
  get(key: Value): Value | undefined;
  /** The member that a selection names; objects with a schema undo the escaping of names. */
  field(name: string): Value | undefined;
}

export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Uint
  | Timestamp
  | Duration
  | Optional
  | TypeValue
  | OpaqueValue
  | CelList
  | CelMap;

export const isMap = (value: Value): value is CelMap =>
  typeof value === 'object' && value !== null && 'isMap' in value && value.isMap;

/** Numbers that compare with each other. */
export const isNumeric = (value: Value): value is bigint | number | Uint =>
  typeof value === 'bigint' || typeof value === 'number' || value instanceof Uint;

/** The name of a value's type, as `type(x)` and messages give it. */
export function typeNameOf(value: Value): string {
  if (value === null) return 'null_type';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'double';
  if (typeof value === 'string') return 'string';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Uint) return 'uint';
  if (value instanceof Timestamp) return 'google.protobuf.Timestamp';
  if (value instanceof Duration) return 'google.protobuf.Duration';
  if (value instanceof Optional) return 'optional_type';
  if (value instanceof TypeValue) return 'type';
  if (value instanceof CelList) return 'list';
  return value.typeName;
}

/** The length of what has one, else 1: the measure that costs are counted in. */
export function sizeOf(value: Value): number {
  if (typeof value === 'string') return Array.from(value).length;
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof CelList) return value.items.length;
  if (value instanceof Optional) return value.value === undefined ? 1 : sizeOf(value.value);
  if (value instanceof OpaqueValue) return value.size;
  if (value !== null && isMap(value)) return value.size;
  return 1;
}
