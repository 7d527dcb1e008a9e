// Applying a listed mutation to a source text.
import type { Mutation } from './parity-case.ts';

/** Throws unless `find` occurs exactly once and is changed. */
export function mutate(source: string, { file, find, replace }: Mutation): string {
  const occurrences = source.split(find).length - 1;
  if (occurrences !== 1)
    throw new Error(`the mutation of ${file} must match exactly once, not ${occurrences} times: ${find}`);
  if (find === replace) throw new Error(`the mutation of ${file} changes nothing: ${find}`);
  return source.replace(find, () => replace);
}
