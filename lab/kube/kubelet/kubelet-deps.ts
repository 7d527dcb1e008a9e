// What a kubelet of the lab is given, and the few types that its parts share.
import type { Clock } from '../../../src/base/clock.ts';
import type { Logger } from '../../../src/base/logger.ts';
import type { Pod } from '../../../src/kube/resources.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import type { LabHost } from '../../host/types.ts';
import type { ImageTable } from './images.ts';

/** The node as its kubelet registers it. */
export interface KubeletNode {
  readonly name: string;
  /** `control-plane`: host-network Pods on the user's own machine; `general`: CNI; `super`: a cloud machine for each Pod. */
  readonly kind: 'control-plane' | 'general' | 'super';
  readonly internalIp: string;
  readonly providerId: string;
  readonly zone: string;
  readonly instanceType: string;
  /** The node's own network namespace; absent where it has none. */
  readonly netns?: string | undefined;
  readonly cpu: number;
  readonly memoryGiB: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
}

/** The network of a super node's Pods. */
export interface SuperNodeNetwork {
  /** Repeating for the same Pod gives the same. */
  add(pod: Pod): Promise<{ readonly netns: string; readonly ips: readonly string[] }>;
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
  /** Where Pods of this node find the Kubernetes API. */
  readonly api: { readonly host: string; readonly port: number };
  /** Absolute; logs, volumes and sandbox records go below it. */
  readonly stateDir: string;
  /** Throws when there is no such ServiceAccount. */
  readonly issueToken: (namespace: string, serviceAccount: string) => string;
  readonly caPem: string;
  readonly superNodeNetwork?: SuperNodeNetwork;
}
