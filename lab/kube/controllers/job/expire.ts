// Deletes a finished Job when its `ttlSecondsAfterFinished` is over.
import { createController, ownKey, watchOf } from '../../../../src/kube/controller.ts';
import type { Controller } from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';
import { finishedBy, jobs } from './view.ts';
import type { Job } from './view.ts';

/** How long the Job is still kept; 0 or less when it may go, `undefined` when it stays. Pure. */
export function keptForMs(job: Job, now: Date): number | undefined {
  const finished = finishedBy(job);
  const { ttlSecondsAfterFinished: seconds } = job.spec;
  if (finished === undefined || seconds === undefined || job.metadata.deletionTimestamp !== undefined) return undefined;
  return Date.parse(finished.lastTransitionTime ?? '') + seconds * 1000 - now.getTime();
}

export function createTtlController({ client, clock, logger, informers }: ControllerDeps): Controller {
  return createController({
    name: 'ttl-after-finished',
    clock,
    logger,
    watches: [watchOf(informers.jobs, ownKey)],
    reconcile: async (key) => {
      const job = informers.jobs.get(key);
      const left = job === undefined ? undefined : keptForMs(job, clock.now());
      if (job === undefined || left === undefined) return undefined;
      if (left > 0) return { requeueAfterMs: left };
      await client.delete(jobs, job.metadata.name, {
        namespace: job.metadata.namespace ?? 'default',
        propagationPolicy: 'Foreground',
        preconditions: { uid: job.metadata.uid ?? '' },
      });
      return undefined;
    },
  });
}
