// For tests: candidates over one in-memory lease and one clock.
import { createFakeClock, type FakeClock } from '../../../test/fake-clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { createElector, type ElectorOptions } from '../elector.ts';
import type { Lease } from '../resources.ts';
import type { Elector } from '../types.ts';
import { createMemoryObjects, type MemoryObjects } from './memory-objects.ts';

export const LEASE_KEY = 'kube-system/ipamd';

/** One candidate and what became of it. */
export interface Standing {
  readonly elector: Elector;
  readonly stop: AbortController;
  readonly state: { acquiredAtMs?: number; ended?: unknown };
  readonly ended: Promise<unknown>;
}

export interface Election {
  readonly clock: FakeClock;
  readonly memory: MemoryObjects;
  /** A candidate with a call time-out of 5 s. */
  readonly stand: (identity: string, options?: Partial<ElectorOptions>) => Standing;
  readonly lease: () => Lease;
  readonly holder: () => string | undefined;
  /** Puts a record as another process may have left it. */
  readonly leave: (spec: NonNullable<Lease['spec']>, metadata?: Partial<Lease['metadata']>) => void;
}

/** As if the server, or the process that asks it, were frozen. */
export const hang = (): Promise<never> => new Promise(() => undefined);

export function createElection(): Election {
  const clock = createFakeClock();
  const memory = createMemoryObjects();
  const lease = (): Lease => memory.objects.get(LEASE_KEY) as Lease;
  return {
    clock,
    memory,
    lease,
    holder: () => lease().spec?.holderIdentity,
    leave: (spec, metadata = {}) => {
      const object: Lease = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { namespace: 'kube-system', name: 'ipamd', ...metadata },
        spec,
      };
      memory.put(object);
    },
    stand: (identity, options = {}) => {
      const elector = createElector({
        client: memory.client,
        clock,
        logger: silentLogger,
        identity,
        name: 'ipamd',
        callTimeoutMs: 5_000,
        ...options,
      });
      const stop = new AbortController();
      const state: Standing['state'] = {};
      elector.acquired(stop.signal).then(
        () => (state.acquiredAtMs = clock.monotonicMs()),
        () => undefined,
      );
      const ended = elector.run(stop.signal).then(
        () => (state.ended = 'stopped'),
        (error: unknown) => (state.ended = error),
      );
      return { elector, stop, state, ended };
    },
  };
}
