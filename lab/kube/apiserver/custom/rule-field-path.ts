// `fieldPath` of a validation rule: which field of the value is to blame.
import type { Schema } from '../schema/schema.ts';

/** Members and map keys that a path names, `.spec.items['key']`; `undefined` when the schema has no such field. */
export function ruleFieldPath(path: string, schema: Schema): string | undefined {
  let place = '';
  let current: Schema | undefined = schema;
  let rest = path;
  while (rest !== '') {
    const step: RegExpExecArray | null = /^(?:\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\])/.exec(rest);
    if (step === null || current === undefined) return undefined;
    const name = step[1] ?? unescaped(step[2] ?? '');
    if (name === undefined) return undefined;
    if (current.properties !== undefined) {
      if (!Object.hasOwn(current.properties, name)) return undefined;
      place += place === '' ? name : `.${name}`;
      current = current.properties[name];
    } else if (typeof current.additionalProperties === 'object') {
      place += `[${name}]`;
      current = current.additionalProperties;
    } else return undefined;
    rest = rest.slice(step[0].length);
  }
  return place;
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  "'": "'",
  '\\': '\\',
};

function unescaped(text: string): string | undefined {
  const unknown = [...text.matchAll(/\\(.)/g)].some(([, letter = '']) => !Object.hasOwn(ESCAPES, letter));
  return unknown ? undefined : text.replaceAll(/\\(.)/g, (_escape, letter: string) => ESCAPES[letter] ?? letter);
}
