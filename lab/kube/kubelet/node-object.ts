// The Node object that a kubelet registers and the status that it keeps. Pure.
import { isDeepStrictEqual } from 'node:util';
import { labels, resourceNames, SUPER_NODE_INSTANCE_TYPE, taints } from '../../../src/api/keys.ts';
import type { Node, PodCondition } from '../../../src/kube/resources.ts';
import type { CniNetwork } from './cni-config.ts';
import type { KubeletNode } from './kubelet-types.ts';

/** Pods a node takes, the kubelet's default. */
export const MAX_PODS = 110;

export const KUBELET_VERSION = 'v1.32.0-lab';

/** Whether Pods of the node can get a network. */
export interface NetworkState {
  readonly ready: boolean;
  /** Why not; empty when ready. */
  readonly message: string;
  /** As last seen, on a node with CNI. */
  readonly network?: CniNetwork;
}

/** The Node to create: labels, taints and provider id, without status. */
export function nodeObject(node: KubeletNode): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: node.name, labels: nodeLabels(node) },
    spec: { providerID: node.providerId, taints: nodeTaints(node) },
  };
}

/** Labels that a kubelet sets by itself and those of the node's plan, which win. */
export function nodeLabels(node: KubeletNode): Record<string, string> {
  const instanceType = node.kind === 'super' ? SUPER_NODE_INSTANCE_TYPE : node.instanceType;
  return {
    'kubernetes.io/hostname': node.name,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    [labels.instanceType]: instanceType,
    [labels.zone]: node.zone,
    ...node.labels,
  };
}

/** Taints of the node's plan; a super node always keeps out what does not tolerate it (spec 001). */
export function nodeTaints(node: KubeletNode): { key: string; value?: string; effect: string }[] {
  const own = node.taints.map((taint) => ({ ...taint }));
  if (node.kind !== 'super' || own.some((taint) => taint.key === taints.eklet)) return own;
  return [...own, { key: taints.eklet, effect: 'NoSchedule' }];
}

/**
 * GUESS (facts/tke.md section 19, gap 8): each Pod of a super node is a machine with an ENI of its own, so what counts shared and exclusive
 * ENIs, and EIPs, never runs out there; without it a Pod that tolerates super nodes could not go there.
 */
const SUPER_NODE_RESOURCES = {
  [resourceNames.eniIp]: String(MAX_PODS),
  [resourceNames.directEni]: String(MAX_PODS),
  [resourceNames.eip]: String(MAX_PODS),
} as const;

/**
 * The status as a strategic merge patch: cpu, memory and pods are the kubelet's. Capacity of every other resource of a general node is left
 * as others wrote it (DESIGN, expensive decision 7), and what is allocatable of it is that capacity, as real kubelets write it: a hand-made
 * difference goes, and so does what has no capacity any more. `present` is the status as the API has it.
 */
export function nodeStatusPatch(
  node: KubeletNode,
  network: NetworkState,
  before: readonly PodCondition[],
  now: string,
  present: Pick<NonNullable<Node['status']>, 'capacity' | 'allocatable'> = {},
): Record<string, unknown> {
  const resources = {
    ...nodeResources(node),
    pods: String(MAX_PODS),
    ...(node.kind === 'super' ? SUPER_NODE_RESOURCES : {}),
  };
  return {
    capacity: resources,
    allocatable: { ...foreignAllocatable(present), ...resources },
    addresses: [
      { type: 'InternalIP', address: node.internalIp },
      { type: 'Hostname', address: node.name },
    ],
    conditions: nodeConditions(network, before, now),
    nodeInfo: {
      kubeletVersion: KUBELET_VERSION,
      containerRuntimeVersion: 'lab://1',
      operatingSystem: 'linux',
      architecture: 'amd64',
      osImage: 'Trunkline lab',
      machineID: node.name,
      systemUUID: node.providerId,
      bootID: node.name,
      kernelVersion: '',
      kubeProxyVersion: '',
    },
  };
}

/** The machine's own resources. */
/** All that this kubelet says a node offers; others add theirs. */
export function nodeCapacity(node: Pick<KubeletNode, 'cpu' | 'memoryGiB'>): Record<string, string> {
  return { ...nodeResources(node), pods: String(MAX_PODS) };
}

export function nodeResources(node: Pick<KubeletNode, 'cpu' | 'memoryGiB'>): { cpu: string; memory: string } {
  return { cpu: String(node.cpu), memory: `${node.memoryGiB}Gi` };
}

/** What others' resources come to; `null` takes one away. */
function foreignAllocatable({
  capacity = {},
  allocatable = {},
}: Pick<NonNullable<Node['status']>, 'capacity' | 'allocatable'>): Record<string, string | null> {
  const stale = Object.keys(allocatable).filter((name) => isExtended(name) && capacity[name] === undefined);
  return { ...capacity, ...Object.fromEntries(stale.map((name) => [name, null])) };
}

/** A resource outside Kubernetes' own names. */
function isExtended(name: string): boolean {
  return name.includes('/') && !/(?:^|\.)kubernetes\.io\//.test(name);
}

/**
 * What a kubelet that starts does to the extended resources of its Node that is there already: it offers none of them until whoever
 * publishes them says so again. A patch of the status; `undefined` when there are none.
 */
export function resetExtendedResources({ status }: Node): Record<string, unknown> | undefined {
  const names = Object.keys(status?.capacity ?? {}).filter(isExtended);
  if (names.length === 0) return undefined;
  const none = Object.fromEntries(names.map((name) => [name, '0']));
  return { capacity: none, allocatable: none };
}

/** Whether a status patch says more than the API has, apart from the time of it. */
export function differs(patch: Record<string, unknown>, { status = {} }: Pick<Node, 'status'>): boolean {
  const { conditions, ...rest } = patch as { conditions: readonly PodCondition[] };
  const told = (each: PodCondition): readonly unknown[] => [each.type, each.status, each.reason, each.message];
  const isNews = conditions.some(
    (each) => !status.conditions?.some((known) => isDeepStrictEqual(told(known), told(each))),
  );
  return isNews || !isSubset(rest, status);
}

function isSubset(part: unknown, whole: unknown): boolean {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return isDeepStrictEqual(part, whole ?? null);
  if (typeof whole !== 'object' || whole === null) return false;
  return Object.entries(part).every(([key, value]) => isSubset(value, Reflect.get(whole, key)));
}

function nodeConditions(network: NetworkState, before: readonly PodCondition[], now: string): Record<string, string>[] {
  const pressure = (type: string, reason: string, message: string): Record<string, string> => ({
    type,
    status: 'False',
    reason,
    message,
  });
  const ready = network.ready
    ? { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
    : { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: networkNotReadyText(network) };
  return [
    pressure('MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    pressure('DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    pressure('PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    ready,
  ].map((condition) => {
    const known = before.find((each) => each.type === condition['type'] && each.status === condition['status']);
    return { ...condition, lastHeartbeatTime: now, lastTransitionTime: known?.lastTransitionTime ?? now };
  });
}

/** The kubelet's usual words for a runtime without a CNI configuration. */
export function networkNotReadyText(network: NetworkState): string {
  return `container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: ${network.message}`;
}
