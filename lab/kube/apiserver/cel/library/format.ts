// `"...".format([...])`: the clauses %s %d %f %e %b %o %x %X %%.
import { formatDouble } from '../numbers.ts';
import { formatDuration, formatTimestamp } from '../time.ts';
import type { Value } from '../values.ts';
import { CelError, CelList, Duration, isMap, Timestamp, TypeValue, typeNameOf, Uint } from '../values.ts';

/** Throws CelError for a clause that is not known, too few or too many values, or a value that a clause does not take. */
export function formatText(text: string, values: readonly Value[]): string {
  let made = '';
  let next = 0;
  let rest = text;
  for (let percent = rest.indexOf('%'); percent >= 0; percent = rest.indexOf('%')) {
    made += rest.slice(0, percent);
    const clause = /^%(?:\.(\d+))?(.)/su.exec(rest.slice(percent));
    if (clause === null) throw new CelError('unexpected end of string');
    rest = rest.slice(percent + clause[0].length);
    if (clause[2] === '%') {
      made += '%';
      continue;
    }
    const value = values[next];
    if (value === undefined) throw new CelError(`index ${next} out of range`);
    next += 1;
    made += formatted(clause[2] ?? '', clause[1] === undefined ? 6 : Number(clause[1]), value);
  }
  if (next < values.length)
    throw new CelError(`too many arguments supplied to string.format (expected ${next}, got ${values.length})`);
  return made + rest;
}

function formatted(clause: string, precision: number, value: Value): string {
  switch (clause) {
    case 's':
      return textOf(value);
    case 'd':
      return String(integerOf(value, 'decimal clause can only be used on integers'));
    case 'f':
      return fixed(doubleOf(value, 'fixed-point clause can only be used on doubles'), precision);
    case 'e':
      return scientific(doubleOf(value, 'scientific clause can only be used on doubles'), precision);
    case 'b':
      if (typeof value === 'boolean') return value ? '1' : '0';
      return integerOf(value, 'only integers and bools can be formatted as binary').toString(2);
    case 'o':
      return integerOf(value, 'octal clause can only be used on integers').toString(8);
    case 'x':
      return hexadecimal(value);
    case 'X':
      return hexadecimal(value).toUpperCase();
    default:
      throw new CelError(`could not parse formatting clause: unrecognized formatting clause "${clause}"`);
  }
}

function integerOf(value: Value, otherwise: string): bigint {
  if (typeof value === 'bigint') return value;
  if (value instanceof Uint) return value.value;
  throw new CelError(`error during formatting: ${otherwise}, was given ${typeNameOf(value)}`);
}

function doubleOf(value: Value, otherwise: string): number {
  if (typeof value === 'number') return value;
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  throw new CelError(`error during formatting: ${otherwise}, was given ${typeNameOf(value)}`);
}

function hexadecimal(value: Value): string {
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return integerOf(value, 'only integers, byte buffers, and strings can be formatted as hex').toString(16);
}

const special = (value: number): string | undefined =>
  Number.isNaN(value) ? 'NaN' : Number.isFinite(value) ? undefined : value > 0 ? '∞' : '-∞';

/** With the thousands apart, as English prints them. */
function fixed(value: number, precision: number): string {
  const [whole = '', fraction] = value.toFixed(precision).split('.');
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ',');
  return special(value) ?? (fraction === undefined ? grouped : `${grouped}.${fraction}`);
}

function scientific(value: number, precision: number): string {
  const [mantissa = '', exponent = '+0'] = value.toExponential(precision).split('e');
  const digits = exponent.slice(1).padStart(2, '0');
  return special(value) ?? `${mantissa}×10${superscript(`${exponent.startsWith('-') ? '-' : ''}${digits}`)}`;
}

const RAISED: Readonly<Record<string, string>> = {
  '-': '⁻',
  '0': '⁰',
  '1': '¹',
  '2': '²',
  '3': '³',
  '4': '⁴',
  '5': '⁵',
  '6': '⁶',
  '7': '⁷',
  '8': '⁸',
  '9': '⁹',
};
const superscript = (digits: string): string =>
  Array.from(digits)
    .map((digit) => RAISED[digit] ?? digit)
    .join('');

function textOf(value: Value): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formatDouble(value);
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatDuration(value);
  if (value instanceof TypeValue) return value.name;
  if (value instanceof CelList) return `[${value.items.map(nested).join(', ')}]`;
  if (isMap(value)) {
    const members = value.keys().map((key) => [nested(key), nested(value.get(key) ?? null)] as const);
    const sorted = members.sort(([one], [two]) => (one < two ? -1 : one > two ? 1 : 0));
    return `{${sorted.map(([key, member]) => `${key}:${member}`).join(', ')}}`;
  }
  throw new CelError(
    `error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given ${typeNameOf(value)}`,
  );
}

/** As `textOf`, written so that it could stand in an expression. */
function nested(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Uint8Array) return `b${JSON.stringify(textOf(value))}`;
  if (value instanceof Timestamp) return `timestamp(${JSON.stringify(textOf(value))})`;
  if (value instanceof Duration) return `duration(${JSON.stringify(textOf(value))})`;
  if (typeof value === 'number') return Number.isFinite(value) ? fixed(value, 6) : JSON.stringify(textOf(value));
  return textOf(value);
}
