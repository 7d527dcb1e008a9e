// What a kubelet of the lab is given, and what it offers.
import type { Clock } from '../../../src/base/clock.ts';
import type { Logger } from '../../../src/base/logger.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import type { ExecResult, LabHost } from '../../host/types.ts';
import type { NodeStreams } from '../apiserver/index.ts';
import type { ImageTable } from './images.ts';
import type { LabPod } from './pod-view.ts';
import type { ClusterDns } from './resolv-conf.ts';

/** A node of the lab. */
export interface KubeletNode {
  readonly name: string;
  readonly internalIp: string;
  /** `spec.providerID`. */
  readonly providerId: string;
  readonly zone: string;
  /** Label `node.kubernetes.io/instance-type`. */
  readonly instanceType: string;
  /**
   * `control-plane`: the user's own network, host-network Pods only. `general`: a network namespace and CNI. `super`: each
   * Pod is a machine of its own whose network `superNodeNetwork` gives.
   */
  readonly kind: 'control-plane' | 'general' | 'super';
  /** Network namespace of the node; absent: the user's own network. */
  readonly netns?: string;
  readonly cpu: number;
  readonly memoryGiB: number;
  /** Beside those that every kubelet sets. */
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
}

/** Gives each Pod of a super node a network of its own. */
export interface SuperNodeNetwork {
  /** Repeating for the same Pod gives the same. */
  add(pod: LabPod): Promise<{ readonly netns: string; readonly ips: readonly string[] }>;
  /** Unknown uids are fine. */
  remove(podUid: string): Promise<void>;
}

export interface KubeletOptions {
  readonly client: KubeClient;
  readonly host: LabHost;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly node: KubeletNode;
  readonly images: ImageTable;
  /** Where Pods of this node reach the API server (KUBERNETES_SERVICE_HOST and _PORT). */
  readonly api: { readonly host: string; readonly port: number };
  /** Absent: Pods resolve names as the machine does. */
  readonly dns?: ClusterDns;
  /** Directory on the machine for volumes, logs (`logs/`) and sandboxes (`sandboxes/<pod uid>.json`). */
  readonly stateDir: string;
  /** A token of the ServiceAccount, good for a day. Throws when it does not exist. */
  readonly issueToken: (namespace: string, serviceAccount: string) => string | Promise<string>;
  readonly superNodeNetwork?: SuperNodeNetwork;
  /** Root with the node's own files, from `makeNodeRoot`; default: `run` makes one. */
  readonly nodeRoot?: string;
  /** Uniform in [0, 1); default Math.random. */
  readonly random?: () => number;
}

export type ContainerSignal = 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT';

/** Any view of a Pod that carries its identity. */
export type PodIdentity = Pick<LabPod, 'metadata'>;

export interface Kubelet {
  /** Registers the node and runs its Pods until `signal` aborts; then ends its containers and resolves. May be called once. */
  run(signal: AbortSignal): Promise<void>;
  /** Runs a command inside a running container: its network, root and environment. Throws when it does not run. */
  exec(
    pod: PodIdentity,
    container: string,
    argv: readonly string[],
    options?: { readonly stdin?: string; readonly timeoutMs?: number },
  ): Promise<ExecResult>;
  /** Signals a container's process from outside, as an administrator of the node could. Throws when it does not run. */
  signal(pod: PodIdentity, container: string, signal: ContainerSignal): Promise<void>;
  /** Signals every container of the node's host-network Pods: its system programs. */
  signalSystem(signal: ContainerSignal): Promise<void>;
  /** Network namespaces and directories of Pods that are still there, for a node whose power goes. */
  remains(): { readonly netns: readonly string[]; readonly directories: readonly string[] };
  /** What the API server needs for exec, attach, port-forward and logs. */
  readonly streams: NodeStreams;
  /** Link on the machine to the log of a container's latest run, in the format of container runtimes. */
  logFile(pod: PodIdentity, container: string): string;
}
