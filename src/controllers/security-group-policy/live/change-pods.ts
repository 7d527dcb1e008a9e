// The running Pods of a policy in Live mode, a few at a time: the intent is written to the sub-ENI's object, the cloud follows by that.
import type { SecurityGroupPolicy } from '../../../api/security-group-policy.ts';
import { subEniName, type VpcEni, vpcEnis } from '../../../api/vpc-eni.ts';
import { cloudErrors, isCloudError } from '../../../cloud/errors.ts';
import { isNotFound } from '../../../kube/api-error.ts';
import { findCondition } from '../../../kube/conditions.ts';
import type { Condition } from '../../../kube/types.ts';
import { isChanging, type LiveStep, planLiveChange } from '../../../planning/live-change.ts';
import type { ConditionInput } from '../../../planning/policy-status.ts';
import type { PolicyView } from '../../../planning/policy-view.ts';
import type { IpamdDeps } from '../../deps.ts';
import { GROUPS_IN_FORCE } from '../../vpc-eni/groups/apply.ts';
import { type InPlacePermission, MISSING_ACTION } from '../../vpc-eni/groups/in-place-permission.ts';
import type { Population } from '../status/population.ts';
import type { LivePace } from './pace.ts';

export interface LiveDeps extends IpamdDeps {
  readonly inPlace: InPlacePermission;
  readonly pace: LivePace;
}

export interface LiveOutcome {
  readonly condition: ConditionInput;
  /** When the next Pods may be begun; absent: nothing waits for time. */
  readonly nextMs: number | undefined;
}

type Change = { readonly eni: VpcEni; readonly step: Extract<LiveStep, { kind: 'change' }> };

const DEFAULT_PER_SECOND = 5;
/** So many seconds' worth of changes may be under way at once. */
const UNDER_WAY_SECONDS = 2;
const type = 'Live';

/** `refusal`: why the policy is not put into force at all; nothing is begun then. Writes intents only; nothing for a policy in the documented mode. */
export async function changeLive(
  deps: LiveDeps,
  population: Population,
  policy: SecurityGroupPolicy,
  view: PolicyView,
  refusal: string | undefined,
  signal: AbortSignal,
): Promise<LiveOutcome | undefined> {
  const strategy = policy.spec.updateStrategy;
  if (strategy?.type !== 'Live') return undefined;
  const { changes, kept, changing, failed } = look(deps, population, view);
  const left = changes.length + changing;
  const notes = kept.length === 0 ? '' : `; ${kept.length} Pods are left as they are: ${kept.slice(0, 3).join('; ')}`;
  const no = (reason: string, message: string, nextMs?: number): LiveOutcome => ({
    condition: { type, status: 'False', reason, message: `${message}${notes}` },
    nextMs,
  });
  if (left === 0)
    return {
      condition: { type, status: 'True', reason: 'UpToDate', message: `no running Pod waits to be changed${notes}` },
      nextMs: undefined,
    };
  if (failed !== undefined)
    return no('ChangeFailed', `${left} Pods wait; no further one is begun, since ${failed}`, deps.timings.lookAgainMs);
  if (strategy.paused === true) return no('Paused', `${left} Pods wait; updateStrategy.paused is true`);
  if (refusal !== undefined) return no('NotReady', `${left} Pods wait: ${refusal}`);
  const held = deps.settings.held('create');
  if (held !== undefined) return no('Paused', `${left} Pods wait: ${held}`);
  const [first] = changes;
  if (first !== undefined && !(await mayChange(deps, first.eni, signal)))
    return no('NotAuthorized', `Live mode does not start: ${MISSING_ACTION}`, deps.timings.lookAgainMs);
  const key = `${policy.metadata.namespace ?? ''}/${policy.metadata.name}`;
  const perSecond = strategy.podsPerSecond ?? DEFAULT_PER_SECOND;
  // A cloud that answers late must not be given ever more.
  const room = Math.max(0, perSecond * UNDER_WAY_SECONDS - changing);
  const starts = deps.pace.take(key, perSecond, Math.min(room, changes.length));
  for (const change of changes.slice(0, starts)) await begin(deps, change, signal);
  return no(
    'Progressing',
    `${left} Pods wait, at most ${perSecond} are begun in a second`,
    deps.pace.nextMs(key, perSecond),
  );
}

interface Look {
  readonly changes: readonly Change[];
  /** Pods that the policy would change and must not, with the reason. */
  readonly kept: readonly string[];
  /** How many are under way. */
  readonly changing: number;
  /** Why one that is under way does not go on. */
  readonly failed: string | undefined;
}

function look(deps: LiveDeps, population: Population, view: PolicyView): Look {
  const { informers, enis } = deps;
  const live = liveness(deps, view.metadata.namespace ?? '');
  const changes: Change[] = [];
  const kept: string[] = [];
  let changing = 0;
  let failed: string | undefined;
  for (const key of population.index.podsOf(`${view.metadata.namespace ?? ''}/${view.metadata.name}`).toSorted()) {
    const pod = informers.pods.get(key);
    const eni = enis.latest(subEniName(pod?.metadata.uid ?? ''));
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined || eni?.status?.phase !== 'Ready') continue;
    const givenBy = eni.spec.groupChange?.policies ?? population.decision(key)?.policies ?? [];
    if (isChanging(eni)) {
      if (!givenBy.some(({ uid }) => uid === view.metadata.uid)) continue;
      changing += 1;
      const told = findCondition((eni.status.conditions ?? []) as readonly Condition[], GROUPS_IN_FORCE);
      if (told?.status === 'False') failed ??= `Pod ${pod.metadata.name}: ${told.message}`;
      continue;
    }
    const matching = population.index.matching(key);
    const step = planLiveChange({ policy: view, matching, givenBy, given: eni.spec.securityGroups, isLive: live });
    if (step.kind === 'keep') kept.push(`${pod.metadata.name}: ${step.why}`);
    if (step.kind === 'change') changes.push({ eni, step });
  }
  return { changes, kept, changing, failed };
}

/** By uid; a Pod is only ever of policies of its own namespace. */
function liveness({ informers }: LiveDeps, namespace: string): (uid: string) => boolean | undefined {
  const modes = new Map(
    informers.policies
      .byIndex('namespace', namespace)
      .map(({ metadata, spec }) => [metadata.uid ?? '', spec.updateStrategy?.type === 'Live']),
  );
  return (uid) => modes.get(uid);
}

/** The object's version is the lock; the groups it leaves are recorded with those it gets. */
async function begin(deps: LiveDeps, { eni, step }: Change, signal: AbortSignal): Promise<void> {
  const { name, resourceVersion } = eni.metadata;
  const groupChange = {
    from: [...eni.spec.securityGroups],
    policies: step.policies.map((each) => ({ ...each })),
    requestedAt: deps.clock.now().toISOString(),
  };
  const body = { metadata: { resourceVersion }, spec: { securityGroups: [...step.wanted], groupChange } };
  try {
    deps.enis.wrote(await deps.client.patch(vpcEnis, name, { type: 'merge', body }, { signal }));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Asked before the first Pod by a call that changes nothing: the groups that an ENI has are given to it again. */
async function mayChange(deps: LiveDeps, eni: VpcEni, signal: AbortSignal): Promise<boolean> {
  const { inPlace, cloud } = deps;
  if (inPlace.state() === 'granted') return true;
  if (!inPlace.mayTry()) return false;
  const eniId = eni.status?.eni?.eniID ?? '';
  const seen = await deps.observations.look(eniId, 'release');
  signal.throwIfAborted();
  if (seen === undefined) return false;
  try {
    await cloud.replaceSecurityGroups(
      { eniId, securityGroupIds: seen.securityGroups },
      deps.mutating('release', 'create', signal),
    );
  } catch (error) {
    if (!isCloudError(error, cloudErrors.unauthorized)) throw error;
    inPlace.denied();
    return false;
  }
  inPlace.granted();
  return true;
}
