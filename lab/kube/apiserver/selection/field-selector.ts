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

const METADATA_FIELDS = ['metadata.name', 'metadata.namespace'];

/**
 * Parses and checks the `fieldSelector` query parameter (fields.ParseSelector of apimachinery). Throws 400 for a field that the
 * kind does not serve; the kinds that serve nothing but metadata say which fields there are, except custom ones.
 */
export function parseFieldSelector(text: string, readers: FieldReaders, custom = false): readonly FieldRequirement[] {
  return splitTerms(text)
    .sort()
    .flatMap((term) => {
      const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
      if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
      const [, field = '', operator, escaped = ''] = match;
      const value = unescaped(escaped);
      if (field === '' && value === '') return [];
      if (!Object.hasOwn(readers, field)) {
        const plain = !custom && Object.keys(readers).every((name) => METADATA_FIELDS.includes(name));
        // Every built-in kind takes both, and one without Namespaces has an empty one.
        if (!plain || !METADATA_FIELDS.includes(field)) throw badRequest(unknownField(field, plain));
      }
      return [{ field, equal: operator !== '!=', value }];
    });
}

const unknownField = (field: string, plain: boolean): string =>
  plain
    ? `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
    : `field label not supported: ${field}`;

/** At commas that are not escaped; empty terms count for nothing. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1;
    else if (text[index] === ',') {
      terms.push(text.slice(start, index));
      start = index + 1;
    }
  }
  terms.push(text.slice(start));
  return terms.filter((term) => term !== '');
}

/** `\\`, `\,` and `\=` stand for the second character; a bare comma or equals sign may not be in a value. */
function unescaped(text: string): string {
  let value = '';
  const characters = Array.from(text);
  for (let index = 0; index < characters.length; index += 1) {
    const character = characters[index] ?? '';
    if (character === '\\') {
      index += 1;
      const next = characters[index] ?? '';
      if (next === '' || !'\\,='.includes(next))
        throw badRequest(`invalid field selector: invalid escape sequence: \\${next}`);
      value += next;
    } else if (character === ',' || character === '=')
      throw badRequest(`invalid field selector: unescaped character in value: ${character}`);
    else value += character;
  }
  return value;
}

/** Does an object satisfy every requirement? */
export function matchesFields(
  requirements: readonly FieldRequirement[],
  readers: FieldReaders,
  object: ApiObject,
): boolean {
  return requirements.every(({ field, equal, value }) => ((readers[field]?.(object) ?? '') === value) === equal);
}
