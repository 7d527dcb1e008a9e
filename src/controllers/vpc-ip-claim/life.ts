// The facts that claims of addresses and of EIPs have in common: their Pod, their owner, since when nobody uses them, and for how long they are kept.
import { claimDurationMs } from '../../api/claim-duration.ts';
import type { EipClaim } from '../../api/eip-claim.ts';
import type { VpcIpClaim } from '../../api/vpc-ip-claim.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { ExpirySettings } from '../../planning/claim-expiry.ts';
import type { ClaimFacts } from '../../planning/claim-plan.ts';
import type { IpamdDeps } from '../deps.ts';
import { podLives } from './demand.ts';
import { isOwnerGone } from './owner.ts';

export type ClaimLife = Omit<NonNullable<ClaimFacts['claim']>, 'deletePolicy' | 'refused'>;

export async function lifeOf(
  deps: IpamdDeps,
  claim: VpcIpClaim | EipClaim,
  nowMs: number,
  signal: AbortSignal,
): Promise<ClaimLife> {
  const { namespace = 'default', name } = claim.metadata;
  const { podUID: podUid, nodeName, unboundSince } = claim.status ?? {};
  const userLives = podUid !== undefined && (await podLives(deps, { namespace, name, uid: podUid }, signal));
  const deleted = claim.metadata.deletionTimestamp !== undefined;
  // While its Pod lives nothing follows from the owner, unless somebody, the garbage collector maybe, deleted the claim.
  const asksOwner = claim.spec.owner !== undefined && (deleted || !userLives);
  const ownerGone =
    deps.informers.namespaces.get(namespace)?.metadata.deletionTimestamp !== undefined ||
    (asksOwner && (await isOwnerGone(deps, namespace, claim.spec.owner, signal)));
  const unboundSinceMs = unboundSince === undefined ? undefined : timeOf(unboundSince, nowMs);
  return { deleted, podUid, nodeName, userLives, ownerGone, unboundSinceMs };
}

/** Edited by hand into what is no time: it counts from now on. */
function timeOf(text: string, nowMs: number): number {
  const at = Date.parse(text);
  return Number.isNaN(at) ? nowMs : at;
}

/** The cluster's, for claims that say nothing of their own. */
export function expirySettings({ settings, flags }: Pick<IpamdDeps, 'settings' | 'flags'>): ExpirySettings {
  const values = settings.current();
  return {
    flagMs: flags.claimExpiredMs,
    valueMs: values['vpcCni.claimExpiredDuration'],
    creationSeconds: values['vpcCni.claimExpiredSeconds'],
  };
}

/** Edited by hand into what is no duration: it counts as absent, and is told. */
export function warnOfDuration(
  { recorder }: Pick<IpamdDeps, 'recorder'>,
  regarding: KubeObject,
  where: string,
  text: string | undefined,
): void {
  const read = text === undefined ? undefined : claimDurationMs(text);
  if (read === undefined || read.ok) return;
  const message = `${where}: ${read.problem}; until then the cluster's setting holds`;
  recorder.record({ regarding, type: 'Warning', reason: 'InvalidClaimExpiry', message });
}
