// Go's regular expressions in JavaScript.
import { describe, expect, it } from 'vitest';
import { compilePattern, patternFault } from './patterns.ts';

describe('a pattern of Go', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['^a+$', ['aa'], ['b']],
    ['b', ['abc'], ['ac']],
    ['(?i)^abc$', ['ABC'], ['ab']],
    ['^[[:alpha:]_]+$', ['aB_'], ['a1']],
    ['^[]a]+$', [']a'], ['b']],
    ['^[a\\-z]+$', ['a-z'], ['b']],
    ['^\\Qa.b\\E$', ['a.b'], ['axb']],
    ['\\Aab\\z', ['ab'], ['abc']],
    ['^(?P<name>x)$', ['x'], ['y']],
    ['^\\pL+$', ['äb'], ['1']],
    ['^\\p{Greek}+$', ['αβ'], ['ab']],
    ['^\\x{1F600}$', ['\u{1F600}'], ['x']],
    ['^{a}$', ['{a}'], ['a']],
    ['^a{2,3}$', ['aa'], ['a']],
    ['^\\/\\_\\@$', ['/_@'], ['x']],
  ])('%s', (pattern, matching, others) => {
    const compiled = compilePattern(pattern);
    expect(matching.map((text) => compiled?.test(text))).toEqual(matching.map(() => true));
    expect(others.map((text) => compiled?.test(text))).toEqual(others.map(() => false));
  });

  it.each([
    ['(?=a)', 'invalid or unsupported Perl syntax: `(?=`'],
    ['(a)\\1', 'invalid escape sequence: `\\1`'],
    ['[a', 'missing closing ]: `[a`'],
    ['(a', 'missing closing ): `(a`'],
    ['a)', 'unexpected ): `a)`'],
    ['*a', 'missing argument to repetition operator: `*`'],
  ])('%s is refused in words of Go', (pattern, reason) => {
    expect(patternFault(pattern)).toBe(`error parsing regexp: ${reason}`);
  });
});
