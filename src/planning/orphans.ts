// Which ENIs of ours in the cloud have no owner, and whether it is safe to delete them (DESIGN, decision 5). Pure.

/** One ENI with our cluster tag, as a complete listing showed it. */
export interface CloudEniFacts {
  readonly eniId: string;
  readonly kind: 'primary' | 'secondary' | 'sub';
  readonly attached: boolean;
  /** Name of the VpcENI in the owner tag, `VpcENI/` cut off; absent when the tag is. */
  readonly owner: string | undefined;
  readonly ownerUid: string | undefined;
}

/** One VpcENI object; `eniId` is the recorded id, absent while none is. */
export interface OwnerFacts {
  readonly uid: string;
  readonly eniId: string | undefined;
}

export interface OrphanInput {
  /** All ENIs with our cluster tag, from a complete listing. */
  readonly ours: readonly CloudEniFacts[];
  /** VpcENI objects that exist, by name. */
  readonly owners: ReadonlyMap<string, OwnerFacts>;
  /** Candidates of earlier complete listings, with the monotonic time at which each was first seen without a break. */
  readonly seenSince: ReadonlyMap<string, number>;
  readonly nowMs: number;
  /** Least time between two listings that both find it; 10 minutes. */
  readonly spacingMs: number;
}

export type OrphanPlan =
  /** `delete`: found by two listings; each still needs an uncached look at its owner and Pod. */
  | { readonly kind: 'collect'; readonly candidates: readonly string[]; readonly delete: readonly CloudEniFacts[] }
  /** Too many to be believed. */
  | { readonly kind: 'stop'; readonly candidates: readonly string[]; readonly reason: string };

const MOST = 20;
const MOST_SHARE = 0.05;

/**
 * An ENI is a candidate when the object its tag names does not exist, is another one (uid), or records a different ENI. An object that records
 * none yet may be about to: not a candidate. More than 20, or more than 5 % of ours, stops everything; one candidate alone never does, since in
 * a small cluster it is always more than 5 %.
 */
export function planOrphans(input: OrphanInput): OrphanPlan {
  const orphans = input.ours.filter((eni) => isOrphan(eni, input.owners.get(eni.owner ?? '')));
  const candidates = orphans.map((eni) => eni.eniId);
  const allowed = Math.min(MOST, Math.max(1, Math.floor(input.ours.length * MOST_SHARE)));
  if (candidates.length > allowed)
    return {
      kind: 'stop',
      candidates,
      reason: `${candidates.length} of the ${input.ours.length} ENIs of this cluster have no owner; more than ${allowed} are not deleted without a person (limit: ${MOST} or 5 %)`,
    };
  const ripe = orphans.filter((eni) => {
    const since = input.seenSince.get(eni.eniId);
    return since !== undefined && input.nowMs - since >= input.spacingMs && isDeletable(eni);
  });
  return { kind: 'collect', candidates, delete: ripe };
}

/** First sightings after this listing: kept for what is still a candidate, new for what became one, dropped for the rest. */
export function rememberSightings(
  seenSince: ReadonlyMap<string, number>,
  candidates: readonly string[],
  nowMs: number,
): ReadonlyMap<string, number> {
  return new Map(candidates.map((eniId) => [eniId, seenSince.get(eniId) ?? nowMs]));
}

/** Whether an ENI has no owner, given the object that its tag names. Also asked of the uncached object just before a delete. */
export function isOrphan(eni: CloudEniFacts, owner: OwnerFacts | undefined): boolean {
  // Without the owner's tags nobody can say whose it was; a person has to look. A primary ENI is the instance's own.
  if (eni.kind === 'primary' || eni.owner === undefined || eni.ownerUid === undefined) return false;
  if (owner === undefined || owner.uid !== eni.ownerUid) return true;
  return owner.eniId !== undefined && owner.eniId !== eni.eniId;
}

// An attached trunk may carry the sub-ENIs of Pods that live.
function isDeletable(eni: CloudEniFacts): boolean {
  return eni.kind === 'sub' || !eni.attached;
}
