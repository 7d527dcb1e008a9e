// What a controller looks at when it starts: everything that exists, each key once, and never more of them waiting than are taken soon.
import { errorText } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { keyOf } from './object-key.ts';
import type { WorkQueue } from './queue.ts';
import type { TurnGuard } from './turn.ts';
import type { ControllerWatch, Informer, InformerChange, KubeObject, ObjectKey } from './types.ts';

/** The usual key function: the changed object's own key. */
export const ownKey = (change: InformerChange<unknown>): readonly ObjectKey[] => [change.key];

export interface FirstLookOptions {
  /** Their informers are synced. */
  readonly watches: readonly ControllerWatch<KubeObject>[];
  readonly queue: WorkQueue;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly turn: TurnGuard;
}

/** Objects whose keys are computed between two looks at the turn, and at most in one: a hundred thousand would hold everything else up for seconds. */
const AT_ONCE = 100;
const PER_TURN = 2_000;
/** Keys that wait, beyond which no more are queued: a hundred thousand in each of several controllers would be as large as what they name. */
const MOST_WAITING = 1_000;

/**
 * Queues the keys of `existing`, the objects of one watch, behind everything live. Of a key that several watches name only one is queued, since a
 * look reads the caches as they are. Resolves when all are queued, or `signal` has aborted.
 */
export type FirstLook = (watch: ControllerWatch<KubeObject>, existing: readonly KubeObject[]) => Promise<void>;

/** For all watches of one controller; to be let go of when they are through. */
export function createFirstLook({ watches, queue, logger, signal, turn }: FirstLookOptions): FirstLook {
  const own = watches.filter(({ keys }) => keys === ownKey);
  const others = new Set<ObjectKey>();

  /** What a watch names by the keys of its own objects need not be remembered: it is in the informer. */
  const isQueuedElsewhere = (key: ObjectKey, watch: ControllerWatch<KubeObject>): boolean => {
    const owner = own.find(({ informer }) => informer.get(key) !== undefined);
    if (owner !== undefined) return owner !== watch;
    if (others.has(key)) return true;
    others.add(key);
    return false;
  };
  const queueKeys = (watch: ControllerWatch<KubeObject>, after: KubeObject): void => {
    const key = keyOf(after);
    try {
      for (const target of watch.keys({ type: 'added', key, after }))
        if (!isQueuedElsewhere(target, watch)) queue.add(target, 'initial');
    } catch (error) {
      // One object that a key function cannot read must not keep the controller from starting.
      logger.error({ key, error: errorText(error) }, 'keys of an object cannot be computed');
    }
  };
  return async (watch, existing) => {
    for (let first = 0; first < existing.length; first += AT_ONCE) {
      if (first > 0 && first % PER_TURN === 0) await new Promise<void>((resolve) => setImmediate(resolve));
      for (let room = queue.room(MOST_WAITING); room !== undefined; room = queue.room(MOST_WAITING)) await room;
      for (let ends = turn(); ends !== undefined; ends = turn()) await ends;
      if (signal.aborted) return;
      for (const after of existing.slice(first, first + AT_ONCE)) queueKeys(watch, after);
    }
  };
}

/** A watch whose objects are of some kind, whichever it is. */
export const anyWatch = (watch: ControllerWatch<never>): ControllerWatch<KubeObject> =>
  watch as unknown as ControllerWatch<KubeObject> & { readonly informer: Informer<KubeObject> };
