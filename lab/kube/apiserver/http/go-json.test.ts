// Faults of JSON in Go's words.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonFault } from './go-json.ts';

const faultOf = (text: string): string | undefined => jsonFault(Buffer.from(text));

const parses = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe('jsonFault', () => {
  it('finds no fault in JSON', () => {
    fc.assert(fc.property(fc.json(), (text) => faultOf(text) === undefined));
  });

  it('finds a fault wherever JavaScript finds one, and nowhere else', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"\\u00e9"',
      '-',
      '0',
      '1.5',
      'e',
      'true',
      'nul',
      ' ',
      '"',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
        const text = pieces.join('');
        expect(faultOf(text) === undefined).toBe(parses(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('quotes bytes as Go does', () => {
    expect(faultOf('é')).toBe("invalid character 'Ã' looking for beginning of value");
    expect(faultOf('{"a":"\u0001"}')).toBe("invalid character '\\x01' in string literal");
    expect(faultOf('nope')).toBe("invalid character 'o' in literal null (expecting 'u')");
  });
});
