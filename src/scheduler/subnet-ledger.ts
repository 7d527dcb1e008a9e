// Free addresses of the container subnets: as ipamd reported them last, corrected by what was taken and given back since, less what Pods keep.
import { decodeSubnetReport } from '../api/subnet-report.ts';
import type { Clock } from '../base/clock.ts';
import type { ConfigMap } from '../kube/resources.ts';
import type { Informer } from '../kube/types.ts';
import type { PlacementSubnet } from '../planning/placement.ts';
import type { AddressView } from './views.ts';

export interface KnownSubnet extends PlacementSubnet {
  readonly cidr: string;
  /** One of the cluster's, in which every node's ENIs may be. */
  readonly container: boolean;
}

/** What changed so long before a report came may be missing in it. */
const REPORT_LAG_MS = 5_000;
/** What changed before that is in the report, whether it was written anew or not: ipamd asks the cloud every minute. */
const REPORTED_MS = 90_000;

/** The answers follow the two informers. An address that is kept for nobody's Pod at the moment is free in the cloud, and not for others (facts/tke.md 6.2, rule 5). */
export function createSubnetLedger(
  clock: Clock,
  addresses: Pick<Informer<AddressView>, 'onChange' | 'hasSynced'>,
  report: Pick<Informer<ConfigMap>, 'onChange'>,
): { subnets(): readonly KnownSubnet[] } {
  const kept = new Map<string, number>();
  let reported = decodeSubnetReport(undefined);
  let moves: { readonly subnetId: string; readonly by: number; readonly at: number }[] = [];
  const keep = (subnetId: string, by: number): void => void kept.set(subnetId, (kept.get(subnetId) ?? 0) + by);
  const isOnEni = (address: AddressView | undefined): boolean => address?.eniId !== undefined;
  const isKept = (address: AddressView | undefined): boolean =>
    address !== undefined && !isOnEni(address) && address.claimUid !== undefined;

  addresses.onChange(({ before, after }) => {
    if (before !== undefined && isKept(before)) keep(before.subnetId, -1);
    if (after !== undefined && isKept(after)) keep(after.subnetId, 1);
    const [was, is] = [isOnEni(before), isOnEni(after)];
    const subnetId = (after ?? before)?.subnetId;
    // What was there at the start is in the report.
    if (subnetId === undefined || was === is || !addresses.hasSynced) return;
    moves.push({ subnetId, by: is ? -1 : 1, at: clock.monotonicMs() });
  });
  report.onChange(({ after }) => {
    reported = decodeSubnetReport(after?.data);
    moves = moves.filter(({ at }) => at >= clock.monotonicMs() - REPORT_LAG_MS);
  });
  return {
    subnets: () => {
      moves = moves.filter(({ at }) => at >= clock.monotonicMs() - REPORTED_MS);
      const moved = new Map<string, number>();
      for (const { subnetId, by } of moves) moved.set(subnetId, (moved.get(subnetId) ?? 0) + by);
      return [...reported].map(([subnetId, { zone, cidr, available, container }]) => ({
        subnetId,
        zone,
        cidr,
        container,
        free: available + (moved.get(subnetId) ?? 0) - (kept.get(subnetId) ?? 0),
      }));
    },
  };
}
