// Regular expressions written for Go, as JavaScript reads them.

/** The expression, or `undefined` when it is none. Escapes that only Go allows are taken literally, as Go takes them. */
export function compilePattern(pattern: string): RegExp | undefined {
  for (const flags of ['u', '']) {
    try {
      return new RegExp(pattern, flags);
    } catch {
      // Tried again without the strictness about escapes.
    }
  }
  return undefined;
}
