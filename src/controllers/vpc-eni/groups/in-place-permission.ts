// Whether our role may replace the groups of an ENI by one call: not known before the first answer, tried again by one caller at a time.
import type { Clock } from '../../../base/clock.ts';

export interface InPlacePermission {
  state(): 'unknown' | 'granted' | 'denied';
  /** While it is denied one caller per interval is let through to try. */
  mayTry(): boolean;
  denied(): void;
  granted(): void;
  onChange(listener: () => void): () => void;
}

/** For people: what is missing, and whose it is. */
export const MISSING_ACTION =
  'not allowed to call vpc:ModifyNetworkInterfaceAttribute, which changing groups in place needs beyond spec 002: allow it in a CAM policy of role IPAMDofTKE_QCSRole';

/** Unknown. */
export function createInPlacePermission(clock: Clock, tryAgainMs: number): InPlacePermission {
  let state: ReturnType<InPlacePermission['state']> = 'unknown';
  let triedAtMs = 0;
  const listeners = new Set<() => void>();
  const become = (next: typeof state): void => {
    if (state === next) return;
    state = next;
    for (const listener of listeners) listener();
  };
  return {
    state: () => state,
    mayTry: () => {
      if (state !== 'denied') return true;
      if (clock.monotonicMs() - triedAtMs < tryAgainMs) return false;
      triedAtMs = clock.monotonicMs();
      return true;
    },
    denied: () => {
      triedAtMs = clock.monotonicMs();
      become('denied');
    },
    granted: () => become('granted'),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
