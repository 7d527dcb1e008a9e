// Members that a document gives twice.
import { describe, expect, it } from 'vitest';
import { duplicateFields, notedDuplicates, noteDuplicates } from './duplicate-fields.ts';

describe('duplicate fields', () => {
  it.each<[string, readonly string[]]>([
    ['{"a":1,"b":{"a":2}}', []],
    ['{"a":1,"a":2,"a":3}', ['a', 'a']],
    ['{"spec":{"list":[{"x":1},{"x":1,"x":2}]}}', ['spec.list[1].x']],
    ['{"a":"{\\"a\\":1,\\"a\\":2}"}', []],
    ['{"a":["a","a"],"b":[["x",{"c":1,"c":2}]]}', ['b[0][1].c']],
    ['{"a\\u0062":1,"ab":2}', ['ab']],
    ['[]', []],
  ])('%s', (text, expected) => {
    expect(duplicateFields(text)).toEqual(expected);
  });

  it('are kept beside the document, out of sight', () => {
    const document = { a: 2 };
    noteDuplicates(document, '{"a":1,"a":2}');
    expect(notedDuplicates(document)).toEqual(['a']);
    expect(JSON.stringify(document)).toBe('{"a":2}');
    expect(document).toEqual({ a: 2 });
  });
});
