// A claim with a living Pod: its EIP is acquired, bound to the Pod's address, and told on the Pod.
import type { EipClaim } from '../../api/eip-claim.ts';
import { annotations } from '../../api/keys.ts';
import type { Eip } from '../../cloud/eip-calls.ts';
import { pods } from '../../kube/resources.ts';
import { type EipPlace, planEip } from '../../planning/eip-plan.ts';
import { applyBandwidth, bandwidthToApply } from './bandwidth.ts';
import { designate, WITHOUT_EIP, whyToDrop } from './designate.ts';
import { send } from './send.ts';
import { placeOf } from './place.ts';
import type { EipPod } from './pods.ts';
import { purchase } from './purchase.ts';
import { type EipOutcome, type EipRun, lookAt, observedOf } from './run.ts';
import { eipBound, writeEipStatus } from './status.ts';
import { tellObstacle, tellPod } from './tell.ts';

/** What somebody changed in the console is found and put right after this. */
const AUDIT_MS = 600_000;

/** One step on the way to Bound; the next one follows a call of the cloud, or a change that is watched. */
export async function serveEip(run: EipRun, claim: EipClaim, pod: EipPod, signal: AbortSignal): Promise<EipOutcome> {
  const { deps } = run;
  const target = await placeOf(deps, pod, signal);
  const isPurchase = claim.spec.eipIDs === undefined;
  let held = claim;
  if (held.status?.eipID === undefined) {
    const acquired = isPurchase ? await purchase(run, held, pod, signal) : await designate(run, held, pod, target);
    if (acquired.kind === 'waits') return acquired.outcome;
    held = acquired.claim;
  }
  const drop = whyToDrop(run, held);
  if (drop !== undefined) return dropEip(run, held, drop, signal);
  if (isSettled(held, pod, target)) {
    // Bound and told: nothing is asked but once in a while.
    const left = await auditLeftMs(run, held, pod);
    if (left > 0) return { result: { requeueAfterMs: left } };
  }
  const eipId = held.status?.eipID ?? '';
  const sight = await lookAt(run, held, eipId, false);
  if (sight.kind === 'look-again') return { result: { requeueAfterMs: sight.afterMs } };
  const step = planEip({
    wanted: 'serve',
    created: held.status?.created === true,
    observed: sight.kind === 'gone' ? undefined : observedOf(sight.eip),
    target,
    recorded: recordedPlace(held),
    recordedForPod: held.status?.boundPodUID === pod.uid,
  });
  switch (step.kind) {
    case 'look-again':
      return { result: { requeueAfterMs: deps.timings.eipLookMs } };
    case 'wait-for-address': {
      const message = `${eipId} waits for the address of the Pod on node ${pod.nodeName}`;
      await tellObstacle(deps, held, pod, { reason: 'WaitingForAddress', message }, { wrong: false });
      return {};
    }
    case 'associate':
      return associate(run, held, pod, step.place, signal);
    case 'disassociate':
      return send(run, held, pod, { doing: 'disassociate', action: 'disassociateEip', kind: 'create' }, signal);
    case 'missing':
      return lost(run, held, pod, signal);
    case 'foreign': {
      const message = `${eipId} was bound to something else by somebody else, and is not taken away`;
      const told = await tellObstacle(
        deps,
        held,
        pod,
        { reason: 'EIPInUse', message },
        { wrong: true, doing: 'associate' },
      );
      await writeEipStatus(deps, told, { clear: WITHOUT_EIP });
      return { result: { requeueAfterMs: deps.timings.lookAgainMs } };
    }
    case 'rest':
      return sight.kind === 'there' ? bound(run, held, pod, sight.eip, signal) : {};
    case 'release':
    case 'given-up':
      throw new Error(`EIPClaim ${held.metadata.name}: ${step.kind} is no step of a claim that serves`);
  }
}

export function recordedPlace({ status }: EipClaim): EipPlace | undefined {
  const { eniID, privateIP } = status ?? {};
  return eniID === undefined || privateIP === undefined ? undefined : { eniId: eniID, privateIp: privateIP };
}

function isSettled({ status, metadata }: EipClaim, pod: EipPod, target: EipPlace | undefined): boolean {
  const moved = target !== undefined && (target.eniId !== status?.eniID || target.privateIp !== status.privateIP);
  return (
    metadata.deletionTimestamp === undefined &&
    status?.phase === 'Bound' &&
    status.boundPodUID === pod.uid &&
    !moved &&
    pod.marks[annotations.eipPublicIp] === status.publicIP
  );
}

/** What is to be done at an audit, or because the bandwidth asked for is another one now. */
async function auditLeftMs(run: EipRun, claim: EipClaim, pod: EipPod): Promise<number> {
  const { deps, progress } = run;
  const wanted = bandwidthToApply(run, claim, pod);
  if (wanted !== undefined && wanted !== claim.status?.bandwidth) return 0;
  const at = progress.sentAt(claim.metadata.uid ?? '', 'audit');
  return at === undefined ? 0 : Math.max(0, at + AUDIT_MS - deps.clock.monotonicMs());
}

/** Where it will be is recorded before it is sent, so that after a crash it is known whose place it is. */
async function associate(
  run: EipRun,
  claim: EipClaim,
  pod: EipPod,
  place: EipPlace,
  signal: AbortSignal,
): Promise<EipOutcome> {
  const { deps } = run;
  const verdict = { reason: 'Binding', message: `${claim.status?.eipID ?? ''} is being bound to ${place.privateIp}` };
  const news = claim.status?.phase !== 'Failed';
  const recorded = await writeEipStatus(deps, claim, {
    ...(news ? { phase: 'Binding', conditions: eipBound(claim, 'False', verdict, deps.clock.now()) } : {}),
    eniID: place.eniId,
    privateIP: place.privateIp,
    boundPodUID: pod.uid,
  });
  return send(run, recorded, pod, { doing: 'associate', action: 'associateEip', kind: 'create', place }, signal);
}

/** It stands for the Pod's address: written down, and put on the Pod for its downward-API file. */
async function bound(run: EipRun, claim: EipClaim, pod: EipPod, eip: Eip, signal: AbortSignal): Promise<EipOutcome> {
  const { deps, progress } = run;
  const place = eip.binding;
  const verdict = { reason: 'Bound', message: `${eip.ip} (${eip.eipId}) stands for ${place?.privateIp ?? ''}` };
  const before = claim.status;
  const isNew = before?.phase !== 'Bound' || before.boundPodUID !== pod.uid;
  const written = await writeEipStatus(deps, claim, {
    phase: 'Bound',
    publicIP: eip.ip,
    ...(place?.eniId === undefined || place.privateIp === undefined
      ? {}
      : { eniID: place.eniId, privateIP: place.privateIp }),
    boundPodUID: pod.uid,
    conditions: eipBound(claim, 'True', verdict, deps.clock.now()),
  });
  await markPod(run, pod, eip.ip, signal);
  progress.sent(claim.metadata.uid ?? '', 'audit', deps.clock.monotonicMs());
  if (isNew) tellPod(deps, pod, 'AssociatedEip', `EIP ${eip.ip} (${eip.eipId}) is bound to ${place?.privateIp ?? ''}`);
  const told = isNew ? { bound: written.status?.eipID } : {};
  const change = await applyBandwidth(run, written, pod, eip, signal);
  return { told, result: change?.result ?? { requeueAfterMs: AUDIT_MS } };
}

/** The Pod's annotation, on exactly this Pod; a Pod of the name with another uid is a conflict, and looked at again. */
export async function markPod(run: EipRun, pod: EipPod, ip: string | null, signal: AbortSignal): Promise<void> {
  if ((pod.marks[annotations.eipPublicIp] ?? null) === ip) return;
  const { namespace = 'default', name } = pod.pod.metadata;
  const body = { metadata: { uid: pod.uid, annotations: { [annotations.eipPublicIp]: ip } } };
  await run.deps.client.patch(pods, name, { type: 'merge', body }, { namespace, signal });
}

/** Somebody released it in the console. A bought one is bought anew, as another attempt; of designated ones another is looked for. */
async function lost(run: EipRun, claim: EipClaim, pod: EipPod, signal: AbortSignal): Promise<EipOutcome> {
  const { deps, progress } = run;
  const { eipID = '', operation, created } = claim.status ?? {};
  const message = `${eipID} is not in the cloud any more: somebody released it`;
  const told = await tellObstacle(deps, claim, pod, { reason: 'EIPNotFound', message }, { wrong: true });
  await writeEipStatus(deps, told, { clear: WITHOUT_EIP });
  await markPod(run, pod, null, signal);
  if (created === true) progress.setStanding(claim.metadata.uid ?? '', operation?.attempt ?? 0, 'refused');
  return { result: { requeueAfterMs: created === true ? 0 : deps.timings.lookAgainMs } };
}

/** One that it may not keep is unbound from where this claim bound it, then forgotten. */
async function dropEip(
  run: EipRun,
  claim: EipClaim,
  { held, message }: NonNullable<ReturnType<typeof whyToDrop>>,
  signal: AbortSignal,
): Promise<EipOutcome> {
  const { deps } = run;
  const eipId = claim.status?.eipID ?? '';
  const eip = held ? undefined : await run.reader.read(eipId);
  const step = planEip({
    wanted: 'keep',
    created: false,
    observed: eip === undefined ? undefined : observedOf(eip),
    target: undefined,
    recorded: recordedPlace(claim),
    recordedForPod: false,
  });
  if (step.kind === 'look-again') return { result: { requeueAfterMs: deps.timings.eipLookMs } };
  if (step.kind === 'disassociate')
    return send(run, claim, undefined, { doing: 'disassociate', action: 'disassociateEip', kind: 'create' }, signal);
  const verdict = { reason: 'EIPInUse', message };
  await writeEipStatus(deps, claim, {
    phase: 'Pending',
    clear: WITHOUT_EIP,
    conditions: eipBound(claim, 'False', verdict, deps.clock.now()),
  });
  return { result: { requeueAfterMs: 0 } };
}
