// Names of types that expressions may compare with: `type(x) == string`.
import { libraryTypes } from './overload.ts';
import type { CelType } from './types.ts';
import { listOf, mapOf, types } from './types.ts';
import { TypeValue } from './values.ts';

const typeOf = (of: CelType): CelType => ({ kind: 'type', of });

export const typeIdentifiers: ReadonlyMap<string, CelType> = new Map([
  ...(['bool', 'bytes', 'double', 'int', 'string', 'uint', 'dyn'] as const).map(
    (name) => [name, typeOf(types[name])] as const,
  ),
  ['null_type', typeOf(types.null)],
  ['list', typeOf(listOf(types.dyn))],
  ['map', typeOf(mapOf(types.dyn, types.dyn))],
  ['type', typeOf(typeOf(types.dyn))],
  ['google.protobuf.Timestamp', typeOf(types.timestamp)],
  ['google.protobuf.Duration', typeOf(types.duration)],
  ...Object.values(libraryTypes).flatMap((type) =>
    type.kind === 'opaque' ? [[type.name, typeOf(type)] as const] : [],
  ),
]);

/** The value of a type's name. */
export const typeIdentifierValue = (name: string): TypeValue | undefined =>
  typeIdentifiers.has(name) ? new TypeValue(name) : undefined;
