// Subnets: nearly full ones, unknown ones, and zones that have none.
import { decodeAddonValues } from '../../../api/addon-values.ts';
import { objectNames } from '../../../api/keys.ts';
import { gapOf } from '../../picture/picture.ts';
import { type Check, type Finding, unknown } from '../check.ts';

/** Below this share of free addresses a subnet is told of; below `FEW` it is a problem. */
const LOW_SHARE = 0.1;
const FEW = 8;

export const subnets: Check = {
  id: 'subnets',
  title: 'container subnets have room, in every zone with nodes',
  run: ({ picture }) => {
    const map = picture.kube.configMaps.find(({ metadata }) => metadata.name === objectNames.addonValues);
    const decoded = decodeAddonValues(map?.data);
    if (!decoded.ok) return [];
    const { cloud } = picture;
    const gap =
      cloud === undefined ? (gapOf(picture, 'cloud') ?? 'the cloud was not asked') : gapOf(picture, 'subnets');
    if (cloud === undefined || gap !== undefined) return [unknown('container subnets', gap ?? '')];
    const known = new Map(cloud.subnets.map((subnet) => [subnet.subnetId, subnet]));
    const listed = decoded.values.subnetIds;
    const findings = listed.flatMap((id): Finding[] => {
      const subnet = known.get(id);
      // One without any ENI is not in the listing of those that have some; it may be all free.
      if (subnet === undefined) return [];
      const size = sizeOf(subnet.cidr);
      const free = subnet.availableIpCount;
      if (free >= FEW && free >= size * LOW_SHARE) return [];
      return [
        {
          severity: free < FEW ? 'problem' : 'warning',
          subject: id,
          message: `${free} of ${size} addresses of ${subnet.cidr} in ${subnet.zone} are free`,
          fix: {
            text: `add a container subnet in ${subnet.zone} to subnetIds of ConfigMap ${objectNames.systemNamespace}/${objectNames.addonValues}`,
            automatic: false,
          },
        },
      ];
    });
    const zones = new Set(listed.flatMap((id) => known.get(id)?.zone ?? []));
    const allKnown = listed.every((id) => known.has(id));
    const bare = new Set(
      picture.kube.nodeEniConfigs.flatMap(({ spec }) => spec.zone ?? []).filter((zone) => !zones.has(zone)),
    );
    return [
      ...findings,
      ...[...bare]
        .filter(() => allKnown)
        .map(
          (zone): Finding => ({
            severity: 'problem',
            subject: `zone ${zone}`,
            message: 'it has nodes and no container subnet: their Pods get no address',
            fix: { text: `add a subnet of ${zone} to subnetIds`, automatic: false },
          }),
        ),
    ];
  },
};

/** Addresses that the cloud gives out of a subnet: all but three (facts of the cloud API, section 18). */
export function sizeOf(cidr: string): number {
  const prefix = Number(cidr.split('/')[1] ?? 32);
  return Math.max(0, 2 ** (32 - prefix) - 3);
}
