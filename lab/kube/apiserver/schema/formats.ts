// The string formats that a CustomResourceDefinition may ask for; a format that is not known is ignored.
import { isIP, isIPv6 } from 'node:net';
import { isCardNumber, isIsbn10, isIsbn13 } from './check-digits.ts';
import { isDuration } from './duration-format.ts';
import type { Schema } from './schema.ts';

const HEX_UUID = (third: string, fourth: string): RegExp =>
  new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${third}[0-9a-f]{3}-?${fourth}[0-9a-f]{3}-?[0-9a-f]{12}$`, 'i');
const HOSTNAME =
  /^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$/u;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/;
const OCTET = '\\s*(0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])\\s*';

/** By the name without dashes (`date-time` and `datetime` are one). */
const checks: ReadonlyMap<string, (value: string) => boolean> = new Map([
  ['bsonobjectid', (value) => /^[0-9a-fA-F]{24}$/.test(value)],
  ['uri', isRequestUri],
  ['email', isEmail],
  ['hostname', isHostname],
  ['ipv4', isIpv4],
  ['ipv6', (value) => isIPv6(value) && !value.includes('%')],
  ['cidr', isCidr],
  ['mac', isMac],
  ['uuid', (value) => HEX_UUID('[0-9a-f]', '[0-9a-f]').test(value)],
  ['uuid3', (value) => HEX_UUID('3', '[0-9a-f]').test(value)],
  ['uuid4', (value) => HEX_UUID('4', '[89ab]').test(value)],
  ['uuid5', (value) => HEX_UUID('5', '[89ab]').test(value)],
  ['isbn', (value) => isIsbn10(value) || isIsbn13(value)],
  ['isbn10', isIsbn10],
  ['isbn13', isIsbn13],
  ['creditcard', isCardNumber],
  ['ssn', (value) => value.length === 11 && /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(value)],
  ['hexcolor', (value) => /^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(value)],
  ['rgbcolor', (value) => new RegExp(`^rgb\\(${OCTET},${OCTET},${OCTET}\\)$`).test(value)],
  ['byte', (value) => BASE64.test(value)],
  ['password', () => true],
  ['date', isDate],
  ['duration', isDuration],
  ['datetime', isDateTime],
]);

const bare = (format: string): string => format.replaceAll('-', '');

/** The format that validation goes by; `undefined` for one it does not know. Numbers are not held to `int32` and the like before 1.36. */
export function effectiveFormat({ format }: Schema): string | undefined {
  return format !== undefined && checks.has(bare(format)) ? format : undefined;
}

/** Has `value` the format? A format that is not known has every value. */
export function hasFormat(format: string, value: string): boolean {
  return checks.get(bare(format))?.(value) ?? true;
}

function isRequestUri(value: string): boolean {
  if (value.startsWith('/')) return !/[\s\u007f]/.test(value);
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:(.+)$/.exec(value);
  return scheme !== null && !/[\s\u007f]/.test(value) && !/%(?![0-9A-Fa-f]{2})/.test(value);
}

/** An address alone, or one in angle brackets behind a name. */
function isEmail(value: string): boolean {
  const address = /^[^<>]*<([^<>]+)>$/.exec(value)?.[1] ?? value;
  return /^("[^"\\\r\n]+"|[^\s@<>()[\]\\,;:"]+)@([^\s@<>()[\]\\,;:".]+(\.[^\s@<>()[\]\\,;:".]+)*|\[[^\]]+\])$/.test(
    address.trim(),
  );
}

function isHostname(value: string): boolean {
  return HOSTNAME.test(value) && value.length <= 255 && value.split('.').every((part) => part.length <= 63);
}

/** Leading zeros are accepted, as they always were. */
const withoutLeadingZeros = (address: string): string => address.replaceAll(/(^|\.)0+(?=\d)/g, '$1');

function isIpv4(value: string): boolean {
  return value.includes('.') && isIP(withoutLeadingZeros(value)) !== 0;
}

function isCidr(value: string): boolean {
  const [address = '', bits = '', more] = value.split('/');
  const family = isIP(withoutLeadingZeros(address));
  return more === undefined && family !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

/** 6, 8 or 20 bytes, by colons or dashes in pairs or by dots in fours. */
function isMac(value: string): boolean {
  const bytes = /^([0-9a-f]{2})([:-])(?:[0-9a-f]{2}\2)*[0-9a-f]{2}$/i.test(value)
    ? (value.length + 1) / 3
    : /^[0-9a-f]{4}(\.[0-9a-f]{4})+$/i.test(value)
      ? ((value.length + 1) / 5) * 2
      : 0;
  return bytes === 6 || bytes === 8 || bytes === 20;
}

function isDate(value: string): boolean {
  const [, year = '', month = '', day = ''] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value) ?? [];
  if (year === '') return false;
  const date = new Date(Date.UTC(2000, Number(month) - 1, Number(day)));
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}

function isDateTime(value: string): boolean {
  const [date = '', time = ''] = value.toLowerCase().split('t');
  const [, hours = '', minutes = '', seconds = ''] =
    /^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$/.exec(time) ?? [];
  return isDate(date) && hours !== '' && hours <= '23' && minutes <= '59' && seconds <= '59';
}
