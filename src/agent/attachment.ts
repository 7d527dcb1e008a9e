// What ADD hands to whoever finds the Pod its network, and what comes back.
import type { PodArgs } from '../cni/args.ts';
import type { ServiceDeps } from './service-deps.ts';
import type { Wired } from './wired-store.ts';
import type { Wiring } from './wiring.ts';

export interface AttachRequest {
  readonly deps: ServiceDeps;
  readonly wanted: PodArgs;
  readonly uid: string;
  /** What follows from the call alone. */
  readonly ends: Pick<Wiring, 'ifName' | 'netns' | 'hostVeth' | 'podMac' | 'mtu'>;
  /** Aborts with what the runtime is told. */
  readonly signal: AbortSignal;
  /** Takes what is waited for, for the error after the time-out. */
  readonly tell: (waitingFor: string) => void;
}

/** The device of the network is in the node and up; nothing of the Pod's own is there yet. */
export type Attachment = Pick<Wired, 'wiring' | 'linkDriver'>;
