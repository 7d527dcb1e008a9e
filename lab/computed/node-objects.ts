// The API objects of nodes and Pods whose data plane is computed instead of run. Pure.
import { labels } from '../../src/api/keys.ts';
import type { Node, Pod } from '../../src/kube/resources.ts';

export interface ComputedNodePlan {
  readonly name: string;
  readonly internalIp: string;
  /** `qcloud:///<zone>/<instance>`. */
  readonly providerId: string;
  readonly instanceType: string;
  readonly zone: string;
}

export function nodeObject(plan: ComputedNodePlan, now: Date): Node {
  const resources = { cpu: '4', memory: '8Gi', pods: '250' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: plan.name,
      labels: {
        [labels.instanceType]: plan.instanceType,
        [labels.zone]: plan.zone,
        'kubernetes.io/hostname': plan.name,
      },
    },
    spec: { providerID: plan.providerId },
    status: {
      capacity: resources,
      allocatable: resources,
      addresses: [
        { type: 'InternalIP', address: plan.internalIp },
        { type: 'Hostname', address: plan.name },
      ],
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'ComputedDataPlane',
          message: 'this node carries no packets',
          lastTransitionTime: now.toISOString(),
        },
      ],
    },
  };
}

/** What a Pod of a computed node is up to. */
export type PodStep =
  | { readonly kind: 'run'; readonly ip: string }
  | { readonly kind: 'finish' }
  | { readonly kind: 'wait'; readonly reason: string }
  | { readonly kind: 'nothing' };

/** `ip` is absent while its VpcENI is not ready, or no shared address is free. */
export function planPod(pod: Pod, ip: string | undefined): PodStep {
  if (pod.metadata.deletionTimestamp !== undefined) return { kind: 'finish' };
  if (pod.status?.phase === 'Running') return { kind: 'nothing' };
  return ip === undefined ? { kind: 'wait', reason: 'it has no address yet' } : { kind: 'run', ip };
}

/** Status of a Pod that runs, as a kubelet writes it. */
export function runningStatus(pod: Pod, ip: string, hostIp: string, now: Date): Record<string, unknown> {
  const at = now.toISOString();
  const condition = (type: string) => ({ type, status: 'True', lastTransitionTime: at });
  return {
    phase: 'Running',
    podIP: ip,
    podIPs: [{ ip }],
    hostIP: hostIp,
    startTime: at,
    conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map(condition),
    containerStatuses: pod.spec.containers.map((container) => ({
      name: container.name,
      image: container.image ?? '',
      imageID: '',
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: at } },
      lastState: {},
    })),
  };
}
