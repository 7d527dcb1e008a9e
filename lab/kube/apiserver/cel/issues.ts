// Faults of an expression as cel-go prints them: position, message, the line, and a mark under the place.

export interface Issue {
  /** UTF-16 offset into the expression. */
  readonly at: number;
  readonly message: string;
}

/** Thrown within this folder for a fault that the grammar leaves to later, such as a macro without a variable. */
export class ExpressionFault extends Error {
  readonly issue: Issue;
  constructor(issue: Issue) {
    super(issue.message);
    this.issue = issue;
  }
}

/** Longest line that is printed below a message. */
const LONGEST_SNIPPET = 16_384;

/** All faults in the order of their places, one below the other. */
export function formatIssues(source: string, issues: readonly Issue[]): string {
  return [...issues]
    .sort((one, two) => one.at - two.at)
    .map((issue) => formatIssue(source, issue))
    .join('\n');
}

function formatIssue(source: string, { at, message }: Issue): string {
  const before = source.slice(0, at).split('\n');
  const column = Array.from(before.at(-1) ?? '').length;
  const line = source.split('\n')[before.length - 1] ?? '';
  const head = `ERROR: <input>:${before.length}:${column + 1}: ${message}`;
  const characters = Array.from(line.replaceAll('\t', ' '));
  if (characters.length > LONGEST_SNIPPET) return head;
  const wide = (character: string | undefined): boolean => character !== undefined && character.charCodeAt(0) > 0x7f;
  const dots = characters
    .slice(0, column)
    .map((character) => (wide(character) ? '\uff0e' : '.'))
    .join('');
  return `${head}\n | ${characters.join('')}\n | ${dots}${wide(characters[column]) ? '\uff3e' : '^'}`;
}
