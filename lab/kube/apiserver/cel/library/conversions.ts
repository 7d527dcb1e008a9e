// Functions that make one type of another, sizes, and the tests of text that every environment has.
import { compilePattern } from '../../schema/patterns.ts';
import { formatDouble, checkedInt, checkedUint, intOfDouble } from '../numbers.ts';
import type { Overload } from '../overload.ts';
import { declare } from '../overload.ts';
import {
  checkedTimestamp,
  floorDivided,
  formatDuration,
  formatTimestamp,
  parseDuration,
  parseTimestamp,
} from '../time.ts';
import { patternFault } from '../pattern-fault.ts';
import type { Timestamp, Value } from '../values.ts';
import { CelError, Duration, sizeOf, TypeValue, typeNameOf, Uint } from '../values.ts';

const SECOND = 1_000_000_000n;
const size = (value: Value): bigint => BigInt(sizeOf(value));
const same = (value: Value): Value => value;

function parseInteger(text: string, type: 'int' | 'uint'): bigint {
  if (!(type === 'int' ? /^[+-]?\d+$/ : /^\d+$/).test(text))
    throw new CelError(
      `strconv.Parse${type === 'int' ? 'Int' : 'Uint'}: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  return BigInt(text.replace('+', ''));
}

function parseDouble(text: string): number {
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (special !== null)
    return special[2]?.toLowerCase() === 'nan' ? Number.NaN : special[1] === '-' ? -Infinity : Infinity;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text))
    throw new CelError(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

function parseBool(text: string): boolean {
  if (['1', 't', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'false', 'FALSE', 'False'].includes(text)) return false;
  throw new CelError(`type conversion error from 'string' to 'bool'`);
}

function textOfBytes(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CelError('invalid UTF-8 in bytes, cannot convert to string');
  }
}

/** Throws CelError when `pattern` is no expression of RE2. */
export function matcherOf(pattern: string, message: (why: string) => string): RegExp {
  const compiled = compilePattern(pattern);
  if (compiled === undefined) throw new CelError(message(patternFault(pattern)));
  return compiled;
}

const matches = (text: Value, pattern: Value): boolean =>
  matcherOf(pattern as string, (why) => why).test(text as string);

export const conversions: readonly Overload[] = [
  ...['string', 'bytes', 'list(A)', 'map(A, B)'].flatMap((type) => [
    declare(`size(${type}) int`, size),
    declare(`${type}.size() int`, size),
  ]),
  declare('type(A) type(A)', (value) => new TypeValue(typeNameOf(value))),
  declare('dyn(A) dyn', same),
  declare('bool(bool) bool', same),
  declare('bool(string) bool', (text) => parseBool(text as string)),
  declare('bytes(bytes) bytes', same),
  declare('bytes(string) bytes', (text) => new TextEncoder().encode(text as string)),
  declare('double(double) double', same),
  declare('double(int) double', (value) => Number(value)),
  declare('double(string) double', (text) => parseDouble(text as string)),
  declare('double(uint) double', (value) => Number((value as Uint).value)),
  declare('duration(duration) duration', same),
  declare('duration(string) duration', (text) => {
    const parsed = parseDuration(text as string);
    if (parsed === undefined) throw new CelError(`time: invalid duration ${JSON.stringify(text)}`);
    return parsed;
  }),
  declare('int(int) int', same),
  declare('int(double) int', (value) => intOfDouble(value as number)),
  declare('int(duration) int', (value) => (value as Duration).nanos),
  declare('int(string) int', (text) => checkedInt(parseInteger(text as string, 'int'))),
  declare('int(timestamp) int', (value) => floorDivided((value as Timestamp).nanos, SECOND)),
  declare('int(uint) int', (value) => checkedInt((value as Uint).value)),
  declare('uint(uint) uint', same),
  declare('uint(double) uint', (value) => checkedUint(BigInt(Math.trunc(value as number)))),
  declare('uint(int) uint', (value) => checkedUint(value as bigint)),
  declare('uint(string) uint', (text) => checkedUint(parseInteger(text as string, 'uint'))),
  declare('string(string) string', same),
  declare('string(bool) string', (value) => String(value as boolean)),
  declare('string(bytes) string', (bytes) => textOfBytes(bytes as Uint8Array)),
  declare('string(double) string', (value) => formatDouble(value as number)),
  declare('string(duration) string', (value) => formatDuration(value as Duration)),
  declare('string(int) string', (value) => String(value as bigint)),
  declare('string(timestamp) string', (value) => formatTimestamp(value as Timestamp)),
  declare('string(uint) string', (value) => String((value as Uint).value)),
  declare('timestamp(timestamp) timestamp', same),
  declare('timestamp(int) timestamp', (seconds) => checkedTimestamp((seconds as bigint) * SECOND)),
  declare('timestamp(string) timestamp', (text) => {
    const parsed = parseTimestamp(text as string);
    if (parsed === undefined)
      throw new CelError(
        `parsing time ${JSON.stringify(text)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(text)} as "2006"`,
      );
    return parsed;
  }),
  declare('string.contains(string) bool', (text, part) => (text as string).includes(part as string)),
  declare('string.endsWith(string) bool', (text, end) => (text as string).endsWith(end as string)),
  declare('string.startsWith(string) bool', (text, start) => (text as string).startsWith(start as string)),
  declare('matches(string, string) bool', matches),
  declare('string.matches(string) bool', matches),
];
