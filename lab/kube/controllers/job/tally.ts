// How many Pods of a Job have succeeded and failed, each counted exactly once however often one looks. Pure.
import type { Pod } from '../../../../src/kube/resources.ts';
import { isLeaving } from '../ownership.ts';
import { indexOf, readIndexes } from './indexes.ts';
import { isTracked } from './view.ts';
import type { Job } from './view.ts';

export interface Tally {
  /** With all that is known, written or not. */
  readonly succeeded: number;
  readonly failed: number;
  /** What the status is to say now. */
  readonly counted: { readonly succeeded: number; readonly failed: number };
  readonly uncounted: { readonly succeeded: readonly string[]; readonly failed: readonly string[] };
  /** Of an Indexed Job. */
  readonly completed: ReadonlySet<number>;
  /** Pods that the status has noted: their finalizer may go. */
  readonly release: readonly Pod[];
  /** Nothing is left to be counted. */
  readonly isSettled: boolean;
}

const phaseOf = (pod: Pod): string => pod.status?.phase ?? '';

/** A Pod that is deleted before it ended counts as failed, unless the Job waits for the end itself. */
export function hasFailed(job: Job, pod: Pod): boolean {
  if (phaseOf(pod) === 'Failed') return true;
  return job.spec.podReplacementPolicy !== 'Failed' && isLeaving(pod) && phaseOf(pod) !== 'Succeeded';
}

/**
 * Source: pkg/controller/job of Kubernetes 1.26 and later. A Pod that ended is first noted by uid, then loses its finalizer, then is counted:
 * its going in between can neither lose nor double it. `isOver`: the Job ends by failing, so that what has not ended counts as failed.
 */
export function tally(job: Job, pods: readonly Pod[], isOver: boolean): Tally {
  const { status = {} } = job;
  const noted = {
    succeeded: new Set(status.uncountedTerminatedPods?.succeeded),
    failed: new Set(status.uncountedTerminatedPods?.failed),
  };
  const tracked = new Map(pods.filter(isTracked).map((pod) => [pod.metadata.uid ?? '', pod]));
  const kept = {
    succeeded: [...noted.succeeded].filter((uid) => tracked.has(uid)),
    failed: [...noted.failed].filter((uid) => tracked.has(uid)),
  };
  const counted = {
    succeeded: (status.succeeded ?? 0) + noted.succeeded.size - kept.succeeded.length,
    failed: (status.failed ?? 0) + noted.failed.size - kept.failed.length,
  };
  const completions = job.spec.completionMode === 'Indexed' ? (job.spec.completions ?? 0) : 0;
  const written = readIndexes(status.completedIndexes, completions);
  const completed = new Set(written);
  const fresh = { succeeded: [] as string[], failed: [] as string[] };
  const release: Pod[] = [];
  for (const [uid, pod] of tracked) {
    if (noted.succeeded.has(uid) || noted.failed.has(uid)) {
      release.push(pod);
      continue;
    }
    if (phaseOf(pod) === 'Succeeded') {
      const index = indexOf(pod, completions);
      if (completions === 0) fresh.succeeded.push(uid);
      else if (index === undefined || written.has(index)) release.push(pod);
      else completed.add(index);
    } else if (hasFailed(job, pod) || isOver) fresh.failed.push(uid);
  }
  const uncounted = {
    succeeded: [...kept.succeeded, ...fresh.succeeded],
    failed: [...kept.failed, ...fresh.failed],
  };
  return {
    succeeded: completions > 0 ? completed.size : counted.succeeded + uncounted.succeeded.length,
    failed: counted.failed + uncounted.failed.length,
    counted: { ...counted, ...(completions > 0 ? { succeeded: completed.size } : {}) },
    uncounted,
    completed,
    release,
    isSettled: uncounted.succeeded.length + uncounted.failed.length === 0 && completed.size === written.size,
  };
}
