// VLAN ids of one trunk: 1 to 4094, each resting a while after use so that late frames meet nobody new.
import type { Clock } from '../../src/base/clock.ts';

export interface VlanIds {
  /** Undefined when every id is used or resting. */
  take(): number | undefined;
  release(vlanId: number): void;
  save(): SavedVlanIds;
  restore(saved: SavedVlanIds): void;
}

export interface SavedVlanIds {
  readonly used: readonly number[];
  /** Ids with the milliseconds that they still rest. */
  readonly resting: readonly [number, number][];
  readonly cursor: number;
}

const HIGHEST = 4094;

/** GUESS: that the cloud rests ids; `restMs` 0 hands them out at once. */
export function createVlanIds(clock: Clock, restMs: number): VlanIds {
  const used = new Set<number>();
  const restingUntil = new Map<number, number>();
  let cursor = 0;
  return {
    take: () => {
      for (let tries = 0; tries < HIGHEST; tries += 1) {
        const id = (cursor % HIGHEST) + 1;
        cursor += 1;
        if (used.has(id) || (restingUntil.get(id) ?? 0) > clock.monotonicMs()) continue;
        used.add(id);
        restingUntil.delete(id);
        return id;
      }
      return undefined;
    },
    release: (vlanId) => {
      if (used.delete(vlanId)) restingUntil.set(vlanId, clock.monotonicMs() + restMs);
    },
    save: () => {
      const now = clock.monotonicMs();
      const resting = [...restingUntil]
        .filter(([, until]) => until > now)
        .map(([id, until]) => [id, until - now] as [number, number]);
      return { used: [...used], resting, cursor };
    },
    restore: (saved) => {
      used.clear();
      restingUntil.clear();
      for (const id of saved.used) used.add(id);
      for (const [id, leftMs] of saved.resting) restingUntil.set(id, clock.monotonicMs() + leftMs);
      cursor = saved.cursor;
    },
  };
}
