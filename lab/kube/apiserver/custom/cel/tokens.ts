// The words of a CEL expression.

export type Token =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'name'; readonly value: string }
  | { readonly kind: 'symbol'; readonly value: string };

/** A fault in the text of an expression. */
export class CelSyntaxError extends Error {}

const PATTERNS: readonly [Token['kind'], RegExp][] = [
  ['number', /^\d+(\.\d+)?([eE][+-]?\d+)?/],
  ['string', /^(r?)("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')/],
  ['name', /^[A-Za-z_]\w*/],
  ['symbol', /^(&&|\|\||==|!=|<=|>=|[-+*/%!<>()[\].,?:])/],
];

/** Splits an expression. Throws CelSyntaxError at the first character that begins no token. */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let rest = text.trimStart();
  while (rest !== '') {
    const found = PATTERNS.map(([kind, pattern]) => ({ kind, match: pattern.exec(rest) })).filter(
      ({ match }) => match !== null,
    );
    // A raw string begins like a name.
    const best = found.find(({ kind }) => kind === 'string') ?? found[0];
    if (best === undefined || best.match === null)
      throw new CelSyntaxError(`unexpected character at ${JSON.stringify(rest.slice(0, 12))}`);
    tokens.push(tokenOf(best.kind, best.match));
    rest = rest.slice(best.match[0].length).trimStart();
  }
  return tokens;
}

function tokenOf(kind: Token['kind'], match: RegExpExecArray): Token {
  const [whole] = match;
  switch (kind) {
    case 'number':
      return { kind, value: Number(whole) };
    case 'string': {
      const body = (match[2] ?? '').slice(1, -1);
      return { kind, value: match[1] === 'r' ? body : unescape(body) };
    }
    case 'name':
    case 'symbol':
      return { kind, value: whole };
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  '"': '"',
  "'": "'",
  '`': '`',
  '?': '?',
};

function unescape(body: string): string {
  return body.replaceAll(/\\(u[0-9a-fA-F]{4}|.)/g, (_whole, escape: string) => {
    if (escape.length === 5) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    const plain = ESCAPES[escape];
    if (plain === undefined) throw new CelSyntaxError(`unknown escape \\${escape}`);
    return plain;
  });
}
