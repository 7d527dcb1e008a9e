// What a claim holds, behind one interface: an address on a shared ENI, or a sub-ENI.
import type { VpcIpClaim } from '../../api/vpc-ip-claim.ts';
import { vpcIps } from '../../api/vpc-ip.ts';
import type { VpcIp } from '../../api/vpc-ip.ts';
import { keyOf } from '../../kube/object-key.ts';
import type { IpamdDeps } from '../deps.ts';
import { deleteVpcIp } from '../vpc-ip/status.ts';
import type { ClaimObstacle } from './status.ts';

export interface Held {
  /** Absent while it has none yet. */
  readonly ip: string | undefined;
  /** The Pod that may use it now. */
  readonly podUid: string | undefined;
  /** That Pod can use it. */
  readonly ready: boolean;
  /** Why it cannot yet, where the holding knows. */
  readonly obstacle?: { readonly reason: string; readonly message: string };
  /** The cloud would not give it: whoever deletes the claim then wants the Pod to have another one. */
  readonly refused?: boolean;
}

/** Each method reads caches and our own newest writes; only `relink` and `giveUp` write. */
export interface ClaimHolding {
  /** Of a kind that is only recorded: why its claims never hold anything. */
  readonly refusal?: ClaimObstacle;
  held(claim: VpcIpClaim): Held | undefined;
  /** Takes over what an earlier claim of the same name held and nobody gave up. */
  relink(claim: VpcIpClaim, signal: AbortSignal): Promise<void>;
  /** What it holds is to go once nobody can be using it; idempotent. True: that is seen to without the claim, which may go. */
  giveUp(claim: VpcIpClaim, signal: AbortSignal): Promise<boolean>;
}

/** The VpcIPs of a claim's namespace and name, newest versions. */
export function vpcIpsOf(deps: Pick<IpamdDeps, 'informers' | 'vips'>, claim: VpcIpClaim): readonly VpcIp[] {
  const key = keyOf(claim);
  const isOf = ({ spec: { claim } }: VpcIp): boolean =>
    claim !== undefined && `${claim.namespace}/${claim.name}` === key;
  const cached = deps.informers.vpcIps.byIndex('claim', key);
  const unseen = deps.vips.unseen();
  // What the cache shows is the newest then: so it is at nearly every look.
  if (unseen.length === 0) return cached;
  const names = [...cached, ...unseen.filter(isOf)].map((vip) => vip.metadata.name);
  return [...new Set(names)].flatMap((ip) => {
    const vip = deps.vips.latest(ip);
    return vip !== undefined && isOf(vip) ? [vip] : [];
  });
}

/** The VpcIP that a claim holds: of its uid, and not deleted. */
export const vpcIpOf = (deps: Pick<IpamdDeps, 'informers' | 'vips'>, claim: VpcIpClaim): VpcIp | undefined =>
  vpcIpsOf(deps, claim).find(
    (vip) => vip.spec.claim?.uid === claim.metadata.uid && vip.metadata.deletionTimestamp === undefined,
  );

/** Claims of kind Shared. */
export function createSharedHolding(deps: Pick<IpamdDeps, 'informers' | 'vips' | 'client'>): ClaimHolding {
  return {
    held: (claim) => {
      const vip = vpcIpOf(deps, claim);
      if (vip === undefined) return undefined;
      const { phase, podUID } = vip.status ?? {};
      return { ip: vip.metadata.name, podUid: podUID, ready: phase === 'Assigned' };
    },
    relink: async (claim, signal) => {
      if (vpcIpOf(deps, claim) !== undefined) return;
      const left = vpcIpsOf(deps, claim).find((vip) => vip.metadata.deletionTimestamp === undefined);
      if (left?.spec.claim === undefined) return;
      const { name, resourceVersion } = left.metadata;
      const spec = { claim: { ...left.spec.claim, uid: claim.metadata.uid ?? '' } };
      const body = { metadata: { resourceVersion }, spec };
      deps.vips.wrote(await deps.client.patch(vpcIps, name, { type: 'merge', body }, { signal }));
    },
    giveUp: async (claim) => {
      for (const vip of vpcIpsOf(deps, claim))
        if (vip.spec.claim?.uid === claim.metadata.uid) await deleteVpcIp(deps, vip);
      return true;
    },
  };
}
