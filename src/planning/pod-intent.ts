// From a Pod as admission left it to the VpcENI it needs. Never re-evaluates policies (DESIGN, decision 6). Pure.
import { decodeAdmissionDecision } from '../api/admission-decision.ts';
import { SECURITY_GROUP_ID } from '../api/common.ts';
import { annotations, networks, SUPER_NODE_INSTANCE_TYPE } from '../api/keys.ts';
import type { EnforcingMode, VpcEniSpec } from '../api/vpc-eni.ts';

/** A Pod as admission left it. */
export interface PodFacts {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly nodeName?: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  readonly ended: boolean;
  readonly hostNetwork: boolean;
}

export type PodIntent =
  | { readonly kind: 'none' }
  | { readonly kind: 'sub-eni'; readonly spec: VpcEniSpec }
  /** Asked for a sub-ENI in a way that cannot be met; it is not started with fewer groups than asked. */
  | { readonly kind: 'refused'; readonly message: string }
  /** The documented message of spec 001 applies. */
  | { readonly kind: 'super-node-only'; readonly message: string };

/** Whether the `networks` annotation names tke-sub-eni: a comma list of names, each optionally `name@interface`. */
export function wantsSubEni(networksAnnotation: string | undefined): boolean {
  return (networksAnnotation ?? '').split(',').some((entry) => entry.trim().split('@')[0] === networks.subEni);
}

/** The node a Pod is bound to. */
export interface PodNode {
  readonly instanceType?: string;
  /** Internal address, as messages name it. */
  readonly address: string;
}

/** False for the many Pods that neither a policy nor a mark concerns, whatever their node is. */
export function mayConcern(pod: PodFacts): boolean {
  if (pod.nodeName === undefined || pod.ended || pod.hostNetwork) return false;
  return (
    wantsSubEni(pod.annotations[annotations.networks]) || pod.annotations[annotations.admissionDecision] !== undefined
  );
}

/** `node` is absent when no such node exists any more. */
export function planPodIntent(pod: PodFacts, node: PodNode | undefined, mode: EnforcingMode): PodIntent {
  if (pod.nodeName === undefined || node === undefined || !mayConcern(pod)) return { kind: 'none' };
  if (node.instanceType === SUPER_NODE_INSTANCE_TYPE) return { kind: 'none' };
  if (!wantsSubEni(pod.annotations[annotations.networks])) {
    const read = decodeAdmissionDecision(pod.annotations);
    // With Trunking on a Pod gets its mark or is refused; the message is for the two outcomes that count on a super node (spec 001).
    const counted = read.kind === 'decision' && ['trunking-disabled', 'super-node'].includes(read.decision.outcome);
    if (!counted) return { kind: 'none' };
    return {
      kind: 'super-node-only',
      message: `security groups is only support super node, node ${node.address} is not super node`,
    };
  }
  const written = pod.annotations[annotations.securityGroupId] ?? '';
  const groups = written.split(',').map((id) => id.trim());
  const wrong = groups.find((id) => !SECURITY_GROUP_ID.test(id));
  if (wrong !== undefined)
    return {
      kind: 'refused',
      message: `annotation ${annotations.securityGroupId}="${written}": "${wrong}" is not a security group id; expected a comma list such as "sg-12ab34cd,sg-56ef78gh"`,
    };
  return {
    kind: 'sub-eni',
    spec: {
      type: 'SubENI',
      nodeName: pod.nodeName,
      pod: { namespace: pod.namespace, name: pod.name, uid: pod.uid },
      // Order is priority; a repetition changes nothing.
      securityGroups: [...new Set(groups)],
      enforcingMode: mode,
    },
  };
}
