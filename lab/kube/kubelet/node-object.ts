// The Node object that a kubelet registers and the status that it keeps. Pure.
import { labels, SUPER_NODE_INSTANCE_TYPE, taints } from '../../../src/api/keys.ts';
import type { Node, PodCondition } from '../../../src/kube/resources.ts';
import type { KubeletNode } from './kubelet-types.ts';

/** Pods a node takes, the kubelet's default. */
export const MAX_PODS = 110;

export const KUBELET_VERSION = 'v1.32.0-lab';

/** Whether Pods of the node can get a network. */
export interface NetworkState {
  readonly ready: boolean;
  /** Why not; empty when ready. */
  readonly message: string;
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
 * The status as a strategic merge patch: cpu, memory and pods are the kubelet's, every other resource in capacity and
 * allocatable is left as others wrote it (DESIGN, expensive decision 7).
 */
export function nodeStatusPatch(
  node: KubeletNode,
  network: NetworkState,
  before: readonly PodCondition[],
  now: string,
): Record<string, unknown> {
  const resources = { cpu: String(node.cpu), memory: `${node.memoryGiB}Gi`, pods: String(MAX_PODS) };
  return {
    capacity: resources,
    allocatable: resources,
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
