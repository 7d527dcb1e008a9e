// Client tokens: the same token with the same body gives the first answer again (facts, section 20.7).
import type { Clock } from '../../src/base/clock.ts';
import { ApiError } from './api-error.ts';

export interface ClientTokens {
  /**
   * Runs `first` once per action and token. A repeat gets the first answer with its RequestId; the same token with another body
   * throws IdempotentParameterMismatch, one whose first call still runs IdempotentProcessing. A failed call is forgotten.
   */
  once(action: string, token: string, body: object, first: () => Promise<object>): Promise<object>;
  /** Those whose first call has answered and that are remembered still. */
  save(): readonly SavedToken[];
  restore(saved: readonly SavedToken[]): void;
}

export interface SavedToken {
  /** `ACTION/TOKEN`. */
  readonly key: string;
  /** Of the call, as JSON with sorted keys. */
  readonly body: string;
  readonly ageMs: number;
  readonly answer: Readonly<Record<string, unknown>>;
}

/** GUESS: how long a token is remembered is not documented; the setting `clientTokenLifeMs` decides. */
const REMEMBERED_MS = 24 * 3_600_000;
const MAX_LENGTH = 64;

interface Remembered {
  readonly body: string;
  readonly at: number;
  answer: object | undefined;
}

export function createClientTokens(clock: Clock, rememberedMs = REMEMBERED_MS): ClientTokens {
  const remembered = new Map<string, Remembered>();
  return {
    once: async (action, token, body, first) => {
      if (token.length > MAX_LENGTH || !/^[\x20-\x7e]+$/.test(token))
        throw new ApiError('InvalidParameterValue', `ClientToken must be 1 to ${MAX_LENGTH} ASCII characters`);
      const key = `${action}/${token}`;
      const text = canonical(body);
      const known = remembered.get(key);
      if (known !== undefined && clock.monotonicMs() - known.at < rememberedMs) {
        if (known.body !== text)
          throw new ApiError(
            'UnsupportedOperation.IdempotentParameterMismatch',
            `ClientToken ${token} was used with other parameters`,
          );
        if (known.answer === undefined)
          throw new ApiError(
            'UnsupportedOperation.IdempotentProcessing',
            `the first call with ClientToken ${token} still runs`,
          );
        return known.answer;
      }
      const entry: Remembered = { body: text, at: clock.monotonicMs(), answer: undefined };
      remembered.set(key, entry);
      try {
        entry.answer = await first();
        return entry.answer;
      } catch (error) {
        remembered.delete(key);
        throw error;
      }
    },
    save: () => {
      const now = clock.monotonicMs();
      return [...remembered].flatMap(([key, { answer, at, body }]) =>
        answer === undefined || now - at >= rememberedMs ? [] : [{ key, body, ageMs: now - at, answer: { ...answer } }],
      );
    },
    restore: (saved) => {
      remembered.clear();
      for (const { ageMs, key, ...token } of saved) remembered.set(key, { ...token, at: clock.monotonicMs() - ageMs });
    },
  };
}

/** JSON with sorted keys, so that only a difference in content counts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
