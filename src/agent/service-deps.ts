// What the commands of the agent share.
import type { NodeEniConfig } from '../api/node-eni-config.ts';
import type { VpcEni } from '../api/vpc-eni.ts';
import type { VpcIp } from '../api/vpc-ip.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Informer, KubeClient } from '../kube/types.ts';
import type { AddressStore } from './address-store.ts';
import type { KeyLock } from './key-lock.ts';
import type { Kernel } from './kernel.ts';
import type { AgentMetrics } from './metrics.ts';
import type { NodeNetwork } from './node-network.ts';
import type { NodeRouting } from './node-routing.ts';
import type { PodView } from './pod-view.ts';
import type { WiredStore } from './wired-store.ts';

/** UIDs that were reported as torn down: their sub-ENI may be gone at any moment, so they are never wired again. */
export interface TornDownPods {
  add(uid: string): void;
  has(uid: string): boolean;
  /** The VpcENI is gone; a further ADD finds none and waits. */
  forget(uid: string): void;
}

export interface ServiceDeps {
  readonly nodeName: string;
  readonly client: Pick<KubeClient, 'get'>;
  readonly pods: Pick<Informer<PodView>, 'get' | 'onChange' | 'synced'>;
  readonly enis: Pick<Informer<VpcEni>, 'get' | 'list' | 'onChange' | 'synced'>;
  readonly configs: Pick<Informer<NodeEniConfig>, 'get' | 'onChange' | 'synced'>;
  /** Static addresses that ipamd bound to this node. */
  readonly ips: Pick<Informer<VpcIp>, 'get' | 'list' | 'onChange' | 'synced'>;
  readonly store: WiredStore;
  readonly addresses: AddressStore;
  /**
   * Keyed by the Pod's UID, while it is wired or unwired, and while its end is decided: a new Pod of the same name waits for the former one's end,
   * and must not hold it up. A call that names no UID holds `lockKey` before the UID.
   */
  readonly lock: KeyLock;
  readonly kernel: Kernel;
  readonly node: NodeNetwork;
  readonly routing: Pick<NodeRouting, 'settle'>;
  readonly tornDown: TornDownPods;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<AgentMetrics, 'addPhase' | 'repairs' | 'foreignRules'>;
  /** Where the agent finds a namespace that the runtime names. */
  readonly findNetns: (path: string) => string;
  /** Throws CniError 4 for what is no namespace of a Pod; takes what `findNetns` gave. */
  readonly checkNetns: (path: string) => void;
  readonly addTimeoutMs: number;
  /** How long a freed shared address is left alone (DESIGN, decision 2). */
  readonly addressRestMs: number;
  /** By what it is measured (rest-clock.ts). */
  readonly restNowMs: () => number;
  /** Tells the reporter that the wiring of a Pod changed. */
  readonly changed: (podUid: string) => void;
}

export const podKey = (pod: { readonly namespace: string; readonly name: string }): string =>
  `${pod.namespace}/${pod.name}`;

/** What a call of the runtime holds first: the UID of its Pod when it names one. */
export const lockKey = (pod: {
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string | undefined;
}): string => pod.uid ?? podKey(pod);
