// The built-in Kubernetes resources that our programs read or write, with the narrow views they need.
import type { Condition, KubeObject, ObjectMeta, Resource } from './types.ts';

export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'; values?: string[] }[];
}

export interface Container {
  name: string;
  image?: string;
  command?: string[];
  args?: string[];
  env?: { name: string; value?: string; valueFrom?: Record<string, unknown> }[];
  ports?: { containerPort: number; name?: string; protocol?: string; hostPort?: number; hostIP?: string }[];
  resources?: { limits?: Record<string, string>; requests?: Record<string, string> };
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean; subPath?: string }[];
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  startupProbe?: Probe;
}

export interface Probe {
  httpGet?: { port: number | string };
  tcpSocket?: { port: number | string };
  grpc?: { port: number };
}

export interface Pod extends KubeObject {
  spec: {
    nodeName?: string;
    hostNetwork?: boolean;
    serviceAccountName?: string;
    nodeSelector?: Record<string, string>;
    affinity?: {
      nodeAffinity?: {
        requiredDuringSchedulingIgnoredDuringExecution?: {
          nodeSelectorTerms: {
            matchExpressions?: { key: string; operator: string; values?: string[] }[];
            matchFields?: { key: string; operator: string; values?: string[] }[];
          }[];
        };
      };
    };
    terminationGracePeriodSeconds?: number;
    containers: Container[];
    initContainers?: Container[];
  };
  status?: {
    phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
    podIP?: string;
    podIPs?: { ip: string }[];
    hostIP?: string;
    conditions?: PodCondition[];
    containerStatuses?: unknown[];
  };
}

export interface PodCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

export interface Node extends KubeObject {
  spec?: {
    providerID?: string;
    podCIDRs?: string[];
    unschedulable?: boolean;
    taints?: { key: string; value?: string; effect: string }[];
  };
  status?: {
    capacity?: Record<string, string>;
    allocatable?: Record<string, string>;
    addresses?: { type: string; address: string }[];
    conditions?: PodCondition[];
    nodeInfo?: Record<string, string>;
  };
}

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
}

export interface Secret extends KubeObject {
  type?: string;
  /** Base64. */
  data?: Record<string, string>;
  stringData?: Record<string, string>;
}

export interface ServiceAccount extends KubeObject {
  metadata: ObjectMeta;
}

export interface Namespace extends KubeObject {
  status?: { phase?: string; conditions?: Condition[] };
}

export interface Service extends KubeObject {
  spec?: {
    type?: string;
    selector?: Record<string, string>;
    ports?: { port: number; protocol?: string; targetPort?: number | string; nodePort?: number }[];
    externalTrafficPolicy?: string;
  };
}

export interface NetworkPolicy extends KubeObject {
  spec?: { podSelector?: LabelSelector };
}

export interface Lease extends KubeObject {
  spec?: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
    leaseTransitions?: number;
  };
}

export interface WithConditions extends KubeObject {
  status?: { conditions?: Condition[] };
}

const core = <T extends KubeObject>(plural: string, kind: string, namespaced: boolean): Resource<T> => ({
  group: '',
  version: 'v1',
  plural,
  kind,
  namespaced,
});

export const pods = core<Pod>('pods', 'Pod', true);
export const nodes = core<Node>('nodes', 'Node', false);
export const namespaces = core<Namespace>('namespaces', 'Namespace', false);
export const configMaps = core<ConfigMap>('configmaps', 'ConfigMap', true);
export const secrets = core<Secret>('secrets', 'Secret', true);
export const serviceAccounts = core<ServiceAccount>('serviceaccounts', 'ServiceAccount', true);
export const services = core<Service>('services', 'Service', true);
export const events = core<KubeObject>('events', 'Event', true);
export const leases: Resource<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
};
export const networkPolicies: Resource<NetworkPolicy> = {
  group: 'networking.k8s.io',
  version: 'v1',
  plural: 'networkpolicies',
  kind: 'NetworkPolicy',
  namespaced: true,
};
export const deployments: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  namespaced: true,
};
export const daemonSets: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'daemonsets',
  kind: 'DaemonSet',
  namespaced: true,
};
export const mutatingWebhookConfigurations: Resource = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'mutatingwebhookconfigurations',
  kind: 'MutatingWebhookConfiguration',
  namespaced: false,
};
export const validatingWebhookConfigurations: Resource = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'validatingwebhookconfigurations',
  kind: 'ValidatingWebhookConfiguration',
  namespaced: false,
};
