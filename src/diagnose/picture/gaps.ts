// Reading that may fail in part: what could not be read becomes a gap with its reason, and the rest goes on.
import { errorText, TrunklineError } from '../../base/errors.ts';
import type { Gap } from './picture.ts';

export interface GapKeeper {
  readonly gaps: readonly Gap[];
  /** The answer of `read`, or `fallback` and a gap. An aborted signal is thrown on. */
  attempt<T>(what: string, read: () => Promise<T>, fallback: T): Promise<T>;
  note(what: string, why: string): void;
}

export function keepGaps(signal?: AbortSignal): GapKeeper {
  const gaps: Gap[] = [];
  return {
    gaps,
    attempt: async (what, read, fallback) => {
      try {
        return await read();
      } catch (error) {
        signal?.throwIfAborted();
        gaps.push({ what, why: reasonOf(error) });
        return fallback;
      }
    },
    note: (what, why) => void gaps.push({ what, why }),
  };
}

/** The message and, from the catalogue, what would help. */
function reasonOf(error: unknown): string {
  if (!(error instanceof TrunklineError)) return errorText(error);
  return `${error.message} (${error.code}: ${error.entry.cure})`;
}
