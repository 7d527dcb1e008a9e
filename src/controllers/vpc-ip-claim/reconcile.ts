// One reconcile of a claim: the facts, the one next step, and that step.
import { annotations } from '../../api/keys.ts';
import type { ClaimKind, VpcIpClaim } from '../../api/vpc-ip-claim.ts';
import { isNotFound } from '../../kube/api-error.ts';
import { splitKey } from '../../kube/object-key.ts';
import type { ReconcileResult } from '../../kube/types.ts';
import { readDemand } from '../../planning/claim-demand.ts';
import { expiryMs } from '../../planning/claim-expiry.ts';
import { type ClaimFacts, type ClaimPod, type ClaimStep, planClaim } from '../../planning/claim-plan.ts';
import type { IpamdDeps } from '../deps.ts';
import { isStaticMode } from '../node/static-addresses/mode.ts';
import type { WorkingPod } from '../views.ts';
import { type ClaimHoldings, claimKindOf, isOnManagedNode, kindOf } from './demand.ts';
import { vpcIpOf } from './holding.ts';
import { expirySettings, lifeOf, warnOfDuration } from './life.ts';
import { createClaim, deleteClaim, letClaimGo, takeDemand } from './object.ts';
import { ownerOfPod } from './owner.ts';
import { bound, servedAs, tellObstacle, writeClaimStatus } from './status.ts';

export interface ClaimRun {
  readonly deps: IpamdDeps;
  readonly holdings: ClaimHoldings;
  readonly proceed: (nodeName: string) => void;
}

export interface ClaimOutcome {
  readonly result?: ReconcileResult | undefined;
  /** For the log. */
  readonly told?: object;
}

/** Timers of a server may not reach further; what is due later is looked at again then. */
const LONGEST_WAIT_MS = 24 * 3_600_000;

interface WaitingPod extends ClaimPod {
  readonly kind: ClaimKind;
  readonly pod: WorkingPod;
}

export async function reconcileClaim(run: ClaimRun, key: string, signal: AbortSignal): Promise<ClaimOutcome> {
  const { deps } = run;
  const { namespace = 'default', name } = splitKey(key);
  const claim = deps.claims.latest(key);
  const pod = await waitingPod(run, key, signal);
  if (claim === undefined && pod === undefined) return {};
  const facts = await factsOf(run, { namespace, name, claim, pod }, signal);
  try {
    return await take(run, { namespace, name, claim, pod }, planClaim(facts), signal);
  } catch (error) {
    // Only our own object can be missing here: the API has forgotten what we wrote.
    if (isNotFound(error)) deps.claims.forget(key);
    throw error;
  }
}

interface Subject {
  readonly namespace: string;
  readonly name: string;
  readonly claim: VpcIpClaim | undefined;
  readonly pod: WaitingPod | undefined;
}

/** The Pod that needs the claim: bound to a managed node, and not on its way out. */
async function waitingPod(
  { deps, holdings }: ClaimRun,
  key: string,
  signal: AbortSignal,
): Promise<WaitingPod | undefined> {
  const pod = deps.informers.pods.get(key);
  const uid = pod?.metadata.uid;
  if (pod?.nodeName === undefined || uid === undefined || pod.metadata.deletionTimestamp !== undefined)
    return undefined;
  const kind = claimKindOf(pod, { isStatic: isStaticMode(deps), holdings });
  if (kind === undefined || !(await isOnManagedNode(deps, pod.nodeName, signal))) return undefined;
  return { uid, nodeName: pod.nodeName, kind, pod };
}

async function factsOf({ deps, holdings }: ClaimRun, subject: Subject, signal: AbortSignal): Promise<ClaimFacts> {
  const { claim, pod } = subject;
  const nowMs = deps.clock.now().getTime();
  if (claim === undefined) return { nowMs, pod, claim: undefined, expiryMs: undefined };
  const life = await lifeOf(deps, claim, nowMs, signal);
  const held = holdings[kindOf(claim)]?.held(claim);
  const uses = held?.ready === true && held.podUid === life.podUid;
  return {
    nowMs,
    pod,
    claim: {
      ...life,
      deletePolicy: claim.spec.deletePolicy ?? 'Immediate',
      refused: claim.status?.phase === 'Failed' && !uses,
    },
    expiryMs: expiryOf(deps, claim),
  };
}

/** The claim's own duration, else that of its VpcIP's annotation (facts/tke.md 4.1), else the cluster's. */
function expiryOf(deps: IpamdDeps, claim: VpcIpClaim): number | undefined {
  const vip = vpcIpOf(deps, claim);
  warnOfDuration(deps, claim, 'spec.expiredDuration', claim.spec.expiredDuration);
  const mark = annotations.claimExpiredDuration;
  if (vip !== undefined) warnOfDuration(deps, vip, `annotation ${mark}`, vip.metadata.annotations?.[mark]);
  return expiryMs([claim.spec.expiredDuration, vip?.metadata.annotations?.[mark]], expirySettings(deps));
}

async function take(run: ClaimRun, subject: Subject, step: ClaimStep, signal: AbortSignal): Promise<ClaimOutcome> {
  const { deps, holdings } = run;
  const { claim } = subject;
  if (step.kind === 'create') return create(run, subject, signal);
  if (claim === undefined || step.kind === 'nothing') return {};
  const now = deps.clock.now();
  switch (step.kind) {
    case 'bind':
      return bind(run, claim, subject.pod, signal);
    case 'serve':
      return serve(run, claim, step.pod, signal);
    case 'keep': {
      const { unboundSinceMs, releaseAtMs } = step;
      const until = releaseAtMs === undefined ? undefined : new Date(releaseAtMs).toISOString();
      const message = until === undefined ? 'kept for a Pod of the same name' : `kept until ${until}`;
      await writeClaimStatus(deps, claim, {
        phase: 'Unbound',
        unboundSince: new Date(unboundSinceMs).toISOString(),
        ...(until === undefined ? {} : { releaseAt: until }),
        clear: ['podUID', 'nodeName', ...(until === undefined ? (['releaseAt'] as const) : [])],
        conditions: bound(claim, 'False', { reason: 'Unbound', message }, now),
      });
      if (releaseAtMs === undefined) return {};
      return { result: { requeueAfterMs: Math.max(1, Math.min(LONGEST_WAIT_MS, releaseAtMs - now.getTime())) } };
    }
    case 'delete':
      await deleteClaim(deps, claim);
      return { told: { deleted: step.reason } };
    case 'release':
      return release(run, claim, signal);
    case 'make-again':
      // What it holds stays, and is taken over by the next one of this name.
      await letClaimGo(deps, claim);
      warnUser(deps, claim, 'deleted while its Pod lives: it is made again, and the Pod keeps its address');
      return {};
    case 'wait-for-pod': {
      const { kind, name } = claim.spec.owner ?? { kind: 'namespace', name: claim.metadata.namespace };
      const message = `${kind} ${name ?? ''} was deleted; the address is released when its Pod has ended`;
      const ready = holdings[kindOf(claim)]?.held(claim)?.ready === true;
      await writeClaimStatus(deps, claim, {
        conditions: bound(claim, ready ? 'True' : 'False', { reason: 'OwnerDeleted', message }, now),
      });
      return {};
    }
  }
}

async function create(run: ClaimRun, { namespace, name, pod }: Subject, signal: AbortSignal): Promise<ClaimOutcome> {
  const { deps, holdings } = run;
  if (pod === undefined) return {};
  const read = readDemand(pod.pod.metadata.annotations ?? {});
  if (!read.ok) {
    const message = `Failed to bind ip: ${read.problems.join('; ')}`;
    deps.recorder.record({ regarding: pod.pod, type: 'Warning', reason: 'FailedAllocateIP', message });
    return {};
  }
  const owner = await ownerOfPod(deps, { namespace, name, uid: pod.uid }, signal);
  // What holds nothing has nothing to keep.
  const keeps = holdings[pod.kind]?.refusal === undefined;
  const demand = keeps ? read.demand : { ...read.demand, deletePolicy: 'Immediate' as const };
  const about = { namespace, name, kind: pod.kind, demand, owner };
  const made = await createClaim(deps, about, signal);
  // One that the cache does not show yet is looked at when it does.
  return made === undefined ? {} : bind(run, made, pod, signal);
}

const HELD: Readonly<Record<ClaimKind, string>> = {
  Shared: 'a shared address',
  SubENI: 'a sub-ENI',
  DirectENI: 'an exclusive ENI',
};

/** What an earlier claim left is taken over before anybody could take the claim for one that holds nothing. */
async function bind(
  { deps, holdings, proceed }: ClaimRun,
  claim: VpcIpClaim,
  pod: WaitingPod | undefined,
  signal: AbortSignal,
): Promise<ClaimOutcome> {
  if (pod === undefined) return {};
  const holding = holdings[kindOf(claim)];
  if (pod.kind !== kindOf(claim) || holding === undefined) {
    const message = `Failed to bind ip: VpcIPClaim ${claim.metadata.name} holds ${HELD[kindOf(claim)]}, and the Pod asks for ${HELD[pod.kind]}; delete the claim (kubectl delete vipc) to release what it holds`;
    deps.recorder.record({ regarding: pod.pod, type: 'Warning', reason: 'FailedAllocateIP', message });
    return {};
  }
  const read = readDemand(pod.pod.metadata.annotations ?? {});
  const demanded =
    read.ok && holding.refusal === undefined ? await takeDemand(deps, claim, read.demand, signal) : claim;
  await holding.relink(demanded, signal);
  const message = `waits for an address on node ${pod.nodeName}`;
  const left = holding.held(demanded);
  await writeClaimStatus(deps, demanded, {
    phase: 'Pending',
    // In the same write: a sub-ENI that the former Pod left goes as soon as the claim is another Pod's.
    ...(left?.ip === undefined ? {} : { vpcIP: left.ip }),
    podUID: pod.uid,
    nodeName: pod.nodeName,
    clear: ['unboundSince', 'releaseAt'],
    conditions: bound(demanded, 'False', { reason: 'Waiting', message }, deps.clock.now()),
  });
  proceed(pod.nodeName);
  return {};
}

/** Its status follows what it holds; why it waits is written by whoever knows. */
async function serve(
  { deps, holdings, proceed }: ClaimRun,
  claim: VpcIpClaim,
  pod: ClaimPod,
  signal: AbortSignal,
): Promise<ClaimOutcome> {
  const holding = holdings[kindOf(claim)];
  if (holding?.refusal !== undefined) {
    await tellObstacle(deps, claim, holding.refusal, true);
    return {};
  }
  const held = holding?.held(claim);
  if (held?.ready === true && held.ip !== undefined && held.podUid === pod.uid) {
    await writeClaimStatus(deps, claim, {
      phase: 'Bound',
      vpcIP: held.ip,
      conditions: bound(claim, 'True', servedAs(held.ip, pod.nodeName), deps.clock.now()),
    });
    return {};
  }
  if (held === undefined) await holding?.relink(claim, signal);
  if (held?.obstacle !== undefined) {
    const conditions = bound(claim, 'False', held.obstacle, deps.clock.now());
    await writeClaimStatus(deps, claim, { phase: held.refused === true ? 'Failed' : 'Pending', conditions });
    return {};
  }
  if (claim.status?.phase === 'Bound') {
    const message = `${claim.status.vpcIP ?? 'its address'} is on no ENI of the Pod's node any more; it is bound again`;
    await writeClaimStatus(deps, claim, {
      phase: 'Pending',
      conditions: bound(claim, 'False', { reason: 'Waiting', message }, deps.clock.now()),
    });
    proceed(pod.nodeName);
  }
  return {};
}

/** Its address is unassigned once nothing can be using it (DESIGN, decision 2); the claim need not wait for that. */
async function release({ deps, holdings }: ClaimRun, claim: VpcIpClaim, signal: AbortSignal): Promise<ClaimOutcome> {
  const holding = holdings[kindOf(claim)];
  if (holding !== undefined && !(await holding.giveUp(claim, signal))) return {};
  await letClaimGo(deps, claim);
  return { told: { released: claim.status?.vpcIP ?? 'nothing' } };
}

function warnUser(deps: IpamdDeps, claim: VpcIpClaim, message: string): void {
  const { namespace = 'default', name } = claim.metadata;
  const uid = claim.status?.podUID ?? '';
  deps.recorder.record({
    regarding: { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, uid } },
    type: 'Warning',
    reason: 'ClaimDeletedInUse',
    message: `VpcIPClaim ${namespace}/${name}: ${message}`,
  });
}
