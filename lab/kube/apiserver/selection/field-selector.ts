// Field selectors: `metadata.name=a,status.phase!=Failed`, limited per kind to the fields that Kubernetes serves.
import type { ApiObject } from '../json.ts';
import { badRequest } from '../status.ts';

export interface FieldRequirement {
  readonly field: string;
  readonly equal: boolean;
  readonly value: string;
}

/** Reads a selectable field of an object; absent fields are ''. */
export type FieldReaders = Readonly<Record<string, (object: ApiObject) => string>>;

/** Parses and checks the `fieldSelector` query parameter. Throws 400 for a field that the kind does not serve. */
export function parseFieldSelector(text: string, readers: FieldReaders): readonly FieldRequirement[] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const match = /^\s*([^=!\s]+)\s*(==|=|!=)\s*(.*?)\s*$/.exec(part);
      if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
      const field = match[1] ?? '';
      if (!Object.hasOwn(readers, field)) throw badRequest(`field label not supported: ${field}`);
      return { field, equal: match[2] !== '!=', value: match[3] ?? '' };
    });
}

/** Does an object satisfy every requirement? */
export function matchesFields(
  requirements: readonly FieldRequirement[],
  readers: FieldReaders,
  object: ApiObject,
): boolean {
  return requirements.every(({ field, equal, value }) => ((readers[field]?.(object) ?? '') === value) === equal);
}
