// The Pod as the lab's scheduler, kubelet and controllers read it: the product's narrow view plus what running a Pod needs.
import type { PodCondition } from '../../../src/kube/resources.ts';
import type { KubeObject, Resource } from '../../../src/kube/types.ts';

export interface Toleration {
  key?: string;
  /** Default `Equal`. */
  operator?: 'Equal' | 'Exists';
  value?: string;
  /** Absent: every effect. */
  effect?: string;
  tolerationSeconds?: number;
}

export interface NodeSelectorRequirement {
  key: string;
  operator: string;
  values?: string[];
}

/** All requirements of a term hold together; terms are alternatives. */
export interface NodeSelectorTerm {
  matchExpressions?: NodeSelectorRequirement[];
  matchFields?: NodeSelectorRequirement[];
}

export interface KeyRef {
  name: string;
  key: string;
  optional?: boolean;
}

/** A request or limit; a file must name the container. */
export interface ResourceFieldRef {
  containerName?: string;
  /** Such as `limits.cpu`. */
  resource: string;
  divisor?: string;
}

export interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: {
    fieldRef?: { fieldPath: string };
    configMapKeyRef?: KeyRef;
    secretKeyRef?: KeyRef;
    resourceFieldRef?: ResourceFieldRef;
  };
}

export interface EnvFrom {
  prefix?: string;
  configMapRef?: { name: string; optional?: boolean };
  secretRef?: { name: string; optional?: boolean };
}

export interface HttpGetAction {
  path?: string;
  port: number | string;
  host?: string;
  scheme?: string;
  httpHeaders?: { name: string; value: string }[];
}

export interface Probe {
  httpGet?: HttpGetAction;
  tcpSocket?: { port: number | string; host?: string };
  exec?: { command: string[] };
  grpc?: unknown;
  initialDelaySeconds?: number;
  periodSeconds?: number;
  timeoutSeconds?: number;
  successThreshold?: number;
  failureThreshold?: number;
  /** Of a restart that this probe causes; default the Pod's. */
  terminationGracePeriodSeconds?: number;
}

/** One of exec, httpGet, sleep; tcpSocket is accepted by the API and does nothing. */
export interface LifecycleHandler {
  exec?: { command: string[] };
  httpGet?: HttpGetAction;
  sleep?: { seconds: number };
  tcpSocket?: unknown;
}

export interface LabContainer {
  name: string;
  image?: string;
  imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  command?: string[];
  args?: string[];
  workingDir?: string;
  env?: EnvVar[];
  envFrom?: EnvFrom[];
  ports?: { containerPort: number; name?: string; protocol?: string; hostPort?: number; hostIP?: string }[];
  resources?: { limits?: Record<string, string>; requests?: Record<string, string> };
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean; subPath?: string }[];
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  startupProbe?: Probe;
  lifecycle?: { postStart?: LifecycleHandler; preStop?: LifecycleHandler };
  stdin?: boolean;
  stdinOnce?: boolean;
  tty?: boolean;
  terminationMessagePath?: string;
  terminationMessagePolicy?: string;
  /** `Always` on an init container makes it a sidecar. */
  restartPolicy?: string;
}

export interface KeyToPath {
  key: string;
  path: string;
  mode?: number;
}

export interface DownwardFile {
  path: string;
  fieldRef?: { fieldPath: string };
  resourceFieldRef?: ResourceFieldRef;
}

export interface ProjectedSource {
  configMap?: { name: string; items?: KeyToPath[]; optional?: boolean };
  secret?: { name: string; items?: KeyToPath[]; optional?: boolean };
  downwardAPI?: { items?: DownwardFile[] };
  serviceAccountToken?: { path: string; audience?: string; expirationSeconds?: number };
}

export interface Volume {
  name: string;
  hostPath?: { path: string; type?: string };
  configMap?: { name: string; items?: KeyToPath[]; optional?: boolean; defaultMode?: number };
  secret?: { secretName: string; items?: KeyToPath[]; optional?: boolean; defaultMode?: number };
  emptyDir?: object;
  downwardAPI?: { items?: DownwardFile[] };
  projected?: { sources?: ProjectedSource[]; defaultMode?: number };
}

export interface LabPodSpec {
  nodeName?: string;
  schedulerName?: string;
  schedulingGates?: { name: string }[];
  readinessGates?: { conditionType: string }[];
  activeDeadlineSeconds?: number;
  hostNetwork?: boolean;
  hostname?: string;
  /** Default `ClusterFirst`. */
  dnsPolicy?: string;
  dnsConfig?: { nameservers?: string[]; searches?: string[]; options?: { name?: string; value?: string }[] };
  restartPolicy?: 'Always' | 'OnFailure' | 'Never';
  serviceAccountName?: string;
  nodeSelector?: Record<string, string>;
  affinity?: {
    nodeAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms: NodeSelectorTerm[] } };
  };
  tolerations?: Toleration[];
  terminationGracePeriodSeconds?: number;
  enableServiceLinks?: boolean;
  overhead?: Record<string, string>;
  containers: LabContainer[];
  initContainers?: LabContainer[];
  volumes?: Volume[];
}

export interface LabPodStatus {
  phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  podIP?: string;
  podIPs?: { ip: string }[];
  hostIP?: string;
  startTime?: string;
  reason?: string;
  message?: string;
  conditions?: PodCondition[];
  containerStatuses?: unknown[];
  initContainerStatuses?: unknown[];
}

export interface LabPod extends KubeObject {
  spec: LabPodSpec;
  status?: LabPodStatus;
}

/** `pods` with the wide view. */
export const labPods: Resource<LabPod> = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };

/** True when the Pod will never run again: it needs no resources, no node and no endpoints. */
export function isTerminal(pod: LabPod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** `namespace/name`, the key under which informers keep the object. */
export function podKey(pod: KubeObject): string {
  return `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;
}
