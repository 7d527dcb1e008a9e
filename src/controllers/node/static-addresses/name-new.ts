// Names new addresses in a subnet where the cloud, asked by number, gave one that is kept: else it could be given and taken back in rounds for ever.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { freeNames } from '../../../planning/free-names.ts';
import type { StaticDeps } from './facts.ts';
import type { Naming } from './memory.ts';

/**
 * Addresses that nobody of this cluster has, keeps or wishes for, as far as the caches tell; the cloud refuses one that somebody else has. Empty: what is
 * free in the subnet is kept, all of it.
 */
export async function nameNew(
  { deps, memory }: StaticDeps,
  eni: VpcEni,
  { subnetId, count, naming }: { readonly subnetId: string; readonly count: number; readonly naming: Naming },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { informers } = deps;
  const [subnet] = await deps.cloud.describeSubnets([subnetId], { signal, priority: 'waiting-pod' });
  if (subnet === undefined) return [];
  const here = new Set(memory.eni(eni.metadata.uid ?? '').seen?.addresses.map(({ ip }) => ip));
  const kept = informers.vpcIps
    .list()
    .filter(
      ({ metadata, spec, status }) =>
        spec.subnetID === subnetId && status?.eniID === undefined && !here.has(metadata.name),
    );
  const free = subnet.availableIpCount - kept.length;
  const known = new Set([
    ...here,
    ...informers.vpcEnis.list().flatMap(({ status }) => status?.eni?.addresses.map(({ ip }) => ip) ?? []),
    ...informers.vpcIpClaims.list().flatMap(({ spec }) => spec.nominatedIP ?? []),
  ]);
  return freeNames(subnet.cidr, {
    after: naming.given,
    // After a refusal one at a time, so that no other is refused with it.
    count: Math.min(count, free, naming.refusals === 0 ? count : 1),
    taken: (ip) => known.has(ip) || naming.tried.has(ip) || deps.vips.latest(ip) !== undefined,
  });
}
