// Keeps the number of Pods that have ended below a threshold: the oldest go first.
import { createController, watchOf } from '../../../../src/kube/controller.ts';
import { pods as podResource } from '../../../../src/kube/resources.ts';
import type { Pod } from '../../../../src/kube/resources.ts';
import type { Controller } from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';

/** terminated-pod-gc-threshold of kube-controller-manager, and how often it looks. */
export const THRESHOLD = 12_500;
const EVERY_MS = 20_000;

const hasEnded = (pod: Pod | undefined): boolean =>
  pod?.status?.phase === 'Succeeded' || pod?.status?.phase === 'Failed';
const isEvicted = (pod: Pod): boolean => (pod.status as { reason?: string } | undefined)?.reason === 'Evicted';

/** Those above the threshold: evicted ones first, then the oldest. Pure. */
export function surplusEnded(pods: readonly Pod[], threshold: number): Pod[] {
  const ended = pods.filter(hasEnded);
  if (ended.length <= threshold) return [];
  return ended
    .toSorted(
      (one, other) =>
        Number(isEvicted(other)) - Number(isEvicted(one)) ||
        (one.metadata.creationTimestamp ?? '').localeCompare(other.metadata.creationTimestamp ?? '') ||
        one.metadata.name.localeCompare(other.metadata.name),
    )
    .slice(0, ended.length - threshold);
}

export function createEndedPodCollector({ client, clock, logger, informers }: ControllerDeps): Controller {
  const state: { lookedAtMs: number | undefined } = { lookedAtMs: undefined };
  return createController({
    name: 'garbage-ended-pod',
    clock,
    logger,
    watches: [watchOf(informers.pods, ({ before, after }) => (hasEnded(after) && !hasEnded(before) ? ['ended'] : []))],
    reconcile: async () => {
      const next = (state.lookedAtMs ?? Number.NEGATIVE_INFINITY) + EVERY_MS - clock.monotonicMs();
      if (next > 0) return { requeueAfterMs: next };
      state.lookedAtMs = clock.monotonicMs();
      for (const { metadata } of surplusEnded(informers.pods.list(), THRESHOLD))
        await client.delete(podResource, metadata.name, {
          namespace: metadata.namespace ?? 'default',
          gracePeriodSeconds: 0,
          preconditions: { uid: metadata.uid ?? '' },
        });
      return undefined;
    },
  });
}
