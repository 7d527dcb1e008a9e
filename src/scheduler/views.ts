// What the extender keeps of each object: only what decides about placement, so that a hundred thousand Pods and addresses fit.
import { annotations, labels, SUPER_NODE_INSTANCE_TYPE } from '../api/keys.ts';
import type { NodeEniConfig } from '../api/node-eni-config.ts';
import type { VpcIp } from '../api/vpc-ip.ts';
import type { VpcIpClaim } from '../api/vpc-ip-claim.ts';
import { identityOf } from '../kube/identity.ts';
import type { Node, Pod } from '../kube/resources.ts';
import type { KubeObject } from '../kube/types.ts';
import { requestsExclusiveEni, usesExclusiveEni } from '../planning/exclusive-pod.ts';
import { usesSharedAddress } from '../planning/shared-pod.ts';

export interface PodView extends KubeObject {
  readonly nodeName: string | undefined;
  /** It lives on an address of a node's shared ENIs. */
  readonly shares: boolean;
}

export function projectPod(pod: Pod): PodView {
  const ended = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  const marks = pod.metadata.annotations ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: identityOf(pod.metadata),
    nodeName: pod.spec.nodeName === '' ? undefined : pod.spec.nodeName,
    shares: usesSharedAddress({
      hostNetwork: pod.spec.hostNetwork === true,
      ended,
      annotations: marks,
      requestsExclusive: requestsExclusiveEni(pod),
    }),
  };
}

/** What the Pod to be placed says about its address. */
export interface AddressWish {
  readonly network: 'shared' | 'exclusive' | 'other';
  readonly keeps: boolean;
  readonly nominatedIp: string | undefined;
  readonly nominatedSubnetIds: readonly string[] | undefined;
}

/** Sub-ENI Pods are `other`: their addresses follow them to any zone (spec 002), and need no secondary address. */
export function addressWish(pod: Pod): AddressWish {
  const marks = pod.metadata.annotations ?? {};
  const hostNetwork = pod.spec.hostNetwork === true;
  const facts = { hostNetwork, ended: false, annotations: marks, requestsExclusive: requestsExclusiveEni(pod) };
  const subnetIds = (marks[annotations.nominatedEniSubnets] ?? '').split(',').flatMap((id) => id.trim() || []);
  const ip = (marks[annotations.nominatedVpcIp] ?? '').trim();
  return {
    network: usesExclusiveEni(facts) ? 'exclusive' : usesSharedAddress(facts) ? 'shared' : 'other',
    keeps: marks[annotations.vpcIpClaimDeletePolicy] === 'Never',
    nominatedIp: ip === '' ? undefined : ip,
    nominatedSubnetIds: subnetIds.length === 0 ? undefined : subnetIds,
  };
}

export interface NodeView extends KubeObject {
  readonly zone: string;
  readonly subnetLabel: string | undefined;
  /** Its Pods are machines with ENIs of their own, which no quota of ours counts. */
  readonly isSuper: boolean;
}

export function projectNode(node: Node): NodeView {
  const marks = node.metadata.labels ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: identityOf(node.metadata),
    zone: marks[labels.zone] ?? '',
    subnetLabel: marks[labels.routeEniSubnetIds],
    isSuper: marks[labels.instanceType] === SUPER_NODE_INSTANCE_TYPE,
  };
}

export interface NodeEnisView extends KubeObject {
  readonly quota: number;
  readonly maxENI: number;
  readonly maxIPPerENI: number;
  readonly enis: readonly { readonly eniId: string; readonly subnetId: string }[];
}

export function projectNodeEnis(nec: NodeEniConfig): NodeEnisView {
  const { eniInfos = [], routeENI } = nec.status ?? {};
  return {
    apiVersion: nec.apiVersion,
    kind: nec.kind,
    metadata: identityOf(nec.metadata),
    quota: routeENI?.quota ?? 0,
    maxENI: routeENI?.maxENI ?? 0,
    maxIPPerENI: routeENI?.maxIPPerENI ?? 0,
    enis: eniInfos.map(({ eniID, subnetID }) => ({ eniId: eniID, subnetId: subnetID })),
  };
}

export interface AddressView extends KubeObject {
  readonly subnetId: string;
  readonly claimUid: string | undefined;
  /** Node that has it now, or is about to. */
  readonly nodeName: string | undefined;
  readonly eniId: string | undefined;
  readonly podUid: string | undefined;
}

export function projectAddress({ apiVersion, kind, metadata, spec, status }: VpcIp): AddressView {
  const nodeName = metadata.labels?.[labels.nodeName] ?? status?.nodeName;
  return {
    apiVersion,
    kind,
    metadata: identityOf(metadata),
    subnetId: spec.subnetID,
    claimUid: spec.claim?.uid,
    nodeName: status?.phase === 'Unassigned' ? undefined : nodeName,
    eniId: status?.phase === 'Unassigned' ? undefined : status?.eniID,
    podUid: status?.podUID,
  };
}

export interface ClaimView extends KubeObject {
  readonly keeps: boolean;
  readonly podUid: string | undefined;
  readonly address: string | undefined;
  readonly subEni: boolean;
  readonly nominatedIp: string | undefined;
  readonly nominatedSubnetIds: readonly string[] | undefined;
}

export function projectClaim({ apiVersion, kind, metadata, spec, status }: VpcIpClaim): ClaimView {
  return {
    apiVersion,
    kind,
    metadata: identityOf(metadata),
    keeps: spec.deletePolicy === 'Never',
    podUid: status?.podUID,
    address: status?.vpcIP,
    subEni: spec.kind === 'SubENI',
    nominatedIp: spec.nominatedIP,
    nominatedSubnetIds: spec.nominatedSubnetIDs,
  };
}
