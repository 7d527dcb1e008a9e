// Runs a Job's Pods to their end and counts them.
import { createController, ownKey, watchOf } from '../../../../src/kube/controller.ts';
import { isConflict, isNotFound } from '../../../../src/kube/api-error.ts';
import { createEventRecorder } from '../../../../src/kube/recorder.ts';
import { pods as podResource } from '../../../../src/kube/resources.ts';
import type { Pod } from '../../../../src/kube/resources.ts';
import type { Controller } from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';
import { keysOfOwner } from '../owner-keys.ts';
import { controllerOf } from '../ownership.ts';
import { createRecentCreations } from '../recent-creations.ts';
import { writeStatus } from '../status.ts';
import { planJob } from './plan.ts';
import type { JobEvent } from './plan.ts';
import { podOf } from './pod.ts';
import { finishedBy, isTracked, jobs, TRACKING_FINALIZER, unservedFields } from './view.ts';
import type { Job } from './view.ts';

const CONTROLLER = 'kubernetes.io/job-controller';

export function createJobController(deps: ControllerDeps): Controller {
  const { client, clock, logger, informers } = deps;
  const recorder = createEventRecorder({ client, component: 'job-controller', clock, logger });
  const recent = createRecentCreations(clock, informers.pods);
  const say = (job: Job, event: JobEvent): void => recorder.record({ regarding: job, ...event });

  const release = async (pod: Pod): Promise<void> => {
    const finalizers = (pod.metadata.finalizers ?? []).filter((finalizer) => finalizer !== TRACKING_FINALIZER);
    const { name, namespace = 'default', resourceVersion } = pod.metadata;
    try {
      const body = { metadata: { resourceVersion, finalizers } };
      await client.patch(podResource, name, { type: 'merge', body }, { namespace });
    } catch (error) {
      // A newer Pod is on its way to the cache, and brings us back.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  };
  const remove = async (job: Job, pod: Pod): Promise<void> => {
    const { name, namespace = 'default', uid = '' } = pod.metadata;
    await client.delete(podResource, name, { namespace, preconditions: { uid } });
    say(job, { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${name}` });
  };
  const create = async (job: Job, index: number | undefined): Promise<void> => {
    const namespace = job.metadata.namespace ?? 'default';
    try {
      const made = await client.create(podResource, podOf(job, index), { namespace });
      recent.add(job.metadata.uid ?? '', made.metadata.uid ?? '');
      say(job, { type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${made.metadata.name}` });
    } catch (error) {
      const message = `Error creating: ${error instanceof Error ? error.message : String(error)}`;
      say(job, { type: 'Warning', reason: 'FailedCreate', message });
      throw error;
    }
  };
  /** Pods of a Job that is gone, or of an older one of that name: nobody will count them. */
  const releaseOrphans = async (key: string, job: Job | undefined): Promise<void> => {
    for (const pod of informers.pods.byIndex('job', key))
      if (controllerOf(pod)?.uid !== job?.metadata.uid) await release(pod);
  };

  return createController({
    name: 'job',
    clock,
    logger,
    concurrency: 2,
    watches: [watchOf(informers.jobs, ownKey), watchOf(informers.pods, keysOfOwner('Job'))],
    reconcile: async (key) => {
      const job = informers.jobs.get(key);
      await releaseOrphans(key, job);
      if (job === undefined || (job.spec.managedBy !== undefined && job.spec.managedBy !== CONTROLLER))
        return undefined;
      const uid = job.metadata.uid ?? '';
      const own = informers.pods.byIndex('controller', uid);
      if (finishedBy(job) !== undefined) {
        for (const pod of own.filter(isTracked)) await release(pod);
        return undefined;
      }
      const unserved = unservedFields(job);
      if (unserved.length > 0) {
        const message = `the lab's Job controller does not act on ${unserved.map((field) => `spec.${field}`).join(', ')}; leave it out`;
        say(job, { type: 'Warning', reason: 'FailedCreate', message });
        return undefined;
      }
      const unseen = recent.unseen(uid, new Set(own.map((pod) => pod.metadata.uid ?? '')));
      const plan = planJob(job, own, unseen, clock.now());
      // Locked: counts that are made from an old status would count twice.
      const { succeeded = null, failed = null } = plan.status.uncountedTerminatedPods ?? {};
      const status = { ...plan.status, uncountedTerminatedPods: { succeeded, failed } };
      await writeStatus(client, jobs, job, status, 'locked');
      for (const event of plan.events) say(job, event);
      await Promise.all(plan.release.map(release));
      for (const pod of plan.discard) {
        if (isTracked(pod)) await release(pod);
        await remove(job, pod);
      }
      for (const pod of plan.remove) await remove(job, pod);
      await Promise.all(plan.create.map((index) => create(job, index)));
      return plan.requeueAfterMs === undefined ? undefined : { requeueAfterMs: plan.requeueAfterMs };
    },
  });
}
