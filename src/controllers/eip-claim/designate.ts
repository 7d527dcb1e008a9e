// Giving a claim one of the EIPs that its Pod's annotation names: exactly one Pod has each (spec 004).
import { createHash } from 'node:crypto';
import type { EipClaim } from '../../api/eip-claim.ts';
import { keyOf } from '../../kube/object-key.ts';
import { chooseEip, rightfulHolder } from '../../planning/eip-choice.ts';
import type { EipPlace } from '../../planning/eip-plan.ts';
import { beyondList, type EipPod } from './pods.ts';
import type { Acquired } from './purchase.ts';
import { type EipRun, holdersOf, observedOf } from './run.ts';
import { eipBound, type StatusChange, writeEipStatus } from './status.ts';
import { tellObstacle } from './tell.ts';

/** What a claim loses with its EIP. */
export const WITHOUT_EIP = ['eipID', 'publicIP', 'created', 'eniID', 'privateIP', 'boundPodUID'] as const;

/** Chosen and recorded; or said why there is none. */
export async function designate(
  run: EipRun,
  claim: EipClaim,
  pod: EipPod,
  target: EipPlace | undefined,
): Promise<Acquired> {
  const { deps, reader, reserved } = run;
  const key = keyOf(claim);
  const candidates = claim.spec.eipIDs ?? [];
  if (candidates.length === 0) {
    const message = beyondList(pod) ?? `spec.eipIDs of EIPClaim ${claim.metadata.name} names no EIP`;
    await tellObstacle(deps, claim, pod, { reason: 'EIPListTooShort', message }, { wrong: true });
    return { kind: 'waits', outcome: { result: { requeueAfterMs: deps.timings.lookAgainMs } } };
  }
  const found = await Promise.all(candidates.map(async (id) => [id, await reader.read(id)] as const));
  // From here to the reservation nothing is awaited: of two claims that are at it, one comes second.
  const observed = new Map(found.flatMap(([id, eip]) => (eip === undefined ? [] : [[id, observedOf(eip)] as const])));
  const holders = new Map(candidates.flatMap((id) => holderBeside(run, id, key)));
  const choice = chooseEip({ candidates, observed, holders, target, lot: lotOf(pod.uid) });
  if (choice.kind === 'look-again')
    return { kind: 'waits', outcome: { result: { requeueAfterMs: deps.timings.eipLookMs } } };
  if (choice.kind === 'none') {
    await tellObstacle(deps, claim, pod, choice, { wrong: true });
    return { kind: 'waits', outcome: { result: { requeueAfterMs: deps.timings.lookAgainMs } } };
  }
  const { eipId } = choice;
  reserved.set(eipId, key);
  const ip = found.find(([id]) => id === eipId)?.[1]?.ip;
  const verdict = { reason: 'Binding', message: `${eipId} is to be bound` };
  try {
    const change: StatusChange = {
      phase: 'Binding',
      eipID: eipId,
      ...(ip === undefined || ip === '' ? {} : { publicIP: ip }),
      conditions: eipBound(claim, 'False', verdict, deps.clock.now()),
    };
    return { kind: 'has', claim: await writeEipStatus(deps, claim, change) };
  } finally {
    reserved.delete(eipId);
  }
}

function holderBeside(run: EipRun, eipId: string, key: string): readonly (readonly [string, string])[] {
  const about = run.reserved.get(eipId);
  const other = about !== undefined && about !== key ? about : undefined;
  const recorded = holdersOf(run, eipId)
    .map(keyOf)
    .find((holder) => holder !== key);
  const holder = other ?? recorded;
  return holder === undefined ? [] : [[eipId, holder]];
}

/** From 0 up to, not including, 1. */
const lotOf = (uid: string): number => createHash('sha256').update(uid).digest().readUInt32BE(0) / 2 ** 32;

/** Why the claim may not keep the EIP that it records; undefined: it may. `held`: another claim has it, and what it is bound to is that one's. */
export function whyToDrop(
  run: EipRun,
  claim: EipClaim,
): { readonly held: boolean; readonly message: string } | undefined {
  const { eipID, created } = claim.status ?? {};
  if (eipID === undefined || created === true) return undefined;
  const wanted = claim.spec.eipIDs ?? [];
  if (!wanted.includes(eipID)) return { held: false, message: `the Pod's list does not name ${eipID} any more` };
  const holders = holdersOf(run, eipID);
  if (holders.length < 2) return undefined;
  const rightful = rightfulHolder(
    holders.map((holder) => ({
      key: keyOf(holder),
      bound: holder.status?.phase === 'Bound',
      createdAt: holder.metadata.creationTimestamp ?? '',
    })),
  );
  if (rightful === undefined || rightful === keyOf(claim)) return undefined;
  return { held: true, message: `${eipID} is held by EIPClaim ${rightful}` };
}
