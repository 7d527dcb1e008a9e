// What makes a creating call repeatable: token, name and tags that follow from the object's uid and the attempt. Pure.
import { createHash } from 'node:crypto';

import { tags } from '../api/keys.ts';
import type { Tag } from '../cloud/vpc-cloud.ts';

/** At most 64 ASCII characters; the same for the same uid and attempt, different for any other (DESIGN, decision 3). */
export function clientToken(uid: string, attempt: number): string {
  return createHash('sha256').update(`${uid}/${attempt}`).digest('hex').slice(0, 48);
}

/** At most 60 bytes: what, whose uid, which attempt; a leftover is found by it where tokens are not honoured. */
export function eniName(kind: 'sub' | 'trunk' | 'shared', uid: string, attempt: number): string {
  return `tke-${kind}-${uid}-${attempt}`.slice(0, 60);
}

/** Ownership: the cluster's tag, without which nothing is ours, and the owner. */
export function ownershipTags(
  clusterUid: string,
  owner: { readonly name: string; readonly uid: string },
  attempt: number,
): Tag[] {
  return [
    { key: tags.cluster, value: clusterUid },
    { key: tags.owner, value: `VpcENI/${owner.name}` },
    { key: tags.ownerUid, value: owner.uid },
    { key: tags.attempt, value: String(attempt) },
  ];
}

/** Hex digest for names and labels that must be cut. */
export const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex');
