// The `duration` format: Go's own notation, or amounts with the names of units.

const GO = /^[+-]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))*$/;
/** The last name of a unit may be the beginning of a longer word (`seconds`). */
const UNITS: readonly (readonly string[])[] = [
  ['ns', 'nano'],
  ['us', 'µs', 'micro'],
  ['ms', 'milli'],
  ['s', 'sec'],
  ['m', 'min'],
  ['h', 'hr', 'hour'],
  ['d', 'day'],
  ['w', 'wk', 'week'],
];

/** `1h30m`, `0`, `3 days`. One amount that is understood is enough. */
export function isDuration(text: string): boolean {
  if (/^[+-]?0$/.test(text) || GO.test(text)) return true;
  for (const [, , , word = ''] of text.matchAll(/((\d+)\s*([A-Za-zµ]+))/g)) {
    const unit = word.toLowerCase();
    if (UNITS.some((names) => names.includes(unit) || unit.startsWith(names.at(-1) ?? unit))) return true;
  }
  return false;
}
