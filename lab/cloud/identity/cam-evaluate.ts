// Decides whether policies let a call pass: a deny wins, an allow is needed, nothing else counts.
import type { PolicyStatement } from './cam-document.ts';

/** One thing a call wants to do: the CAM action and the resource in six parts. */
export interface Wish {
  readonly action: string;
  readonly resource: string;
}

/** True when some statement allows the wish and none denies it. Action names count without case (GUESS). */
export function isAllowed(statements: readonly PolicyStatement[], wish: Wish): boolean {
  const action = wish.action.toLowerCase();
  const matching = statements.filter(
    (statement) =>
      statement.actions.some((pattern) => matches(pattern, action)) &&
      statement.resources.some((pattern) => matchesResource(pattern, wish.resource)),
  );
  return matching.some(({ effect }) => effect === 'allow') && !matching.some(({ effect }) => effect === 'deny');
}

/** An empty part of the pattern (project, region, account) means any; `*` within a part means any text. */
function matchesResource(pattern: string, resource: string): boolean {
  if (pattern === '*') return true;
  const [wanted, given] = [sixParts(pattern), sixParts(resource)];
  return wanted.every((part, index) => part === '' || matches(part, given[index] ?? ''));
}

/** The last part keeps its own colons. */
function sixParts(name: string): readonly string[] {
  const parts = name.split(':');
  return [...parts.slice(0, 5), parts.slice(5).join(':')];
}

/** Stars first, so that no pattern can make a regular expression of its own. */
export function matches(pattern: string, text: string): boolean {
  if (!pattern.includes('*')) return pattern === text;
  const pieces = pattern.split('*');
  const [first = ''] = pieces;
  const last = pieces.at(-1) ?? '';
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > text.length - last.length) return false;
    at = found + piece.length;
  }
  return true;
}
