// Whether a node still gives signs of life, and what its conditions say when it does not. Pure.
import type { Lease, Node, PodCondition } from '../../../../src/kube/resources.ts';
import { rfc3339 } from '../../../../src/kube/times.ts';

/** node-monitor-grace-period of kube-controller-manager: silence after which a node is no longer known to be well. */
export const MONITOR_GRACE_MS = 40_000;
/** node-startup-grace-period: the same for a node that was never heard. */
export const STARTUP_GRACE_MS = 60_000;

const WATCHED = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;

interface Heartbeat extends PodCondition {
  lastHeartbeatTime?: string;
}

/** What was last heard of a node, and when by the watcher's own clock: timestamps of the node are compared with each other only. */
export interface LastHeard {
  readonly signs: string;
  readonly atMs: number;
}

const readyOf = (node: Node): Heartbeat | undefined =>
  node.status?.conditions?.find(({ type }) => type === 'Ready') as Heartbeat | undefined;

export const readyStatus = (node: Node): string => readyOf(node)?.status ?? 'Unknown';

/**
 * Every change of this text is a sign of life. `undefined` for a node that has conditions but neither Lease nor heartbeats: nobody runs it, it was
 * made to be looked at, and stays as its maker says.
 */
function signsOf(node: Node, lease: Lease | undefined): string | undefined {
  const ready = readyOf(node);
  if (lease === undefined && ready !== undefined && ready.lastHeartbeatTime === undefined) return undefined;
  const conditions = (node.status?.conditions ?? []) as Heartbeat[];
  return JSON.stringify([
    lease?.spec?.renewTime,
    // What we write ourselves is no sign of the node's.
    conditions
      .filter(({ status }) => status !== 'Unknown')
      .map(({ type, status, lastHeartbeatTime }) => [type, status, lastHeartbeatTime]),
  ]);
}

export type Health =
  | { readonly kind: 'unwatched' }
  | { readonly kind: 'alive'; readonly heard: LastHeard; readonly silentInMs: number }
  | { readonly kind: 'silent'; readonly heard: LastHeard };

/** `before`: what was known at the last look; `nowMs`: monotonic. */
export function healthOf(node: Node, lease: Lease | undefined, before: LastHeard | undefined, nowMs: number): Health {
  const signs = signsOf(node, lease);
  if (signs === undefined) return { kind: 'unwatched' };
  // Conditions that we made Unknown change the text as well; only more signs than before count.
  const isNews =
    before === undefined ||
    (before.signs !== signs && readyStatus(node) !== 'Unknown') ||
    leaseOf(before.signs) !== leaseOf(signs);
  const heard = isNews ? { signs, atMs: nowMs } : { signs, atMs: before.atMs };
  const grace = lease === undefined && readyOf(node) === undefined ? STARTUP_GRACE_MS : MONITOR_GRACE_MS;
  const left = heard.atMs + grace - nowMs;
  return left > 0 ? { kind: 'alive', heard, silentInMs: left } : { kind: 'silent', heard };
}

const leaseOf = (signs: string): unknown => (JSON.parse(signs) as unknown[])[0];

/** The conditions that turn Unknown because nothing was heard; none when they are so already. */
export function silentConditions(node: Node, now: Date): Heartbeat[] {
  const known = (node.status?.conditions ?? []) as Heartbeat[];
  return WATCHED.flatMap((type): Heartbeat[] => {
    const condition = known.find((each) => each.type === type);
    if (condition?.status === 'Unknown') return [];
    const never = { reason: 'NodeStatusNeverUpdated', message: 'Kubelet never posted node status.' };
    const stopped = { reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' };
    return [
      {
        type,
        status: 'Unknown',
        ...(condition === undefined ? never : stopped),
        lastHeartbeatTime: condition?.lastHeartbeatTime ?? node.metadata.creationTimestamp ?? rfc3339(now),
        lastTransitionTime: rfc3339(now),
      },
    ];
  });
}
