// One reconcile of an EIPClaim: the facts, the one next step of the claim, and the step of its EIP.
import type { EipClaim } from '../../api/eip-claim.ts';
import { annotations } from '../../api/keys.ts';
import { isNotFound } from '../../kube/api-error.ts';
import { splitKey } from '../../kube/object-key.ts';
import { expiryMs } from '../../planning/claim-expiry.ts';
import { type ClaimFacts, type ClaimStep, planClaim } from '../../planning/claim-plan.ts';
import { anyOfSeveral } from '../../planning/eip-demand.ts';
import type { IpamdDeps } from '../deps.ts';
import { expirySettings, lifeOf, warnOfDuration } from '../vpc-ip-claim/life.ts';
import { ownerOfPod } from '../vpc-ip-claim/owner.ts';
import { releaseEip, unbindKept } from './keep.ts';
import { createEipClaim, deleteEipClaim, letEipClaimGo, specOf, takeEipDemand } from './object.ts';
import { type Asked, askedBy, beyondList, type EipPod, eipPodOf } from './pods.ts';
import { type EipOutcome, type EipRun, forgetClaim } from './run.ts';
import { markPod, serveEip } from './serve.ts';
import { eipBound, writeEipStatus } from './status.ts';
import { tellObstacle, warnPod } from './tell.ts';

/** Timers of a server may not reach further; what is due later is looked at again then. */
const LONGEST_WAIT_MS = 24 * 3_600_000;

interface Subject {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly claim: EipClaim | undefined;
  readonly pod: EipPod | undefined;
}

export async function reconcileEipClaim(run: EipRun, key: string, signal: AbortSignal): Promise<EipOutcome> {
  const { deps } = run;
  const { namespace = 'default', name } = splitKey(key);
  const claim = deps.eipClaims.latest(key);
  const pod = await eipPodOf(deps, key, signal);
  if (claim === undefined && pod === undefined) return {};
  const subject = { key, namespace, name, claim, pod };
  const facts = await factsOf(run, subject, signal);
  try {
    return await take(run, subject, planClaim(facts), signal);
  } catch (error) {
    // Only our own object can be missing here: the API has forgotten what we wrote.
    if (isNotFound(error)) deps.eipClaims.forget(key);
    throw error;
  }
}

async function factsOf({ deps }: EipRun, subject: Subject, signal: AbortSignal): Promise<ClaimFacts> {
  const { claim, pod } = subject;
  const nowMs = deps.clock.now().getTime();
  if (claim === undefined) return { nowMs, pod, claim: undefined, expiryMs: undefined };
  return {
    nowMs,
    pod,
    claim: {
      ...(await lifeOf(deps, claim, nowMs, signal)),
      deletePolicy: claim.spec.deletePolicy,
      // Until it is bound the Pod uses nothing of it.
      refused: claim.status?.phase !== 'Bound',
    },
    expiryMs: expiryOf(deps, claim),
  };
}

/** The claim's own duration, else the cluster's (spec 004: the switch of kept addresses). */
function expiryOf(deps: IpamdDeps, claim: EipClaim): number | undefined {
  const { expiredDuration } = claim.spec;
  warnOfDuration(deps, claim, 'spec.expiredDuration', expiredDuration);
  return expiryMs([expiredDuration], expirySettings(deps));
}

async function take(run: EipRun, subject: Subject, step: ClaimStep, signal: AbortSignal): Promise<EipOutcome> {
  const { deps } = run;
  const { claim, pod } = subject;
  if (step.kind === 'create') return create(run, subject, signal);
  if (claim === undefined || step.kind === 'nothing') return {};
  const now = deps.clock.now();
  switch (step.kind) {
    case 'bind':
      return bind(run, claim, pod, signal);
    case 'serve':
      // A Pod on its way out keeps what it has until it is gone.
      if (pod === undefined || pod.uid !== step.pod.uid) return {};
      // Its list was too short, and is not any more.
      if (claim.spec.eipIDs?.length === 0 && beyondList(pod) === undefined) return bind(run, claim, pod, signal);
      return serveEip(run, claim, pod, signal);
    case 'keep':
      return keep(run, claim, step, signal);
    case 'delete':
      await deleteEipClaim(deps, claim);
      return { told: { deleted: step.reason } };
    case 'release':
      return releaseEip(run, claim, signal);
    case 'make-again':
      return makeAgain(run, subject, claim, signal);
    case 'wait-for-pod': {
      const { kind, name } = claim.spec.owner ?? { kind: 'namespace', name: claim.metadata.namespace };
      const message = `${kind} ${name ?? ''} was deleted; the EIP is released when its Pod has ended`;
      const status = claim.status?.phase === 'Bound' ? 'True' : 'False';
      await writeEipStatus(deps, claim, {
        conditions: eipBound(claim, status, { reason: 'OwnerDeleted', message }, now),
      });
      return {};
    }
  }
}

async function create(run: EipRun, subject: Subject, signal: AbortSignal): Promise<EipOutcome> {
  const { deps } = run;
  const { namespace, name, pod } = subject;
  if (pod === undefined) return {};
  const asked = await askedBy(deps, pod, signal);
  if (!asked.ok) {
    warnPod(deps, pod, asked.problem, 'allocate');
    return {};
  }
  const owner = await ownerOfPod(deps, { namespace, name, uid: pod.uid }, signal);
  const about = { namespace, name, spec: specOf(asked.demand, asked.eipIds), owner };
  const made = await createEipClaim(deps, about, signal);
  if (asked.eipIds.length > 1) {
    const message = anyOfSeveral(asked.eipIds);
    deps.recorder.record({ regarding: pod.pod, type: 'Warning', reason: 'SeveralEIPsWithoutOrdinal', message });
  }
  // One that the cache does not show yet is looked at when it does.
  return made === undefined ? {} : bindAsked(run, made, pod, asked, signal);
}

async function bind(run: EipRun, claim: EipClaim, pod: EipPod | undefined, signal: AbortSignal): Promise<EipOutcome> {
  return pod === undefined ? {} : bindAsked(run, claim, pod, await askedBy(run.deps, pod, signal), signal);
}

/** From now on the Pod's. What the former Pod of the name asked for is replaced, where that needs no other kind of EIP. */
async function bindAsked(
  run: EipRun,
  claim: EipClaim,
  pod: EipPod,
  asked: Asked,
  signal: AbortSignal,
): Promise<EipOutcome> {
  const { deps } = run;
  if (!asked.ok) {
    await tellObstacle(deps, claim, pod, { reason: 'InvalidAnnotation', message: asked.problem }, { wrong: true });
    return {};
  }
  const wantsNew = asked.demand.source.kind === 'create';
  if (claim.status?.eipID !== undefined && wantsNew !== (claim.status.created === true)) {
    const holds = claim.status.created === true ? 'that was bought' : 'that was designated';
    const message = `EIPClaim ${claim.metadata.name} holds ${claim.status.eipID} ${holds}, and the Pod asks for ${wantsNew ? 'a new one' : 'designated ones'}; delete the claim (kubectl delete eipc) to give that up`;
    await tellObstacle(deps, claim, pod, { reason: 'KindMismatch', message }, { wrong: true });
    return {};
  }
  const demanded = await takeEipDemand(deps, claim, specOf(asked.demand, asked.eipIds), signal);
  const message = `waits for an EIP and an address on node ${pod.nodeName}`;
  const bound = await writeEipStatus(deps, demanded, {
    phase: 'Pending',
    podUID: pod.uid,
    nodeName: pod.nodeName,
    clear: ['unboundSince', 'releaseAt'],
    conditions: eipBound(demanded, 'False', { reason: 'Waiting', message }, deps.clock.now()),
  });
  return serveEip(run, bound, pod, signal);
}

/** No Pod uses it any more: since when and until when is said at once, then it is unbound. */
async function keep(
  run: EipRun,
  claim: EipClaim,
  { unboundSinceMs, releaseAtMs }: Extract<ClaimStep, { kind: 'keep' }>,
  signal: AbortSignal,
): Promise<EipOutcome> {
  const { deps } = run;
  const until = releaseAtMs === undefined ? undefined : new Date(releaseAtMs).toISOString();
  const message = until === undefined ? 'kept for a Pod of the same name' : `kept until ${until}`;
  const leaving = claim.status?.podUID !== undefined;
  const kept = await writeEipStatus(deps, claim, {
    ...(leaving ? { phase: claim.status?.eipID === undefined ? ('Unbound' as const) : ('Unbinding' as const) } : {}),
    unboundSince: new Date(unboundSinceMs).toISOString(),
    ...(until === undefined ? {} : { releaseAt: until }),
    clear: ['podUID', 'nodeName', ...(until === undefined ? (['releaseAt'] as const) : [])],
    conditions: eipBound(claim, 'False', { reason: 'Unbound', message }, deps.clock.now()),
  });
  const outcome = await unbindKept(run, kept, signal);
  if (outcome.result !== undefined || releaseAtMs === undefined) return outcome;
  const dueMs = Math.max(1, Math.min(LONGEST_WAIT_MS, releaseAtMs - deps.clock.now().getTime()));
  return { ...outcome, result: { requeueAfterMs: dueMs } };
}

/** The Pod shows its address before the claim goes: by that the next claim of the name knows that there is an EIP to be found, and buys none. */
async function makeAgain(run: EipRun, subject: Subject, claim: EipClaim, signal: AbortSignal): Promise<EipOutcome> {
  const { deps } = run;
  const { pod, namespace, name } = subject;
  const { publicIP, podUID } = claim.status ?? {};
  // Its Pod is on its way out: the claim goes after it.
  if (pod === undefined || pod.uid !== podUID || publicIP === undefined) return {};
  if (pod.marks[annotations.eipPublicIp] !== publicIP) await markPod(run, pod, publicIP, signal);
  await letEipClaimGo(deps, claim);
  forgetClaim(run, claim);
  deps.recorder.record({
    regarding: pod.pod,
    type: 'Warning',
    reason: 'ClaimDeletedInUse',
    message: `EIPClaim ${namespace}/${name}: deleted while its Pod lives: it is made again, and the Pod keeps its EIP`,
  });
  return {};
}
