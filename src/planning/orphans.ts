// Which sub-ENIs and trunks of ours in the cloud have no owner, and whether it is safe to delete them (DESIGN, decision 5). Pure.

export interface CloudEniFacts {
  readonly eniId: string;
  /** Name of the VpcENI in the owner tag, `VpcENI/` cut off; absent when the tag is. */
  readonly owner: string | undefined;
  readonly ownerUid: string | undefined;
}

export interface OrphanInput {
  /** All ENIs with our cluster tag, from a complete listing. */
  readonly ours: readonly CloudEniFacts[];
  /** VpcENI objects that exist: name to uid and recorded ENI id. */
  readonly owners: ReadonlyMap<string, { readonly uid: string; readonly eniId: string | undefined }>;
  /** Candidates of earlier complete listings with the monotonic time they were first seen. */
  readonly seenSince: ReadonlyMap<string, number>;
  readonly nowMs: number;
  /** Least time between two listings that both find it; 10 minutes. */
  readonly spacingMs: number;
}

export type OrphanPlan =
  | { readonly kind: 'collect'; readonly candidates: readonly string[]; readonly delete: readonly string[] }
  /** Too many to be believed. */
  | { readonly kind: 'stop'; readonly candidates: readonly string[]; readonly reason: string };

const MOST = 20;
const MOST_SHARE = 0.05;
/** Below this many of ours a share says nothing: one of three is a third. */
const FEW = 20;

/**
 * An ENI is a candidate when the object its tag names does not exist, is another one (uid), or records a different ENI. An object that records
 * none yet may be about to: not a candidate. Candidates above 20, or above 5 % of ours (and more than one), stop everything.
 */
export function planOrphans(input: OrphanInput): OrphanPlan {
  const candidates = input.ours.filter((eni) => isOrphan(eni, input.owners)).map((eni) => eni.eniId);
  const tooMany = candidates.length > MOST || (input.ours.length >= FEW && candidates.length > input.ours.length * MOST_SHARE && candidates.length > 1);
  if (tooMany)
    return { kind: 'stop', candidates, reason: `${candidates.length} of ${input.ours.length} ENIs of this cluster have no owner; more than ${MOST} or 5 % are not deleted without a person` };
  const ripe = candidates.filter((eniId) => {
    const since = input.seenSince.get(eniId);
    return since !== undefined && input.nowMs - since >= input.spacingMs;
  });
  return { kind: 'collect', candidates, delete: ripe };
}

function isOrphan(eni: CloudEniFacts, owners: OrphanInput['owners']): boolean {
  // Without an owner tag nobody can say whose it was; a person has to look.
  if (eni.owner === undefined || eni.ownerUid === undefined) return false;
  const owner = owners.get(eni.owner);
  if (owner === undefined || owner.uid !== eni.ownerUid) return true;
  return owner.eniId !== undefined && owner.eniId !== eni.eniId;
}
