// What a Job's controller does next, and the status it tells. Pure.
import type { Pod } from '../../../../src/kube/resources.ts';
import { rfc3339 } from '../../../../src/kube/times.ts';
import { isActive, isLeaving, isReady } from '../ownership.ts';
import { failureBackoffMs } from './backoff.ts';
import { indexOf, missingIndexes, writeIndexes } from './indexes.ts';
import { hasFailed, tally } from './tally.ts';
import type { Job, JobCondition, JobStatus } from './view.ts';

export interface JobEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export interface JobPlan {
  readonly status: JobStatus;
  readonly events: readonly JobEvent[];
  /** Lose the finalizer: they are in the status. */
  readonly release: readonly Pod[];
  /** Deleted; those of `discard` lose the finalizer first, so that they count as nothing. */
  readonly remove: readonly Pod[];
  readonly discard: readonly Pod[];
  /** Pods to make; an entry is the index of an Indexed Job's Pod. */
  readonly create: readonly (number | undefined)[];
  readonly requeueAfterMs: number | undefined;
}

interface Ending {
  readonly type: 'Complete' | 'Failed';
  readonly reason?: string;
  readonly message?: string;
}

/**
 * Source: pkg/controller/job of Kubernetes 1.30. `unseen`: Pods made a moment ago that are not in `pods` yet. A Job that has ended is planned
 * until every Pod of it is counted; its conditions are written only then.
 */
export function planJob(job: Job, pods: readonly Pod[], unseen: number, now: Date): JobPlan {
  const { spec, status = {} } = job;
  const active = pods.filter(isActive);
  const suspended = spec.suspend === true;
  const startTime = status.startTime ?? (suspended ? undefined : rfc3339(now));
  const deadline = deadlineInMs(job, startTime, now);
  const before = tally(job, pods, false);
  const ending = endingOf(job, before, pods, active.length + unseen, deadline);
  const counts = ending?.type === 'Failed' ? tally(job, pods, true) : before;
  const work =
    ending === undefined && job.metadata.deletionTimestamp === undefined
      ? workOf(job, pods, counts, unseen, now)
      : { create: [], discard: [], waitMs: undefined };
  const events: JobEvent[] = [];
  let conditions = status.conditions ?? [];
  if (ending === undefined) conditions = withSuspension(conditions, suspended, rfc3339(now), events);
  else if (counts.isSettled) {
    conditions = [...conditions, newCondition({ ...ending, status: 'True' }, rfc3339(now))];
    events.push(
      ending.type === 'Complete'
        ? { type: 'Normal', reason: 'Completed', message: 'Job completed' }
        : { type: 'Warning', reason: ending.reason ?? '', message: ending.message ?? '' },
    );
  }
  const isResumed = events.some(({ reason }) => reason === 'Resumed');
  const isComplete = ending?.type === 'Complete' && counts.isSettled;
  const going = new Set([...work.discard, ...(ending === undefined ? [] : active)]);
  return {
    status: {
      ...(startTime === undefined ? {} : { startTime: isResumed ? rfc3339(now) : startTime }),
      active: active.length - going.size,
      ready: active.filter((pod) => !going.has(pod) && isReady(pod)).length,
      terminating: pods.filter((pod) => isLeaving(pod) && !hasEnded(pod)).length + going.size,
      ...counts.counted,
      ...(spec.completionMode === 'Indexed' ? { completedIndexes: writeIndexes(counts.completed) } : {}),
      uncountedTerminatedPods: {
        ...(counts.uncounted.succeeded.length === 0 ? {} : { succeeded: [...counts.uncounted.succeeded] }),
        ...(counts.uncounted.failed.length === 0 ? {} : { failed: [...counts.uncounted.failed] }),
      },
      ...(isComplete ? { completionTime: rfc3339(now) } : {}),
      conditions,
    },
    events,
    release: counts.release,
    remove: ending === undefined ? [] : active,
    discard: work.discard,
    create: work.create,
    requeueAfterMs: earliest(work.waitMs, ending === undefined ? deadline : undefined),
  };
}

const hasEnded = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

const earliest = (...waits: readonly (number | undefined)[]): number | undefined => {
  const known = waits.filter((wait): wait is number => wait !== undefined);
  return known.length === 0 ? undefined : Math.max(0, Math.min(...known));
};

/** How long the Job may still run: 0 or less when it has run too long. A suspended one does not run. */
function deadlineInMs({ spec }: Job, startTime: string | undefined, now: Date): number | undefined {
  if (spec.activeDeadlineSeconds === undefined || spec.suspend === true || startTime === undefined) return undefined;
  return Date.parse(startTime) + spec.activeDeadlineSeconds * 1000 - now.getTime();
}

function endingOf(
  job: Job,
  { succeeded, failed }: { readonly succeeded: number; readonly failed: number },
  pods: readonly Pod[],
  working: number,
  deadlineMs: number | undefined,
): Ending | undefined {
  const limit = job.spec.backoffLimit ?? 6;
  if (failed > limit || restartsReach(job, pods, limit))
    return { type: 'Failed', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
  if (deadlineMs !== undefined && deadlineMs <= 0)
    return { type: 'Failed', reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' };
  const isDone =
    job.spec.completions === undefined
      ? succeeded > 0 && working === 0
      : succeeded >= job.spec.completions && working === 0 && (job.spec.suspend !== true || succeeded > 0);
  return isDone ? { type: 'Complete' } : undefined;
}

/** With `OnFailure` the kubelet restarts containers in the Pod: their restarts count as failures. */
function restartsReach({ spec }: Job, pods: readonly Pod[], limit: number): boolean {
  if (spec.template.spec.restartPolicy !== 'OnFailure') return false;
  const restarts = pods
    .filter(({ status }) => status?.phase === 'Running' || status?.phase === 'Pending')
    .flatMap(({ status }) => [
      ...(status?.containerStatuses ?? []),
      ...((status as { initContainerStatuses?: unknown[] } | undefined)?.initContainerStatuses ?? []),
    ])
    .reduce<number>((sum, container) => sum + ((container as { restartCount?: number }).restartCount ?? 0), 0);
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

interface Work {
  readonly create: readonly (number | undefined)[];
  readonly discard: readonly Pod[];
  readonly waitMs: number | undefined;
}

function workOf(
  job: Job,
  pods: readonly Pod[],
  counts: { readonly succeeded: number; readonly completed: ReadonlySet<number> },
  unseen: number,
  now: Date,
): Work {
  const { spec } = job;
  const active = pods.filter(isActive);
  if (spec.suspend === true) return { create: [], discard: active, waitMs: undefined };
  const parallelism = spec.parallelism ?? 1;
  const working = active.length + unseen;
  const wanted =
    spec.completions === undefined
      ? counts.succeeded > 0
        ? working
        : parallelism
      : Math.max(0, Math.min(spec.completions - counts.succeeded, parallelism));
  const completions = spec.completionMode === 'Indexed' ? (spec.completions ?? 0) : 0;
  const surplus = surplusOf(active, Math.max(0, active.length - wanted), completions);
  if (surplus.length > 0) return { create: [], discard: surplus, waitMs: undefined };
  const leaving =
    spec.podReplacementPolicy === 'Failed' ? pods.filter((pod) => isLeaving(pod) && !hasEnded(pod)).length : 0;
  const count = wanted - working - leaving;
  if (count <= 0) return { create: [], discard: [], waitMs: undefined };
  const waitMs = failureBackoffMs(pods, (pod) => hasFailed(job, pod), now);
  if (waitMs > 0) return { create: [], discard: [], waitMs };
  if (completions === 0)
    return { create: Array.from({ length: count }, () => undefined), discard: [], waitMs: undefined };
  // Which indexes were made but are not shown yet is not known: one waits until they are.
  if (unseen > 0) return { create: [], discard: [], waitMs: undefined };
  const taken = new Set(active.map((pod) => indexOf(pod, completions)).filter((index) => index !== undefined));
  return { create: missingIndexes(completions, counts.completed, taken, count), discard: [], waitMs: undefined };
}

/** Those that have got least far go first; two Pods of one index are one too many. */
function surplusOf(active: readonly Pod[], count: number, completions: number): Pod[] {
  const seen = new Set<number>();
  const doubles =
    completions === 0
      ? []
      : active.filter((pod) => {
          const index = indexOf(pod, completions);
          if (index === undefined || seen.has(index)) return true;
          seen.add(index);
          return false;
        });
  const rank = (pod: Pod): number => (pod.spec.nodeName === undefined ? 0 : isReady(pod) ? 2 : 1);
  const rest = active
    .filter((pod) => !doubles.includes(pod))
    .toSorted(
      (one, other) =>
        rank(one) - rank(other) ||
        (other.metadata.creationTimestamp ?? '').localeCompare(one.metadata.creationTimestamp ?? ''),
    );
  return [...doubles, ...rest].slice(0, Math.max(count, doubles.length));
}

function newCondition(condition: Omit<JobCondition, 'lastProbeTime'>, now: string): JobCondition {
  return { lastProbeTime: now, lastTransitionTime: now, ...condition };
}

/** A Job that was never suspended has no such condition. */
function withSuspension(
  conditions: readonly JobCondition[],
  suspended: boolean,
  now: string,
  events: JobEvent[],
): JobCondition[] {
  const known = conditions.find(({ type }) => type === 'Suspended');
  const status = suspended ? 'True' : 'False';
  if (known === undefined ? !suspended : known.status === status) return [...conditions];
  const [reason, message] = suspended ? ['JobSuspended', 'Job suspended'] : ['JobResumed', 'Job resumed'];
  events.push({ type: 'Normal', reason: suspended ? 'Suspended' : 'Resumed', message });
  const condition = newCondition({ type: 'Suspended', status, reason, message }, now);
  return [...conditions.filter(({ type }) => type !== 'Suspended'), condition];
}
