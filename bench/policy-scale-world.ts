// The cluster that an edit of a policy is measured in: caches in memory, filled with policies, Pods that admission has marked, and their sub-ENIs.
import { encodeAdmissionDecision } from '../src/api/admission-decision.ts';
import { annotations } from '../src/api/keys.ts';
import type { SecurityGroupPolicy } from '../src/api/security-group-policy.ts';
import { subEniName, type VpcEni } from '../src/api/vpc-eni.ts';
import type { WorkingPod } from '../src/controllers/views.ts';
import { keyOf } from '../src/kube/object-key.ts';
import { nodes, pods, serviceAccounts } from '../src/kube/resources.ts';
import { securityGroupPolicies } from '../src/api/security-group-policy.ts';
import { vpcEnis } from '../src/api/vpc-eni.ts';
import type { Informer, InformerChange, KubeObject, Resource } from '../src/kube/types.ts';

export interface Shape {
  readonly namespaces: number;
  readonly policies: number;
  readonly pods: number;
  /** Every Pod has labels that no other has, as those of a StatefulSet. */
  readonly uniqueLabels: boolean;
}

export interface MemoryInformer<T extends KubeObject> extends Informer<T> {
  put(object: T): void;
}

/** A cache that is told what there is, in place of a watch. */
function memoryInformer<T extends KubeObject>(resource: Resource): MemoryInformer<T> {
  const store = new Map<string, T>();
  const handlers = new Set<(change: InformerChange<T>) => void>();
  return {
    resource,
    run: () => Promise.resolve(),
    synced: Promise.resolve(),
    hasSynced: true,
    get: (key) => store.get(key),
    list: () => [...store.values()],
    byIndex: (_, namespace) => [...store.values()].filter(({ metadata }) => metadata.namespace === namespace),
    onChange: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    lastActivityMs: 0,
    put: (after) => {
      const key = keyOf(after);
      const before = store.get(key);
      store.set(key, after);
      const change: InformerChange<T> =
        before === undefined ? { type: 'added', key, after } : { type: 'updated', key, before, after };
      for (const handler of handlers) handler(change);
    },
  };
}

export interface ScaleWorld {
  readonly informers: {
    readonly pods: MemoryInformer<WorkingPod>;
    readonly policies: MemoryInformer<SecurityGroupPolicy>;
    readonly vpcEnis: MemoryInformer<VpcEni>;
    readonly serviceAccounts: MemoryInformer<KubeObject>;
    readonly nodes: MemoryInformer<KubeObject>;
  };
  /** `index` counts from 0; its groups are those of `generation`. */
  policy(index: number, generation: number): SecurityGroupPolicy;
}

const groupOf = (index: number, generation: number): string =>
  `sg-${(index * 10 + (generation % 10)).toString(36).padStart(8, '0')}`;

/** Policy n selects the Pods of app n; a third of them by matchExpressions. */
export function fillScaleWorld(shape: Shape): ScaleWorld {
  const namespaceOf = (index: number): string => `team-${index % shape.namespaces}`;
  const policy = (index: number, generation: number): SecurityGroupPolicy => ({
    apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
    kind: 'SecurityGroupPolicy',
    metadata: {
      name: `policy-${index}`,
      namespace: namespaceOf(index),
      uid: `policy-uid-${index}`,
      generation,
      resourceVersion: String(generation),
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: {
      podSelector:
        index % 3 === 0
          ? { matchExpressions: [{ key: 'app', operator: 'In', values: [`app-${index}`, `app-${index}-canary`] }] }
          : { matchLabels: { app: `app-${index}` } },
      securityGroups: { groupIds: [groupOf(index, generation)] },
      updateStrategy: { type: 'Live' },
    },
  });
  const informers: ScaleWorld['informers'] = {
    pods: memoryInformer(pods),
    policies: memoryInformer(securityGroupPolicies),
    vpcEnis: memoryInformer(vpcEnis),
    serviceAccounts: memoryInformer(serviceAccounts),
    nodes: memoryInformer(nodes),
  };
  for (let index = 0; index < shape.policies; index += 1) informers.policies.put(policy(index, 1));
  const templates = Array.from({ length: shape.policies }, (_, app) => ({ app: `app-${app}`, tier: 'front' }));
  for (let index = 0; index < shape.pods; index += 1) {
    const app = index % shape.policies;
    const pod = { namespace: namespaceOf(app), name: `pod-${index}`, uid: `pod-uid-${index}` };
    const labels = templates[app] ?? {};
    informers.pods.put(podOf(pod, shape.uniqueLabels ? { ...labels, 'pod-index': `${index}` } : labels, app));
    informers.vpcEnis.put(eniOf(pod, groupOf(app, 1)));
  }
  return { informers, policy };
}

interface PodName {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

function podOf(pod: PodName, labels: Record<string, string>, app: number): WorkingPod {
  const decision = encodeAdmissionDecision({
    policies: [{ name: `policy-${app}`, uid: `policy-uid-${app}`, generation: 1 }],
    groups: [groupOf(app, 1)],
    outcome: 'sub-eni',
  });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...pod, resourceVersion: '1', labels, annotations: { [annotations.admissionDecision]: decision } },
    serviceAccountName: 'default',
    nodeName: 'node-1',
    hostNetwork: false,
    ended: false,
    podIp: undefined,
    listens: { named: {}, probes: [] },
    scheduledAt: undefined,
    requestsExclusive: false,
  };
}

const eniOf = (pod: PodName, group: string): VpcEni => ({
  apiVersion: 'networking.tke.cloud.tencent.com/v1',
  kind: 'VpcENI',
  metadata: { name: subEniName(pod.uid), uid: `eni-${pod.uid}`, resourceVersion: '1' },
  spec: { type: 'SubENI', nodeName: 'node-1', pod: { ...pod }, securityGroups: [group] },
  status: {
    phase: 'Ready',
    eni: {
      eniID: `eni-${pod.uid}`,
      macAddress: '02:00:00:00:00:01',
      addresses: [],
      subnetID: 'subnet-00000001',
      subnetCIDR: '10.0.0.0/16',
      gateway: '10.0.0.1',
      securityGroups: [group],
    },
  },
});
