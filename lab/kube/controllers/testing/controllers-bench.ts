// For tests: an embedded API with all controllers, and somebody who plays the kubelet for Pods that are on no node.
import { systemClock } from '../../../../src/base/clock.ts';
import type { Clock } from '../../../../src/base/clock.ts';
import { silentLogger } from '../../../../src/base/logger.ts';
import { isNotFound } from '../../../../src/kube/api-error.ts';
import { runManager } from '../../../../src/kube/manager.ts';
import { pods } from '../../../../src/kube/resources.ts';
import type { Pod } from '../../../../src/kube/resources.ts';
import type { KubeClient } from '../../../../src/kube/types.ts';
import { startApiBench } from '../../testing/api-bench.ts';
import type { ControllerDeps } from '../deps.ts';
import { createLabControllers } from '../index.ts';

export interface ControllersBench {
  readonly client: KubeClient;
  /** What the controllers see. */
  readonly informers: ControllerDeps['informers'];
  /** Resolves once what the controllers see holds; asked at each of their Pods, nodes and leases that changes. */
  settled(holds: () => boolean): Promise<void>;
  readonly close: () => Promise<void>;
}

/** What the player writes for a Pod that is new; `undefined` leaves it as it is. */
export type Play = (pod: Pod) => Pod['status'] | undefined;

export const now = (): string => new Date().toISOString().replace(/\.\d+Z$/, 'Z');

export const ready = (): Pod['status'] => ({
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: now() }],
});

export const ended = (phase: 'Succeeded' | 'Failed'): Pod['status'] => ({ phase, conditions: [] });

/** Everything on a free port of loopback; the controllers go by `clock`, the API by real time. */
export async function startControllersBench(play: Play = ready, clock: Clock = systemClock): Promise<ControllersBench> {
  const bench = await startApiBench();
  const { client } = bench;
  const logger = silentLogger;
  const stop = new AbortController();
  const made = createLabControllers({ client, clock, logger, caPem: '' });
  const running = runManager({ ...made, clock, logger, signal: stop.signal });
  const writing = new Set<Promise<unknown>>();
  made.deps.informers.pods.onChange(({ after }) => {
    if (after === undefined || (after.status?.phase ?? 'Pending') !== 'Pending') return;
    if (after.metadata.deletionTimestamp !== undefined) return;
    const status = play(after);
    if (status === undefined) return;
    const work = setPodStatus(client, after, status)
      .catch(() => undefined)
      .finally(() => writing.delete(work));
    writing.add(work);
  });
  const { informers } = made.deps;
  return {
    client,
    informers,
    settled: (holds) =>
      new Promise((resolve) => {
        const stops: (() => void)[] = [];
        const look = (): void => {
          if (!holds()) return;
          for (const end of stops) end();
          resolve();
        };
        stops.push(informers.pods.onChange(look), informers.nodes.onChange(look), informers.leases.onChange(look));
        look();
      }),
    close: async () => {
      stop.abort();
      await running;
      await Promise.all(writing);
      await bench.close();
    },
  };
}

/** Writes a Pod's status as its kubelet would; one that is gone is fine. */
export async function setPodStatus(client: KubeClient, pod: Pod, status: Pod['status']): Promise<void> {
  const { name, namespace = 'default', uid } = pod.metadata;
  try {
    await client.patch(
      pods,
      name,
      { type: 'merge', body: { metadata: { uid }, status } },
      { namespace, subresource: 'status' },
    );
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
