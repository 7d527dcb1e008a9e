// What `npm test` could not run here, by name: a line per suite of which nothing ran, and per test that was left out alone.
export interface TestOfReport {
  /** From the outermost suite inwards. */
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: string;
}

const DID_NOT_RUN: ReadonlySet<string> = new Set(['skipped', 'pending', 'todo', 'disabled']);

/** What a suite that ran left out, as its own title says. */
const IN_PART = /\(unavailable: [^)]+\)/;

/** The names of one file in its order; a suite stands for everything in it, with how many tests that is. */
export function namesOfSkipped(tests: readonly TestOfReport[]): readonly string[] {
  const inPart = new Set(tests.flatMap((test) => test.ancestorTitles.filter((title) => IN_PART.test(title))));
  const ran = new Set(tests.flatMap((test) => (DID_NOT_RUN.has(test.status) ? [] : pathsOf(test))));
  const counts = new Map<string, number>();
  for (const test of tests) {
    if (!DID_NOT_RUN.has(test.status)) continue;
    const outermost = pathsOf(test).find((path) => !ran.has(path)) ?? test.title;
    counts.set(outermost, (counts.get(outermost) ?? 0) + 1);
  }
  const whole = [...counts].map(([path, count]) => (count === 1 ? path : `${path} (${count} tests)`));
  return [...whole, ...[...inPart].filter((title) => !whole.some((path) => path.includes(title)))];
}

/** The suites around a test and the test itself, each with what is around it. */
const pathsOf = ({ ancestorTitles, title }: TestOfReport): readonly string[] => {
  const titles = [...ancestorTitles, title];
  return titles.map((_, at) => titles.slice(0, at + 1).join(' > '));
};
