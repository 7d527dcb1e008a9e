// Which parameter a misspelt one was meant to be, for the vpc service, which tells (facts, section 3.5: UnknownParameter.WithGuess).

/** Letters that may differ, capitals not counted. */
const MOST_CHANGES = 2;

/** The known name that is nearest; undefined when none is near. */
export function guessParameter(unknown: string, known: readonly string[]): string | undefined {
  const near = known
    .map((name) => ({ name, changes: changesBetween(unknown.toLowerCase(), name.toLowerCase()) }))
    .filter(({ changes }) => changes <= MOST_CHANGES)
    .toSorted((a, b) => a.changes - b.changes);
  return near[0]?.name;
}

/** Letters inserted, left out or replaced (Levenshtein). */
function changesBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, length) => length);
  for (const [index, letter] of Array.from(from).entries()) {
    const next = [index + 1];
    for (const [column, other] of Array.from(to).entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
