// Whether a client token was not honoured: two ENIs in the cloud that one attempt, sent more than once with the same token, has left. Pure.

export interface TaggedEni {
  readonly eniId: string;
  /** Name and uid of the VpcENI that its tags name. */
  readonly owner: string | undefined;
  readonly ownerUid: string | undefined;
  /** Of the tag. */
  readonly attempt: string | undefined;
}

export interface AttemptOwner {
  readonly uid: string;
  readonly eniId: string | undefined;
  /** Of the creating call that made what it records. */
  readonly attempt: number | undefined;
}

/** One sentence that says how it is known; nothing while nothing contradicts the token (spec 002, client-token allow-list). */
export function tokenNotHonoured(
  listed: readonly TaggedEni[],
  owners: ReadonlyMap<string, AttemptOwner>,
): string | undefined {
  for (const { eniId, owner, ownerUid, attempt } of listed) {
    const known = owners.get(owner ?? '');
    if (known === undefined || known.uid !== ownerUid || known.eniId === undefined || known.eniId === eniId) continue;
    if (known.attempt === undefined || String(known.attempt) !== attempt) continue;
    return `${eniId} and ${known.eniId} were both made by attempt ${attempt} of VpcENI ${owner}, whose calls carried one token`;
  }
  return undefined;
}
