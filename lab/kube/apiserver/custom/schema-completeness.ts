// Does every field that anyOf, oneOf, allOf or not speak of exist in the structure itself?
import type { FieldError } from '../field-error.ts';
import { required } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import { isObject, objectAt, objectsAt } from '../json.ts';

/** Faults of a schema at `path` (apiextensions, apiserver/schema/complete.go). */
export function completenessFaults(schema: JsonObject, path: string): FieldError[] {
  return valueFaults(schema, schema, path, path);
}

/** `said` is the combination's part at `saidAt`, `structure` what stands at the same place outside of it. */
function valueFaults(said: JsonObject, structure: JsonObject, path: string, saidAt: string): FieldError[] {
  const parts = ['allOf', 'anyOf', 'oneOf'].flatMap((name) =>
    objectsAt(said, name).flatMap((part, index) => nestedFaults(part, structure, path, `${saidAt}.${name}[${index}]`)),
  );
  const { not } = said;
  return [...(isObject(not) ? nestedFaults(not, structure, path, `${saidAt}.not`) : []), ...parts];
}

function nestedFaults(said: JsonObject, structure: unknown, path: string, saidAt: string): FieldError[] {
  if (!isObject(structure)) return [required(path, `because it is defined in ${saidAt}`)];
  const { items } = said;
  return [
    ...valueFaults(said, structure, path, saidAt),
    ...(isObject(items) ? nestedFaults(items, structure['items'], `${path}.items`, `${saidAt}.items`) : []),
    ...Object.entries(objectAt(said, 'properties')).flatMap(([name, member]) =>
      isObject(member)
        ? nestedFaults(
            member,
            objectAt(structure, 'properties')[name],
            `${path}.properties[${name}]`,
            `${saidAt}.properties[${name}]`,
          )
        : [],
    ),
  ];
}
