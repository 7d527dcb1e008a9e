// Why a node refuses a Pod, by the filters that look at the node alone: in the order and words of kube-scheduler.
import { matchesNode, tolerates, untoleratedTaint } from './node-match.ts';
import type { NodeInfo } from './node-info.ts';
import type { Resources } from './requests.ts';
import type { SchedPod } from './view.ts';

/** A node's answer. */
export interface Refusal {
  /** Each as it is counted in the message, e.g. `Insufficient cpu`. */
  readonly reasons: readonly string[];
  /** Whether the node might take the Pod if other Pods went. */
  readonly curable: boolean;
}

const UNSCHEDULABLE_TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

export const incurable = (reason: string): Refusal => ({ reasons: [reason], curable: false });
export const curable = (...reasons: string[]): Refusal => ({ reasons, curable: true });

/** The first filter that fails speaks; `undefined` when the node would take the Pod. `requests` are the Pod's. Pure. */
export function refusalOfNode(pod: SchedPod, requests: Resources, info: NodeInfo): Refusal | undefined {
  const { node } = info;
  const tolerations = pod.spec.tolerations ?? [];
  if (
    node.spec?.unschedulable === true &&
    !tolerations.some((toleration) => tolerates(toleration, UNSCHEDULABLE_TAINT))
  )
    return incurable('node(s) were unschedulable');
  const taint = untoleratedTaint(node.spec?.taints ?? [], tolerations);
  if (taint !== undefined) return incurable(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`);
  if (!matchesNode(pod.spec, node)) return incurable("node(s) didn't match Pod's node affinity/selector");
  if (hostPortsClash(pod, info.pods)) return curable("node(s) didn't have free ports for the requested pod ports");
  const shortages = shortagesOf(requests, info);
  return shortages.length === 0 ? undefined : curable(...shortages);
}

function shortagesOf(requests: Resources, { allocatable, used }: NodeInfo): string[] {
  return [...requests]
    .filter(([name, amount]) => amount > 0 && (used.get(name) ?? 0) + amount > (allocatable.get(name) ?? 0))
    .map(([name]) => (name === 'pods' ? 'Too many pods' : `Insufficient ${name}`));
}

interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

const ANY = '0.0.0.0';

function hostPortsOf(pod: SchedPod): HostPort[] {
  return pod.spec.containers
    .flatMap((container) => (container.ports ?? []) as { hostPort?: number; hostIP?: string; protocol?: string }[])
    .filter(({ hostPort }) => hostPort !== undefined && hostPort > 0)
    .map(({ hostPort = 0, hostIP, protocol }) => ({
      ip: hostIP === undefined || hostIP === '' ? ANY : hostIP,
      protocol: protocol ?? 'TCP',
      port: hostPort,
    }));
}

function hostPortsClash(pod: SchedPod, others: readonly SchedPod[]): boolean {
  const wanted = hostPortsOf(pod);
  if (wanted.length === 0) return false;
  const taken = others.flatMap(hostPortsOf);
  return wanted.some((one) =>
    taken.some(
      (other) =>
        one.port === other.port &&
        one.protocol === other.protocol &&
        (one.ip === other.ip || one.ip === ANY || other.ip === ANY),
    ),
  );
}
