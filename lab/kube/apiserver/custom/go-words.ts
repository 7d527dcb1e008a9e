// Lists of words in Go's notation, as messages about definitions show them.
import { ShownValue } from '../field-error.ts';

/** `[]string{"a", "b"}`; none is nil. */
export const goWords = (words: readonly string[]): ShownValue =>
  new ShownValue(
    words.length === 0 ? '[]string(nil)' : `[]string{${words.map((word) => JSON.stringify(word)).join(', ')}}`,
  );
