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

function common(kind: 'sub' | 'trunk', input: RequestInput): Omit<CreateEniRequest, 'trunk'> {
  const { eni, attempt, vpcId, subnetId, clusterUid } = input;
  const uid = eni.metadata.uid ?? '';
  return {
    vpcId,
    subnetId,
    name: eniName(kind, uid, attempt),
    description:
      kind === 'sub'
        ? `Pod ${eni.spec.pod?.namespace ?? ''}/${eni.spec.pod?.name ?? ''}`.slice(0, 60)
        : `trunk of node ${eni.spec.nodeName}`.slice(0, 60),
    securityGroups: eni.spec.securityGroups,
    tags: ownershipTags(clusterUid, { name: eni.metadata.name, uid }, attempt),
    clientToken: clientToken(uid, attempt),
  };
}

export const subEniRequest = (input: RequestInput & { readonly trunkEniId: string }): CreateSubEniRequest => ({
  ...common('sub', input),
  trunkEniId: input.trunkEniId,
});

export const trunkRequest = (input: RequestInput): CreateEniRequest => ({ ...common('trunk', input), trunk: true });

/** The first address of a subnet, which the VPC keeps for the gateway. Throws on what is no IPv4 CIDR. */
export function gatewayOf(cidr: string): string {
  const [network] = ipaddr.IPv4.parseCIDR(cidr);
  const octets = network.toByteArray();
  const last = octets.at(-1) ?? 0;
  return [...octets.slice(0, -1), last + 1].join('.');
}
