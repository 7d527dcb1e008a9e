// The types of CEL expressions, and how cel-go writes them in messages.

export type PrimitiveName =
  | 'int'
  | 'uint'
  | 'double'
  | 'bool'
  | 'string'
  | 'bytes'
  | 'null'
  | 'timestamp'
  | 'duration'
  | 'dyn'
  | '!error!';

export type CelType =
  | { readonly kind: 'primitive'; readonly name: PrimitiveName }
  | { readonly kind: 'list'; readonly element: CelType }
  | { readonly kind: 'map'; readonly key: CelType; readonly value: CelType }
  /** A struct whose fields are known; two of them are the same type when they have the same name. */
  | ObjectType
  /** A type of a library that only its functions look into, such as `kubernetes.URL`. */
  | { readonly kind: 'opaque'; readonly name: string }
  | { readonly kind: 'optional'; readonly of: CelType }
  | { readonly kind: 'type'; readonly of: CelType }
  /** A type variable: of a declaration (`A`), or a fresh one of the checker. */
  | { readonly kind: 'parameter'; readonly name: string };

export interface ObjectType {
  readonly kind: 'object';
  readonly name: string;
  /** By escaped name. */
  readonly fields: ReadonlyMap<string, CelType>;
}

const primitive = (name: PrimitiveName): CelType => ({ kind: 'primitive', name });

export const types = {
  int: primitive('int'),
  uint: primitive('uint'),
  double: primitive('double'),
  bool: primitive('bool'),
  string: primitive('string'),
  bytes: primitive('bytes'),
  null: primitive('null'),
  timestamp: primitive('timestamp'),
  duration: primitive('duration'),
  dyn: primitive('dyn'),
  /** The type of a part that has a fault of its own: goes with everything, so that one fault is reported once. */
  error: primitive('!error!'),
} as const;

export const listOf = (element: CelType): CelType => ({ kind: 'list', element });
export const mapOf = (key: CelType, value: CelType): CelType => ({ kind: 'map', key, value });
export const optionalOf = (of: CelType): CelType => ({ kind: 'optional', of });
export const objectOf = (name: string, fields: ReadonlyMap<string, CelType>): ObjectType => ({
  kind: 'object',
  name,
  fields,
});

export const isPrimitive = (type: CelType, name: PrimitiveName): boolean =>
  type.kind === 'primitive' && type.name === name;
export const isDyn = (type: CelType): boolean => isPrimitive(type, 'dyn');
export const isDynOrError = (type: CelType): boolean => isDyn(type) || isPrimitive(type, '!error!');

/** A type as error messages show it: `list(string)`. */
export function formatType(type: CelType): string {
  switch (type.kind) {
    case 'primitive':
    case 'object':
    case 'opaque':
    case 'parameter':
      return type.name;
    case 'list':
      return `list(${formatType(type.element)})`;
    case 'map':
      return `map(${formatType(type.key)}, ${formatType(type.value)})`;
    case 'optional':
      return `optional_type(${formatType(type.of)})`;
    case 'type':
      return `type(${formatType(type.of)})`;
  }
}

/** The types that a type is made of, in the order of `withParts`. */
export function partsOf(type: CelType): readonly CelType[] {
  switch (type.kind) {
    case 'list':
      return [type.element];
    case 'map':
      return [type.key, type.value];
    case 'optional':
    case 'type':
      return [type.of];
    case 'primitive':
    case 'object':
    case 'opaque':
    case 'parameter':
      return [];
  }
}

/** The same constructor over other parts. */
export function mapParts(type: CelType, change: (part: CelType) => CelType): CelType {
  switch (type.kind) {
    case 'list':
      return listOf(change(type.element));
    case 'map':
      return mapOf(change(type.key), change(type.value));
    case 'optional':
      return optionalOf(change(type.of));
    case 'type':
      return { kind: 'type', of: change(type.of) };
    case 'primitive':
    case 'object':
    case 'opaque':
    case 'parameter':
      return type;
  }
}

/** Same type, part by part; objects and opaque types by name. */
export function isSameType(left: CelType, right: CelType): boolean {
  if (left === right) return true;
  if (left.kind !== right.kind) return false;
  if ('name' in left && 'name' in right) return left.name === right.name;
  const [one, two] = [partsOf(left), partsOf(right)];
  return one.every((part, index) => {
    const other = two[index];
    return other !== undefined && isSameType(part, other);
  });
}
