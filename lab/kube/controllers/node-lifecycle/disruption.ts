// Whether Pods are evicted from nodes of a zone: not where so much is down that the fault is elsewhere. Pure.
import type { Node } from '../../../../src/kube/resources.ts';
import { readyStatus } from './health.ts';

/** As kube-controller-manager's defaults: unhealthy-zone-threshold, large-cluster-size-threshold and the two eviction rates. */
const UNHEALTHY_SHARE = 0.55;
const LARGE_ZONE = 50;
const RATE_PER_SECOND = 0.1;
const SECONDARY_RATE_PER_SECOND = 0.01;

/** Nodes are compared within their region and zone. */
export const zoneOf = ({ metadata: { labels } }: Node): string =>
  `${labels?.['topology.kubernetes.io/region'] ?? ''}:${labels?.['topology.kubernetes.io/zone'] ?? ''}`;

/** Nodes per second that may be given up in each zone; 0 is none. When every zone is down nothing is given up at all. */
export function evictionRates(nodes: readonly Node[]): ReadonlyMap<string, number> {
  const zones = new Map<string, Node[]>();
  for (const node of nodes) {
    const members = zones.get(zoneOf(node));
    if (members === undefined) zones.set(zoneOf(node), [node]);
    else members.push(node);
  }
  const isDown = (members: readonly Node[]): boolean => members.every((node) => readyStatus(node) !== 'True');
  const allDown = [...zones.values()].every(isDown);
  return new Map(
    [...zones].map(([zone, members]) => {
      const down = members.filter((node) => readyStatus(node) !== 'True').length;
      if (allDown) return [zone, 0];
      if (isDown(members)) return [zone, RATE_PER_SECOND];
      if (down > 2 && down / members.length >= UNHEALTHY_SHARE)
        return [zone, members.length > LARGE_ZONE ? SECONDARY_RATE_PER_SECOND : 0];
      return [zone, RATE_PER_SECOND];
    }),
  );
}
