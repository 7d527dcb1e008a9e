// Whether this account may make sub-ENI calls at all: learnt from a refusal, asked again only after a long while.
import type { Clock } from '../base/clock.ts';

/** An account that is not allowed is not asked again before this (no storm of retries). */
export const ASK_AGAIN_MS = 600_000;

export interface SubEniPermission {
  /** The cloud's words, while it refuses; nothing when calls may be made. */
  refusal(): string | undefined;
  refused(message: string): void;
  granted(): void;
  onChange(listener: () => void): () => void;
}

/** Calls may be made until a refusal is told. */
export function createSubEniPermission(clock: Clock): SubEniPermission {
  const state: { message?: string; since: number } = { since: 0 };
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  return {
    refusal: () =>
      state.message !== undefined && clock.monotonicMs() - state.since < ASK_AGAIN_MS ? state.message : undefined,
    refused: (message) => {
      const news = state.message === undefined;
      state.message = message;
      state.since = clock.monotonicMs();
      clock.after(ASK_AGAIN_MS, tell);
      if (news) tell();
    },
    granted: () => {
      if (state.message === undefined) return;
      delete state.message;
      tell();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
