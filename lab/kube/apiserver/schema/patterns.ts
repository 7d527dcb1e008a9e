// Regular expressions written for Go (RE2), as JavaScript reads them.

const POSIX: ReadonlyMap<string, string> = new Map([
  ['alnum', '0-9A-Za-z'],
  ['alpha', 'A-Za-z'],
  ['ascii', '\\x00-\\x7F'],
  ['blank', '\\t '],
  ['cntrl', '\\x00-\\x1F\\x7F'],
  ['digit', '0-9'],
  ['graph', '!-~'],
  ['lower', 'a-z'],
  ['print', ' -~'],
  ['punct', '!-\\/:-@\\[-`{-~'],
  ['space', '\\t\\n\\v\\f\\r '],
  ['upper', 'A-Z'],
  ['word', '0-9A-Za-z_'],
  ['xdigit', '0-9A-Fa-f'],
]);

/** What only JavaScript has: looking around and back references. Go refuses them. */
const FOREIGN = /^\((?:\?[=!]|\?<[=!])|^\\(?:[1-9]|k<)/;
/** Escapes of punctuation that JavaScript takes as they are. */
const SYNTAX = '^$\\.*+?()[]{}|/';

/** The expression, or `undefined` when Go would refuse it. */
export function compilePattern(pattern: string): RegExp | undefined {
  const leading = /^\(\?([ims]+)\)/.exec(pattern);
  const flags = leading?.[1] ?? '';
  const source = translated(leading === null ? pattern : pattern.slice(leading[0].length));
  if (source === undefined) return undefined;
  try {
    return new RegExp(source, `u${[...new Set(flags)].join('')}`);
  } catch {
    return undefined;
  }
}

/** The pattern piece by piece; `undefined` for a construct that Go does not have. */
function translated(pattern: string): string | undefined {
  let made = '';
  let inClass = false;
  let rest = pattern;
  while (rest !== '') {
    const piece: Piece | undefined = inClass ? pieceOfClass(rest) : pieceOutside(rest);
    if (piece === undefined) return undefined;
    made += piece.text;
    inClass = piece.inClass;
    rest = rest.slice(piece.length);
  }
  return made;
}

interface Piece {
  readonly text: string;
  /** Characters of the pattern that the piece stands for. */
  readonly length: number;
  /** Does a character class go on behind the piece? */
  readonly inClass: boolean;
}

function pieceOutside(rest: string): Piece | undefined {
  if (FOREIGN.test(rest)) return undefined;
  const quoted = /^\\Q([\s\S]*?)(?:\\E|$)/.exec(rest);
  if (quoted !== null)
    return {
      text: (quoted[1] ?? '').replaceAll(/[\^$\\.*+?()[\]{}|/]/g, '\\$&'),
      length: quoted[0].length,
      inClass: false,
    };
  const named = /^\(\?P</.exec(rest);
  if (named !== null) return { text: '(?<', length: 4, inClass: false };
  const anchor = /^\\[Az]/.exec(rest);
  if (anchor !== null) return { text: rest[1] === 'A' ? '(?<![\\s\\S])' : '(?![\\s\\S])', length: 2, inClass: false };
  const open = /^\[\^?\]?/.exec(rest);
  if (open !== null) {
    // Right behind the opening bracket, a closing one is an ordinary character.
    return { text: open[0].replace(/\]$/, '\\]'), length: open[0].length, inClass: true };
  }
  const escape = escaped(rest);
  if (escape !== undefined) return { ...escape, inClass: false };
  // A brace that begins no repetition, and a lone closing one, are ordinary characters in Go.
  if (/^\{(?!\d+(,\d*)?\})|^\}/.test(rest)) return { text: `\\${rest[0]}`, length: 1, inClass: false };
  const repetition = /^\{\d+(,\d*)?\}/.exec(rest)?.[0] ?? '';
  if (repetition !== '') return { text: repetition, length: repetition.length, inClass: false };
  return { text: String.fromCodePoint(rest.codePointAt(0) ?? 0), length: widthOf(rest), inClass: false };
}

function pieceOfClass(rest: string): Piece | undefined {
  const posix = /^\[:(\^?)(\w+):\]/.exec(rest);
  if (posix !== null) {
    const [whole, negated, name = ''] = posix;
    const members = POSIX.get(name);
    return members === undefined || negated !== '' ? undefined : { text: members, length: whole.length, inClass: true };
  }
  if (rest.startsWith(']')) return { text: ']', length: 1, inClass: false };
  if (rest.startsWith('[')) return { text: '\\[', length: 1, inClass: true };
  const escape = escaped(rest);
  if (escape !== undefined) return { ...escape, inClass: true };
  return { text: String.fromCodePoint(rest.codePointAt(0) ?? 0), length: widthOf(rest), inClass: true };
}

function escaped(rest: string): { text: string; length: number } | undefined {
  if (!rest.startsWith('\\')) return undefined;
  const single = /^\\([pP])([A-Z])/.exec(rest);
  if (single !== null) return { text: `\\${single[1]}{${single[2]}}`, length: 3 };
  const long = /^\\(?:[pP]\{[^}]*\}|x\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{2}|[0-7]{2,3})/.exec(rest)?.[0];
  if (long !== undefined) {
    if (long.startsWith('\\x{')) return { text: `\\u${long.slice(2)}`, length: long.length };
    if (/^\\[0-7]/.test(long))
      return { text: `\\u{${Number.parseInt(long.slice(1), 8).toString(16)}}`, length: long.length };
    return { text: scriptNamed(long), length: long.length };
  }
  const character = rest[1] ?? '';
  if (character === 'a') return { text: '\\x07', length: 2 };
  if (/[a-zA-Z0-9]/.test(character)) return { text: `\\${character}`, length: 2 };
  const keeps = SYNTAX.includes(character) || character === '-';
  return { text: keeps ? hyphenSafe(character) : character, length: 2 };
}

/** Go names scripts bare (`\p{Greek}`); general categories are named alike. */
const scriptNamed = (escape: string): string => escape.replace(/\{(\^?)([A-Z][a-z]{2,}\w*)\}/, '{Script=$2}');

/** A hyphen may be escaped inside a class only; as a code point it is right anywhere. */
const hyphenSafe = (character: string): string => (character === '-' ? '\\u{2d}' : `\\${character}`);

const widthOf = (rest: string): number => ((rest.codePointAt(0) ?? 0) > 0xffff ? 2 : 1);

/** Why Go refuses a pattern, in its words; `undefined` when it takes it. */
export function patternFault(pattern: string): string | undefined {
  if (compilePattern(pattern) !== undefined) return undefined;
  return `error parsing regexp: ${reasonOf(pattern)}`;
}

function reasonOf(pattern: string): string {
  let depth = 0;
  for (let rest = pattern; rest !== ''; ) {
    const foreign = FOREIGN.exec(rest)?.[0];
    if (foreign !== undefined)
      return foreign.startsWith('\\')
        ? `invalid escape sequence: \`${foreign}\``
        : `invalid or unsupported Perl syntax: \`${foreign}\``;
    const closed = /^\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]/.exec(rest)?.[0];
    if (rest.startsWith('[') && closed === undefined) return `missing closing ]: \`${rest}\``;
    if (rest === '\\') return 'trailing backslash at end of expression: ``';
    if (rest.startsWith('(')) depth += 1;
    else if (rest.startsWith(')')) depth -= 1;
    if (depth < 0) return `unexpected ): \`${pattern}\``;
    if (rest === pattern && /^[*+?]/.test(rest)) return `missing argument to repetition operator: \`${rest[0]}\``;
    const width = closed?.length ?? (rest.startsWith('\\') ? 2 : 1);
    rest = rest.slice(width);
  }
  return depth > 0 ? `missing closing ): \`${pattern}\`` : `invalid or unsupported syntax: \`${pattern}\``;
}
