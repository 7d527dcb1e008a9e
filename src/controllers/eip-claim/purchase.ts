// Buying the EIP of a claim: record the exact request, send it under the fence, and never a second one in doubt (DESIGN, decisions 3 and 4).
import type { EipClaim } from '../../api/eip-claim.ts';
import { annotations, tags } from '../../api/keys.ts';
import type { VpcEniOperation } from '../../api/vpc-eni.ts';
import type { AllocateEipRequest, Eip } from '../../cloud/eip-calls.ts';
import { CloudError, cloudErrors } from '../../cloud/errors.ts';
import { keyOf } from '../../kube/object-key.ts';
import { afterAbsence, judgeFailure, planCreateStep, type SpecialCodes } from '../../planning/create-step.ts';
import { allocateEipRequest, eipSearchTags } from '../../planning/eip-request.ts';
import { readEipAttributes } from '../../planning/eip-attributes.ts';
import type { EipPod } from './pods.ts';
import { whyNoRoom } from './room.ts';
import { type EipOutcome, type EipRun, holdersOf, lookAgain, type LookAgain } from './run.ts';
import { eipBound, writeEipStatus } from './status.ts';
import { tellObstacle, tellPod, verdictOf } from './tell.ts';

const codes: SpecialCodes = {
  subnetDry: cloudErrors.subnetDry.code,
  unknownAction: cloudErrors.unknownAction.code,
  tokenMismatch: cloudErrors.tokenMismatch.code,
  tokenProcessing: cloudErrors.tokenProcessing.code,
  quota: cloudErrors.quota.code,
  refused: cloudErrors.refused.code,
  inUse: cloudErrors.inUse.code,
};

/** `has`: every EIP that is the claim's is on record now. */
export type Acquired =
  | { readonly kind: 'has'; readonly claim: EipClaim }
  | { readonly kind: 'waits'; readonly outcome: EipOutcome };

const waits = (afterMs: number): Acquired => ({ kind: 'waits', outcome: { result: { requeueAfterMs: afterMs } } });

/** One claim buys once: whatever may have taken effect is looked for by its tags before the cloud is asked again. */
export async function purchase(run: EipRun, claim: EipClaim, pod: EipPod, signal: AbortSignal): Promise<Acquired> {
  const uid = claim.metadata.uid ?? '';
  const attempt = claim.status?.operation?.attempt;
  const standing = run.progress.standing(uid, attempt ?? 0);
  const step = planCreateStep({ attempt, standing, hasEni: claim.status?.eipID !== undefined, ready: false });
  switch (step.kind) {
    case 'record':
      return record(run, claim, pod, step.attempt, signal);
    case 'send':
      return send(run, claim, pod, signal);
    case 'look-up': {
      const found = await findBought(run, claim, signal);
      if (found.kind === 'found') return { kind: 'has', claim: await recordBought(run, claim, found.eip.eipId, pod) };
      if (found.kind === 'look-again') return waits(found.afterMs);
      run.progress.setStanding(uid, attempt ?? 0, afterAbsence(standing));
      return purchase(run, claim, pod, signal);
    }
    case 'settle':
    case 'done':
      return { kind: 'has', claim };
  }
}

async function record(
  run: EipRun,
  claim: EipClaim,
  pod: EipPod,
  attempt: number,
  signal: AbortSignal,
): Promise<Acquired> {
  const { deps } = run;
  // The Pod shows an address: an earlier claim of this name bought it, and was deleted while the Pod lived.
  if (attempt === 1 && pod.marks[annotations.eipPublicIp] !== undefined) {
    const [left] = await searchBought(run, claim, signal);
    if (left !== undefined) return { kind: 'has', claim: await recordBought(run, claim, left.eipId, undefined) };
  }
  const held = deps.settings.held('create');
  if (held !== undefined) {
    await tellObstacle(deps, claim, pod, { reason: 'Paused', message: held }, { wrong: false });
    return waits(deps.timings.lookAgainMs);
  }
  const further = deps.settings.current()['vpcCni.eip.allowFurtherAttributes'];
  const read = readEipAttributes(claim.spec.attributes ?? '', further);
  if (!read.ok) {
    const verdict = { reason: 'InvalidAnnotation', message: `spec.attributes: ${read.problems.join('; ')}` };
    await tellObstacle(deps, claim, pod, verdict, { wrong: true });
    return waits(deps.timings.lookAgainMs);
  }
  const full = whyNoRoom(run, claim, pod);
  if (full !== undefined) {
    await tellObstacle(deps, claim, pod, full, { wrong: true });
    return waits(deps.timings.lookAgainMs);
  }
  const key = keyOf(claim);
  // Nothing is awaited since the node was found to have room: of two claims that are at it, one comes second.
  run.buying.add(key);
  try {
    return await buy(run, claim, pod, { attempt, ...read }, signal);
  } finally {
    run.buying.delete(key);
  }
}

async function buy(
  run: EipRun,
  claim: EipClaim,
  pod: EipPod,
  wish: {
    readonly attempt: number;
    readonly parameters: Readonly<Record<string, unknown>>;
    readonly bandwidth: number;
  },
  signal: AbortSignal,
): Promise<Acquired> {
  const { deps } = run;
  const { attempt, parameters, bandwidth } = wish;
  const { namespace = 'default', name, uid = '' } = claim.metadata;
  const request = allocateEipRequest({
    owner: { namespace, name, uid },
    attempt,
    clusterUid: deps.clusterUid,
    parameters,
  });
  const operation: VpcEniOperation = {
    action: 'AllocateAddresses',
    request: JSON.stringify(request),
    attempt,
    clientToken: request.clientToken,
    holder: deps.identity,
    recordedAt: deps.clock.now().toISOString(),
  };
  // After a failure its reason stays to be read until something else is known.
  const news = claim.status?.phase !== 'Failed';
  const verdict = { reason: 'Allocating', message: 'the cloud is asked for an EIP' };
  const recorded = await writeEipStatus(deps, claim, {
    ...(news ? { phase: 'Allocating', conditions: eipBound(claim, 'False', verdict, deps.clock.now()) } : {}),
    operation,
    bandwidth,
  });
  run.progress.setStanding(uid, attempt, 'clear');
  return send(run, recorded, pod, signal);
}

/** Sends what is recorded, byte for byte, and records what the cloud gave. */
async function send(run: EipRun, claim: EipClaim, pod: EipPod, signal: AbortSignal): Promise<Acquired> {
  const { deps, progress } = run;
  const { operation } = claim.status ?? {};
  if (operation === undefined) throw new Error(`EIPClaim ${keyOf(claim)} records no purchase`);
  const uid = claim.metadata.uid ?? '';
  // Ours alone: written by `record` from a typed value.
  const request = JSON.parse(operation.request) as AllocateEipRequest;
  // Whatever ends this process or the call from here on leaves a doubt.
  progress.setStanding(uid, operation.attempt, 'doubtful');
  progress.setAbsentSince(uid, undefined);
  try {
    const { eipId } = await deps.cloud.allocateEip(request, deps.mutating('waiting-pod', 'create', signal));
    return { kind: 'has', claim: await recordBought(run, claim, eipId, pod) };
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    return failed(run, claim, pod, error);
  }
}

async function failed(run: EipRun, claim: EipClaim, pod: EipPod, error: CloudError): Promise<Acquired> {
  const { deps, progress } = run;
  const { code, outcomeUnknown, retry } = error;
  const { standing, next } = judgeFailure({ code, outcomeUnknown, retry }, codes);
  progress.setStanding(claim.metadata.uid ?? '', claim.status?.operation?.attempt ?? 0, standing);
  if (next === 'again') throw error;
  await tellObstacle(deps, claim, pod, await verdictOf(deps, 'allocate', error), { wrong: true });
  return waits(deps.timings.lookAgainMs);
}

async function recordBought(run: EipRun, claim: EipClaim, eipId: string, pod: EipPod | undefined): Promise<EipClaim> {
  const { deps } = run;
  const verdict = { reason: 'Allocating', message: `${eipId} is being made` };
  const written = await writeEipStatus(deps, claim, {
    phase: 'Allocating',
    eipID: eipId,
    created: true,
    conditions: eipBound(claim, 'False', verdict, deps.clock.now()),
  });
  run.progress.setAbsentSince(claim.metadata.uid ?? '', undefined);
  if (pod !== undefined) tellPod(deps, pod, 'AllocatedEip', `EIP ${eipId} was bought for the Pod`);
  return written;
}

export type Bought = { readonly kind: 'found'; readonly eip: Eip } | LookAgain | { readonly kind: 'absent' };

/** What a purchase without a known outcome left. Absent only after two listings one consistency window apart. */
export async function findBought(run: EipRun, claim: EipClaim, signal: AbortSignal): Promise<Bought> {
  const [eip] = await searchBought(run, claim, signal);
  if (eip !== undefined) return { kind: 'found', eip };
  return lookAgain(run, claim.metadata.uid ?? '') ?? { kind: 'absent' };
}

/** Of several, the one that this claim itself bought goes first, then always the same one; the others are orphans. */
async function searchBought({ deps }: EipRun, claim: EipClaim, signal: AbortSignal): Promise<readonly Eip[]> {
  const { namespace = 'default', name, uid } = claim.metadata;
  const listed = await deps.cloud.describeEips(
    { tags: eipSearchTags(deps.clusterUid, { namespace, name }) },
    { signal },
  );
  const isOwn = (eip: Eip): number => Number(eip.tags.some((tag) => tag.key === tags.ownerUid && tag.value === uid));
  return listed
    .filter(({ status, eipId }) => status !== 'OFFLINING' && holdersOf({ deps }, eipId).length === 0)
    .toSorted((a, b) => isOwn(b) - isOwn(a) || (a.eipId < b.eipId ? -1 : 1));
}

/** For a release: whether a purchase may have left something although no id is recorded. */
export function mayHaveBought({ progress }: EipRun, claim: EipClaim): boolean {
  const { operation, eipID } = claim.status ?? {};
  if (operation === undefined || eipID !== undefined) return false;
  const standing = progress.standing(claim.metadata.uid ?? '', operation.attempt);
  return standing === 'doubtful' || standing === 'burnt';
}
