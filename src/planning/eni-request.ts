// The bodies of creating calls, from what is recorded; the same input gives the same bytes. Pure.
import ipaddr from 'ipaddr.js';

import type { VpcEni } from '../api/vpc-eni.ts';
import type { CreateEniRequest, CreateSubEniRequest } from '../cloud/vpc-cloud.ts';
import { clientToken, eniName, ownershipTags } from './eni-identity.ts';

export interface RequestInput {
  readonly eni: VpcEni;
  readonly attempt: number;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly clusterUid: string;
}

type Kind = 'sub' | 'trunk' | 'shared';

function describe(kind: Kind, { spec }: VpcEni): string {
  if (kind === 'sub') return `Pod ${spec.pod?.namespace ?? ''}/${spec.pod?.name ?? ''}`;
  return kind === 'trunk' ? `trunk of node ${spec.nodeName}` : `shared ENI of node ${spec.nodeName}`;
}

function common(kind: Kind, input: RequestInput): Omit<CreateEniRequest, 'trunk'> {
  const { eni, attempt, vpcId, subnetId, clusterUid } = input;
  const uid = eni.metadata.uid ?? '';
  return {
    vpcId,
    subnetId,
    name: eniName(kind, uid, attempt),
    description: describe(kind, eni).slice(0, 60),
    securityGroups: eni.spec.securityGroups,
    tags: ownershipTags(clusterUid, { name: eni.metadata.name, uid }, attempt),
    clientToken: clientToken(uid, attempt),
  };
}

export const subEniRequest = (input: RequestInput & { readonly trunkEniId: string }): CreateSubEniRequest => ({
  ...common('sub', input),
  trunkEniId: input.trunkEniId,
  ...(input.eni.spec.address === undefined ? {} : { address: input.eni.spec.address }),
});

/** A trunk or a shared ENI, as the object's type says, with so many secondary addresses from the start. */
export function nodeEniRequest(input: RequestInput & { readonly secondaryAddressCount: number }): CreateEniRequest {
  const { eni, secondaryAddressCount } = input;
  return {
    ...(eni.spec.type === 'Trunk' ? { ...common('trunk', input), trunk: true } : common('shared', input)),
    ...(secondaryAddressCount > 0 ? { secondaryAddressCount } : {}),
  };
}

/** The first address of a subnet, which the VPC keeps for the gateway. Throws on what is no IPv4 CIDR. */
export function gatewayOf(cidr: string): string {
  const [network] = ipaddr.IPv4.parseCIDR(cidr);
  const octets = network.toByteArray();
  const last = octets.at(-1) ?? 0;
  return [...octets.slice(0, -1), last + 1].join('.');
}
