// The status of a Deployment: counts, and the conditions that `kubectl rollout status` waits for. Pure.
import { rfc3339 } from '../../../../src/kube/times.ts';
import type { Deployment, ReplicaSet, WorkloadCondition } from '../views.ts';
import { desiredOf, limitsOf, sizeOf } from './plan.ts';

type Status = NonNullable<Deployment['status']>;

export interface Progress {
  readonly status: Status;
  /** When the deadline of the rollout passes, if it runs. */
  readonly requeueAfterMs: number | undefined;
}

/** No deadline: the largest int32, as clients of old API versions write it. */
const NO_DEADLINE = 2 ** 31 - 1;

/** Source: pkg/controller/deployment/progress.go. */
export function progressOf(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  now: Date,
): Progress {
  const counted = countsOf(deployment, current, old);
  const before = deployment.status ?? {};
  let conditions = withAvailability(deployment, before.conditions ?? [], counted, now);
  const deadline = deployment.spec.progressDeadlineSeconds;
  const failure = current?.status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
  conditions = conditions.filter(({ type }) => type !== 'ReplicaFailure');
  if (failure !== undefined) conditions = [...conditions, { lastUpdateTime: rfc3339(now), ...failure }];
  if (deadline === undefined || deadline === NO_DEADLINE)
    return {
      status: { ...counted, conditions: conditions.filter(({ type }) => type !== 'Progressing') },
      requeueAfterMs: undefined,
    };
  if (deployment.spec.paused === true)
    return { status: { ...counted, conditions: paused(conditions, now) }, requeueAfterMs: undefined };
  conditions = resumed(conditions, now);
  const known = conditions.find(({ type }) => type === 'Progressing');
  const wasComplete = counted.replicas === counted.updatedReplicas && known?.reason === 'NewReplicaSetAvailable';
  const name =
    current === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${current.metadata.name}"`;
  if (!wasComplete) {
    if (isComplete(deployment, counted))
      conditions = replace(conditions, ['True', 'NewReplicaSetAvailable', `${name} has successfully progressed.`], now);
    else if (hasProgressed(before, counted))
      conditions = replace(conditions, ['True', 'ReplicaSetUpdated', `${name} is progressing.`], now);
    else if (isLate(known, deadline, now))
      conditions = set(conditions, ['False', 'ProgressDeadlineExceeded', `${name} has timed out progressing.`], now);
  }
  const after = conditions.find(({ type }) => type === 'Progressing');
  const waits =
    after !== undefined && after.reason !== 'NewReplicaSetAvailable' && after.reason !== 'ProgressDeadlineExceeded';
  const left = Date.parse(after?.lastUpdateTime ?? '') + deadline * 1000 - now.getTime();
  return {
    status: { ...counted, conditions },
    requeueAfterMs: waits && !Number.isNaN(left) ? Math.max(0, left) + 1_000 : undefined,
  };
}

type Words = readonly [status: string, reason: string, message: string];

function countsOf(deployment: Deployment, current: ReplicaSet | undefined, old: readonly ReplicaSet[]) {
  const all = [...(current === undefined ? [] : [current]), ...old];
  const sum = (pick: (set: ReplicaSet) => number | undefined): number =>
    all.reduce((total, set) => total + (pick(set) ?? 0), 0);
  const available = sum(({ status }) => status?.availableReplicas);
  return {
    observedGeneration: deployment.metadata.generation ?? 1,
    replicas: sum(({ status }) => status?.replicas),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: sum(({ status }) => status?.readyReplicas),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sum(sizeOf) - available),
  };
}

function withAvailability(
  deployment: Deployment,
  conditions: readonly WorkloadCondition[],
  { availableReplicas }: { readonly availableReplicas: number },
  now: Date,
): WorkloadCondition[] {
  const words: Words =
    availableReplicas >= desiredOf(deployment) - limitsOf(deployment).unavailable
      ? ['True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.']
      : ['False', 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.'];
  return set(conditions, words, now, 'Available');
}

const isComplete = (deployment: Deployment, status: ReturnType<typeof countsOf>): boolean =>
  status.updatedReplicas === desiredOf(deployment) &&
  status.replicas === desiredOf(deployment) &&
  status.availableReplicas === desiredOf(deployment);

function hasProgressed(before: Status, after: ReturnType<typeof countsOf>): boolean {
  const oldOnes = (before.replicas ?? 0) - (before.updatedReplicas ?? 0);
  return (
    after.updatedReplicas > (before.updatedReplicas ?? 0) ||
    after.replicas - after.updatedReplicas < oldOnes ||
    after.readyReplicas > (before.readyReplicas ?? 0) ||
    after.availableReplicas > (before.availableReplicas ?? 0)
  );
}

function isLate(known: WorkloadCondition | undefined, deadline: number, now: Date): boolean {
  if (known === undefined || known.reason === 'NewReplicaSetAvailable') return false;
  if (known.reason === 'ProgressDeadlineExceeded') return true;
  return Date.parse(known.lastUpdateTime ?? '') + deadline * 1000 < now.getTime();
}

/** A rollout that timed out stays so. */
function paused(conditions: readonly WorkloadCondition[], now: Date): WorkloadCondition[] {
  const known = conditions.find(({ type }) => type === 'Progressing');
  if (known?.reason === 'ProgressDeadlineExceeded') return [...conditions];
  return set(conditions, ['Unknown', 'DeploymentPaused', 'Deployment is paused'], now);
}

function resumed(conditions: readonly WorkloadCondition[], now: Date): WorkloadCondition[] {
  const known = conditions.find(({ type }) => type === 'Progressing');
  if (known?.reason !== 'DeploymentPaused') return [...conditions];
  return set(conditions, ['Unknown', 'DeploymentResumed', 'Deployment is resumed'], now);
}

/** With status and reason unchanged the condition stays as it was, times included. */
function set(
  conditions: readonly WorkloadCondition[],
  words: Words,
  now: Date,
  type = 'Progressing',
): WorkloadCondition[] {
  const known = conditions.find((condition) => condition.type === type);
  return known?.status === words[0] && known.reason === words[1]
    ? [...conditions]
    : replace(conditions, words, now, type);
}

/** The condition anew, `lastUpdateTime` included; `lastTransitionTime` moves with its status only. */
export function replace(
  conditions: readonly WorkloadCondition[],
  [status, reason, message]: Words,
  now: Date,
  type = 'Progressing',
): WorkloadCondition[] {
  const known = conditions.find((condition) => condition.type === type);
  const moment = rfc3339(now);
  const since = known?.status === status ? (known.lastTransitionTime ?? moment) : moment;
  const condition = { type, status, reason, message, lastUpdateTime: moment, lastTransitionTime: since };
  return [...conditions.filter((each) => each.type !== type), condition];
}
