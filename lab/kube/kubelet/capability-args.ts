// What a runtime tells plugins that ask for it by a capability: the ports of the node that lead to a Pod, and its rates.
import { quantityMilli } from '../scheduler/quantity.ts';
import { kubeletError } from './errors.ts';
import type { LabPod } from './pod-view.ts';

export interface PortMapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: string;
  readonly hostIP?: string;
}

/** Bits per second; bursts in bits. */
export interface Bandwidth {
  readonly ingressRate?: number;
  readonly ingressBurst?: number;
  readonly egressRate?: number;
  readonly egressBurst?: number;
}

/** By the names of the CNI conventions; what the Pod does not ask for is absent. */
export interface CapabilityArgs {
  readonly portMappings?: readonly PortMapping[];
  readonly bandwidth?: Bandwidth;
}

const INGRESS = 'kubernetes.io/ingress-bandwidth';
const EGRESS = 'kubernetes.io/egress-bandwidth';
/** As kubelet reads them (its own bounds): 1k to 1P bits per second. */
const LEAST = 1_000;
const MOST = 1e15;
/** What containerd's CRI gives: as much as the plugin takes. */
const BURST = 0xffff_ffff;

/** Throws KUBELET-SANDBOX for an annotation that is no rate. */
export function capabilityArgs({ metadata, spec }: LabPod): CapabilityArgs {
  const portMappings = spec.containers
    .flatMap(({ ports = [] }) => ports)
    .flatMap(({ hostPort = 0, hostIP, containerPort, protocol = 'TCP' }): PortMapping[] =>
      hostPort === 0
        ? []
        : [{ hostPort, containerPort, protocol: protocol.toLowerCase(), ...(hostIP === undefined ? {} : { hostIP }) }],
    );
  const ingress = rateOf(metadata.annotations?.[INGRESS], INGRESS);
  const egress = rateOf(metadata.annotations?.[EGRESS], EGRESS);
  const bandwidth = {
    ...(ingress === undefined ? {} : { ingressRate: ingress, ingressBurst: BURST }),
    ...(egress === undefined ? {} : { egressRate: egress, egressBurst: BURST }),
  };
  return {
    ...(portMappings.length === 0 ? {} : { portMappings }),
    ...(Object.keys(bandwidth).length === 0 ? {} : { bandwidth }),
  };
}

function rateOf(text: string | undefined, annotation: string): number | undefined {
  if (text === undefined) return undefined;
  const words = `annotation ${annotation}="${text}": expected bits per second from 1k to 1P, e.g. 10M`;
  let rate: number;
  try {
    rate = quantityMilli(text) / 1_000;
  } catch (error) {
    throw kubeletError('sandbox', words, error);
  }
  if (rate < LEAST || rate > MOST) throw kubeletError('sandbox', words);
  return Math.floor(rate);
}
