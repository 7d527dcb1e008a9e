// Claims of kind SubENI: what holds the number is the sub-ENI of the claim's Pod, or the one that its former Pod left on its trunk.
import type { VpcEni } from '../../api/vpc-eni.ts';
import type { VpcIpClaim } from '../../api/vpc-ip-claim.ts';
import { keyOf } from '../../kube/object-key.ts';
import type { IpamdDeps } from '../deps.ts';
import type { ClaimHolding, Held } from './holding.ts';

/**
 * There is no VpcIP: a sub-ENI's address comes and goes with it (spec 002). Between the sub-ENI of one Pod and that of the next the number
 * stands in the claim's status alone.
 */
export function createSubEniHolding(deps: Pick<IpamdDeps, 'informers' | 'enis'>): ClaimHolding {
  return {
    held: (claim) => heldBySubEni(subEnisOf(deps, claim), claim),
    // Found by the name of the Pod, which is the claim's.
    relink: () => Promise.resolve(),
    // The life-cycle of the sub-ENI lets it go once the claim is on its way out; a claim made anew must not find it again.
    giveUp: (claim) => Promise.resolve(subEnisOf(deps, claim).every((eni) => eni.spec.claimed !== true)),
  };
}

/** Newest versions of the sub-ENIs of Pods of the claim's name. */
function subEnisOf({ informers, enis }: Pick<IpamdDeps, 'informers' | 'enis'>, claim: VpcIpClaim): readonly VpcEni[] {
  const key = keyOf(claim);
  const cached = informers.vpcEnis.byIndex('pod', key).map(({ metadata }) => metadata.name);
  const unseen = enis.unseen().map(({ metadata }) => metadata.name);
  return [...new Set([...cached, ...unseen])].flatMap((name) => {
    const eni = enis.latest(name);
    const pod = eni?.spec.pod;
    return eni !== undefined && pod !== undefined && `${pod.namespace}/${pod.name}` === key ? [eni] : [];
  });
}

function heldBySubEni(subEnis: readonly VpcEni[], claim: VpcIpClaim): Held | undefined {
  const own = subEnis.find((eni) => eni.spec.pod?.uid === claim.status?.podUID);
  const carrier = own?.status?.eni === undefined ? subEnis.find((eni) => eni.status?.eni !== undefined) : own;
  const ip = carrier?.status?.eni?.addresses[0]?.ip ?? claim.status?.vpcIP;
  if (ip === undefined && own === undefined) return undefined;
  const told = own?.status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'False');
  return {
    ip,
    podUid: own?.spec.pod?.uid,
    ready: own?.status?.phase === 'Ready',
    ...(told === undefined ? {} : { obstacle: { reason: told.reason, message: told.message } }),
    refused: own !== undefined && isRefused(own),
  };
}

/** Also while it is asked for again: the reason stays to be read until something else is known. */
const isRefused = ({ status }: VpcEni): boolean =>
  status?.eni === undefined &&
  (status?.phase === 'Failed' ||
    (status?.phase === 'Creating' &&
      status.conditions?.some(({ type, reason }) => type === 'Ready' && reason !== 'Creating') === true));
