// The Accept header: its clauses in the order in which the client prefers them.

export interface AcceptClause {
  readonly type: string;
  readonly subtype: string;
  /** Without `q`. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/**
 * Clauses by falling quality; among equals wildcards come last, and otherwise the client's order holds. What is no media
 * range is left out; quality 0 is merely the least wanted, as with the parser that Kubernetes uses (goautoneg).
 */
export function parseAccept(header: string): readonly AcceptClause[] {
  return header
    .split(',')
    .flatMap((part) => clauseOf(part))
    .sort((left, right) => right.quality - left.quality || wildness(left) - wildness(right));
}

const wildness = ({ type, subtype }: AcceptClause): number => (type === '*' ? 2 : subtype === '*' ? 1 : 0);

function clauseOf(part: string): AcceptClause[] {
  const [range = '', ...given] = part.split(';').map((piece) => piece.trim());
  const [type = '', subtype = type === '*' ? '*' : '', extra] = range.split('/').map((word) => word.trim());
  if (type === '' || subtype === '' || extra !== undefined) return [];
  let quality = 1;
  const parameters = new Map<string, string>();
  for (const parameter of given) {
    const [name = '', value = '', more] = parameter.split('=').map((word) => word.trim());
    if (value === '' || more !== undefined) continue;
    if (name === 'q') quality = Number.parseFloat(value) || 0;
    else parameters.set(name, value);
  }
  return [{ type, subtype, parameters, quality }];
}
