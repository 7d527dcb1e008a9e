// The Nodes and Pods of a hollow cluster: what the API shows of nodes whose Pods are no processes. Pure.
import type { Node, Pod } from '../../src/kube/resources.ts';
import type { KubeletNode } from '../kube/kubelet/kubelet-types.ts';
import { nodeObject, nodeStatusPatch } from '../kube/kubelet/node-object.ts';
import { REGION, ZONES } from '../layout.ts';

/** Selects hollow nodes. */
export const HOLLOW_LABEL = 'lab.trunkline/hollow';

/** 10.240.0.0, which no node of a lab has. */
const FIRST_NODE_ADDRESS = 240 << 16;

/** `10.A.B.C` of a number below 2^24. */
export function addressOf(index: number): string {
  return `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
}

/** The n-th hollow node, a general one with a CVM that no cloud knows. */
export function hollowNode(index: number): KubeletNode {
  const internalIp = addressOf(FIRST_NODE_ADDRESS + index + 1);
  const zone = ZONES[index % ZONES.length] ?? ZONES[0];
  return {
    name: internalIp,
    kind: 'general',
    internalIp,
    providerId: `qcloud:///${zone}/ins-${index.toString(36).padStart(8, '0')}`,
    zone,
    instanceType: 'SA5.LARGE8',
    cpu: 4,
    memoryGiB: 8,
    labels: { [HOLLOW_LABEL]: 'true', 'topology.kubernetes.io/region': REGION },
    taints: [],
  };
}

/** The object to create; its status comes after, by `hollowNodeStatus`. */
export function hollowNodeObject(index: number): Node {
  return nodeObject(hollowNode(index));
}

/** A ready node, as a merge patch of the object. */
export function hollowNodeStatus(index: number, now: string): { readonly status: Record<string, unknown> } {
  return { status: nodeStatusPatch(hollowNode(index), { ready: true, message: '' }, [], now) };
}

/** The n-th of the Pods that go round the nodes. */
export function hollowPod(index: number, nodes: number, namespaces: number): Pod & { metadata: { namespace: string } } {
  const app = `app-${index % 100}`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `hollow-${index}`, namespace: namespaceOf(index % namespaces), labels: { app } },
    spec: {
      nodeName: hollowNode(index % nodes).name,
      automountServiceAccountToken: false,
      containers: [{ name: 'main', image: 'busybox:1.36' }],
    },
  } as Pod & { metadata: { namespace: string } };
}

/** Pods lie in namespaces `hollow-0` and on. */
export function namespaceOf(index: number): string {
  return `hollow-${index}`;
}

/** What a kubelet reports of a Pod with one container that runs. */
export function runningStatus(
  pod: { readonly spec: { readonly containers: readonly { readonly name: string; readonly image?: string }[] } },
  hostIP: string,
  podIP: string,
  now: string,
): Record<string, unknown> {
  const isTrue = (type: string): Record<string, string> => ({ type, status: 'True', lastTransitionTime: now });
  return {
    phase: 'Running',
    hostIP,
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: now,
    conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(isTrue),
    containerStatuses: pod.spec.containers.map(({ name, image = '' }) => ({
      name,
      image,
      imageID: `lab://${image}`,
      containerID: `lab://hollow/${podIP}/${name}`,
      restartCount: 0,
      ready: true,
      started: true,
      state: { running: { startedAt: now } },
      lastState: {},
    })),
  };
}
