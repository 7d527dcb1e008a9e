// Text: cutting, joining and searching, by code points.
import type { Overload } from '../overload.ts';
import { declare } from '../overload.ts';
import type { Value } from '../values.ts';
import { CelError, CelList } from '../values.ts';
import { listTraversal, resultTraversal, traversal } from './costs.ts';
import { formatText } from './format.ts';

const outOfRange = (index: bigint): CelError => new CelError(`index out of range: ${index}`);
const runes = (text: Value): readonly string[] => Array.from(text as string);

function checkedIndex(index: Value, most: number): number {
  const value = index as bigint;
  if (value < 0n || value > BigInt(most)) throw outOfRange(value);
  return Number(value);
}

function charAt(text: Value, index: Value): string {
  const characters = runes(text);
  return characters[checkedIndex(index, characters.length)] ?? '';
}

const startsAt = (characters: readonly string[], part: readonly string[], at: number): boolean =>
  part.every((character, index) => characters[at + index] === character);

function indexOf(text: Value, part: Value, from: Value): bigint {
  const offset = from as bigint;
  if (offset < 0n) throw outOfRange(offset);
  const [characters, wanted] = [runes(text), runes(part)];
  if (wanted.length === 0) return offset > BigInt(characters.length) ? BigInt(characters.length) : offset;
  for (let at = Number(offset); at <= characters.length - wanted.length; at += 1)
    if (startsAt(characters, wanted, at)) return BigInt(at);
  return -1n;
}

function lastIndexOf(text: Value, part: Value, from: Value | undefined): bigint {
  const [characters, wanted] = [runes(text), runes(part)];
  if (from === undefined && (wanted.length === 0 || characters.length < wanted.length))
    return wanted.length === 0 ? BigInt(characters.length) : -1n;
  const offset = from === undefined ? BigInt(characters.length - 1) : (from as bigint);
  if (offset < 0n) throw outOfRange(offset);
  if (wanted.length === 0) return offset > BigInt(characters.length) ? BigInt(characters.length) : offset;
  if (offset >= BigInt(characters.length)) return -1n;
  for (let at = Math.min(Number(offset), characters.length - wanted.length); at >= 0; at -= 1)
    if (startsAt(characters, wanted, at)) return BigInt(at);
  return -1n;
}

function substring(text: Value, start: Value, end: Value | undefined): string {
  const characters = runes(text);
  if (end !== undefined && (start as bigint) > (end as bigint))
    throw new CelError(`invalid substring range. start: ${start as bigint}, end: ${end as bigint}`);
  const from = checkedIndex(start, characters.length);
  const to = end === undefined ? characters.length : checkedIndex(end, characters.length);
  return characters.slice(from, to).join('');
}

/** At most `limit` replacements; all of them when it is negative. An empty text is found before every character and at the end. */
function replace(text: string, old: string, replacement: string, limit: number): string {
  if (limit === 0 || old === replacement) return text;
  const parts = old === '' ? ['', ...Array.from(text), ''] : text.split(old);
  const most = limit < 0 ? parts.length : limit;
  return parts.reduce((made, part, index) => {
    if (index === 0) return part;
    const isCut = index <= most;
    return `${made}${isCut ? replacement : old}${part}`;
  }, '');
}

/** At most `limit` parts, the last of them uncut; all when it is negative. */
function split(text: string, separator: string, limit: number): CelList {
  if (limit === 0) return new CelList([]);
  const parts = separator === '' ? Array.from(text) : text.split(separator);
  if (limit < 0 || parts.length <= limit) return new CelList(parts);
  return new CelList([...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)]);
}

function join(list: Value, separator: string): string {
  return (list as CelList).items
    .map((item) => {
      if (typeof item !== 'string') throw new CelError('no such overload');
      return item;
    })
    .join(separator);
}

const ascii = (text: Value, change: (letters: string) => string): string =>
  (text as string).replaceAll(/[a-zA-Z]+/g, change);
/** White space as Unicode has it; a byte order mark is none. */
const trim = (text: string): string => text.replaceAll(/^[\p{White_Space}]+|[\p{White_Space}]+$/gu, '');

const QUOTED: ReadonlyMap<string, string> = new Map([
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
  ['\\', '\\\\'],
  ['"', '\\"'],
]);

const quote = (text: string): string =>
  `"${Array.from(text)
    .map((character) => QUOTED.get(character) ?? character)
    .join('')}"`;

const number = (value: Value): number => Number(value as bigint);

export const strings: readonly Overload[] = [
  declare('string.charAt(int) string', charAt),
  declare('string.indexOf(string) int', (text, part) => indexOf(text, part, 0n), listTraversal),
  declare('string.indexOf(string, int) int', indexOf, listTraversal),
  declare('string.lastIndexOf(string) int', (text, part) => lastIndexOf(text, part, undefined), listTraversal),
  declare('string.lastIndexOf(string, int) int', lastIndexOf, listTraversal),
  declare('string.lowerAscii() string', (text) => ascii(text, (letters) => letters.toLowerCase()), traversal()),
  declare('string.upperAscii() string', (text) => ascii(text, (letters) => letters.toUpperCase()), traversal()),
  declare(
    'string.replace(string, string) string',
    (text, old, made) => replace(text as string, old as string, made as string, -1),
    traversal(0, 2),
  ),
  declare(
    'string.replace(string, string, int) string',
    (text, old, made, limit) => replace(text as string, old as string, made as string, number(limit)),
    traversal(0, 2),
  ),
  declare(
    'string.split(string) list(string)',
    (text, separator) => split(text as string, separator as string, -1),
    traversal(0, 2),
  ),
  declare(
    'string.split(string, int) list(string)',
    (text, separator, limit) => split(text as string, separator as string, number(limit)),
    traversal(0, 2),
  ),
  declare('string.substring(int) string', (text, start) => substring(text, start, undefined), traversal()),
  declare('string.substring(int, int) string', substring, traversal()),
  declare('string.trim() string', (text) => trim(text as string), traversal()),
  declare('list(string).join() string', (list) => join(list, ''), resultTraversal(2)),
  declare('list(string).join(string) string', (list, separator) => join(list, separator as string), resultTraversal(2)),
  declare('strings.quote(string) string', (text) => quote(text as string), traversal()),
  declare(
    'string.format(list(dyn)) string',
    (text, args) => formatText(text as string, (args as CelList).items),
    traversal(),
  ),
];
