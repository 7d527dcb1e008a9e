// What makes a purchase repeatable: its exact request, from the claim, the attempt and what is asked for; the same input gives the same bytes. Pure.
import { labels, MANAGED_BY, tags } from '../api/keys.ts';
import type { AllocateEipRequest } from '../cloud/eip-calls.ts';
import type { Tag } from '../cloud/vpc-cloud.ts';
import { clientToken, shortHash } from './eni-identity.ts';

export interface EipOwner {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Values of tags take 255 characters at most (GUESS: the usual figure of the tag service). */
const LONGEST_VALUE = 255;

/** `EIPClaim/NAMESPACE/NAME`; of names that do not fit, cut, with a hash. The namespace has no `/`, so no two claims share one. */
export function eipOwnerTag({ namespace, name }: Pick<EipOwner, 'namespace' | 'name'>): string {
  const whole = `EIPClaim/${namespace}/${name}`;
  return whole.length <= LONGEST_VALUE
    ? whole
    : `${whole.slice(0, LONGEST_VALUE - 13)}-${shortHash(whole).slice(0, 12)}`;
}

/** The tags by which the EIP of a claim is found again: by its name, since the claim may have been deleted and made again while its Pod lived. */
export const eipSearchTags = (clusterUid: string, owner: Pick<EipOwner, 'namespace' | 'name'>): Tag[] => [
  { key: tags.cluster, value: clusterUid },
  { key: tags.owner, value: eipOwnerTag(owner) },
];

/** Built once for each attempt and recorded before it is sent. */
export function allocateEipRequest(input: {
  readonly owner: EipOwner;
  readonly attempt: number;
  readonly clusterUid: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}): AllocateEipRequest {
  const { owner, attempt, clusterUid, parameters } = input;
  return {
    attributes: parameters,
    name: `tke-eip-${owner.uid}-${attempt}`,
    tags: [
      ...eipSearchTags(clusterUid, owner),
      { key: tags.ownerUid, value: owner.uid },
      { key: tags.attempt, value: String(attempt) },
      { key: labels.managedBy, value: MANAGED_BY },
    ],
    clientToken: clientToken(`${owner.uid}/AllocateAddresses`, attempt),
  };
}
