// Which running Pods a policy in Live mode changes in place, to which groups, and which it must leave as they are. Pure.
import type { VpcEni } from '../api/vpc-eni.ts';
import { MAX_GROUPS, sameGroups } from './group-sync.ts';
import { unitedGroups } from './match-policies.ts';
import type { PolicyView } from './policy-view.ts';

/** A policy as it was when it gave a Pod its groups. */
export interface GivenBy {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
}

export interface LiveFacts {
  readonly policy: PolicyView;
  /** Every policy that matches the Pod now, in the order of uniting. */
  readonly matching: readonly PolicyView[];
  /** The policies that gave the Pod what it has: of its admission, or of the last change in place. */
  readonly givenBy: readonly GivenBy[];
  /** What the Pod has. */
  readonly given: readonly string[];
  /** Whether a policy is in Live mode now; `undefined` when there is no such policy any more. */
  readonly isLive: (uid: string) => boolean | undefined;
}

export type LiveStep =
  | { readonly kind: 'none' }
  | { readonly kind: 'change'; readonly wanted: readonly string[]; readonly policies: readonly GivenBy[] }
  /** The policy would change it, and something stands against that. */
  | { readonly kind: 'keep'; readonly why: string };

/**
 * A Pod is changed only by an edit of this policy (or because it selects the Pod now), and only when every policy that gave or gives the Pod groups is
 * in Live mode: the others were promised that running Pods keep theirs. A Pod that no policy selects any more keeps what it has.
 */
export function planLiveChange(facts: LiveFacts): LiveStep {
  const { policy, matching, givenBy, given, isLive } = facts;
  const { uid = '', generation } = policy.metadata;
  if (!matching.some((each) => each.metadata.uid === uid)) return { kind: 'none' };
  const wanted = unitedGroups(matching);
  const mine = givenBy.find((each) => each.uid === uid);
  if (sameGroups(given, wanted) || mine?.generation === generation) return { kind: 'none' };
  const gone = givenBy.find((each) => isLive(each.uid) === undefined);
  if (gone !== undefined)
    return { kind: 'keep', why: `policy ${gone.name}, which it also has groups of, was deleted: rebuild the Pod` };
  const others = [...matching.map(({ metadata }) => ({ name: metadata.name, uid: metadata.uid ?? '' })), ...givenBy];
  const still = others.find((each) => isLive(each.uid) !== true);
  if (still !== undefined)
    return {
      kind: 'keep',
      why: `policy ${still.name}, which it also has groups of, is not in Live mode: rebuild the Pod`,
    };
  if (wanted.length > MAX_GROUPS)
    return {
      kind: 'keep',
      why: `all its policies together give ${wanted.length} groups; an ENI takes at most ${MAX_GROUPS}`,
    };
  return { kind: 'change', wanted, policies: matching.map(asGivenBy) };
}

const asGivenBy = ({ metadata }: PolicyView): GivenBy => ({
  name: metadata.name,
  uid: metadata.uid ?? '',
  generation: metadata.generation ?? 0,
});

/** A change in place was recorded and is not known to be in force yet: the intent that a successor goes on with. */
export function isChanging({ spec, status }: VpcEni): boolean {
  if (spec.type !== 'SubENI' || spec.groupChange === undefined) return false;
  return !sameGroups(status?.groupsApplied ?? spec.groupChange.from, spec.securityGroups);
}
