// What somebody changed in the cloud behind a sub-ENI's back: gone, or bound to other groups than its Pod was given. Pure.

export interface DriftInput {
  /** Ready sub-ENIs as recorded before the listing began: name of the VpcENI to its ENI and the groups its Pod was given, in order. */
  readonly recorded: ReadonlyMap<string, { readonly eniId: string; readonly groups: readonly string[] }>;
  /** All ENIs of this cluster, from a complete listing: id to the groups bound, in order. */
  readonly listed: ReadonlyMap<string, readonly string[]>;
}

export type Drift =
  | { readonly name: string; readonly kind: 'gone'; readonly eniId: string }
  | {
      readonly name: string;
      readonly kind: 'groups';
      readonly eniId: string;
      readonly bound: readonly string[];
      readonly wanted: readonly string[];
    }
  | { readonly name: string; readonly kind: 'none' };

/** One finding per recorded object. Order of groups is priority, so another order is drift too. */
export function findDrift({ recorded, listed }: DriftInput): Drift[] {
  return [...recorded].map(([name, { eniId, groups }]): Drift => {
    const bound = listed.get(eniId);
    if (bound === undefined) return { name, kind: 'gone', eniId };
    const same = bound.length === groups.length && bound.every((group, index) => group === groups[index]);
    return same ? { name, kind: 'none' } : { name, kind: 'groups', eniId, bound, wanted: groups };
  });
}

/** For people: what is different, and what to do. */
export function driftMessage(drift: Exclude<Drift, { kind: 'none' }>): {
  readonly reason: string;
  readonly message: string;
} {
  if (drift.kind === 'gone')
    return {
      reason: 'EniVanished',
      message: `the cloud no longer knows ${drift.eniId}: it was deleted by hand; delete the Pod, so that its successor gets a new one`,
    };
  return {
    reason: 'GroupsDiffer',
    message: `${drift.eniId} is bound to ${drift.bound.join(',') || 'no group'} instead of ${drift.wanted.join(',')}: it was changed by hand; bind those again in this order, or delete the Pod`,
  };
}
