// How one Pod stands to one policy: has the groups that the policy gives now, waits for them, failed, or runs with others, and why. Pure.
import type { AdmissionDecision } from '../api/admission-decision.ts';
import { sameGroups } from './group-sync.ts';
import { unitedGroups } from './match-policies.ts';
import type { PolicyView } from './policy-view.ts';

export interface PodStandingFacts {
  /** The policy in question. */
  readonly policy: PolicyView;
  /** Every policy that matches the Pod now, in the order of uniting. */
  readonly matching: readonly PolicyView[];
  /** What admission decided for the Pod; absent when no policy matched then. */
  readonly decision: AdmissionDecision | undefined;
  readonly scheduled: boolean;
  readonly hostNetwork: boolean;
  readonly onSuperNode: boolean;
  /** The Pod's sub-ENI, as its VpcENI tells. */
  readonly eni: PodEni | undefined;
}

export interface PodEni {
  readonly ready: boolean;
  /** What the Pod was given; the only thing that a live change changes. */
  readonly given: readonly string[];
  /** What the cloud was last seen to have bound. */
  readonly bound: readonly string[];
  /** Why the ENI is not there, or its groups cannot be changed; absent while it is only on its way. */
  readonly problem: string | undefined;
  /** A live change of its groups is under way. */
  readonly changing: boolean;
}

export type StandingReason =
  | 'HostNetwork'
  | 'WithoutGroups'
  | 'TrunkingWasOff'
  | 'NoLongerSelected'
  | 'PolicyEdited'
  | 'SelectedLater'
  | 'ChangedInCloud';

export type PodStanding =
  | { readonly kind: 'programmed' }
  /** Not yet: it will come without anybody's doing. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'differs'; readonly reason: StandingReason; readonly message: string };

const REBUILD = 'delete the Pod to rebuild it with the new groups (spec 001, 002)';

/** Groups are lists: another order is another priority, so it differs too. What another policy alone causes is told by that one's status. */
export function podStanding(facts: PodStandingFacts): PodStanding {
  const { decision, eni } = facts;
  if (facts.hostNetwork) return differs('HostNetwork', "uses its node's network: no security group applies to it");
  if (!facts.scheduled) return { kind: 'pending' };
  if (eni !== undefined) return onSubEni(facts, eni);
  if (decision === undefined)
    return differs(
      'WithoutGroups',
      `was created before the policy selected it and runs without its groups; ${REBUILD}`,
    );
  switch (decision.outcome) {
    case 'sub-eni':
      return { kind: 'pending' };
    case 'super-node':
      return facts.onSuperNode ? against(facts, decision.groups) : offSuperNode();
    case 'trunking-disabled':
      return facts.onSuperNode ? against(facts, decision.groups) : offSuperNode();
    case 'host-network':
      return differs('HostNetwork', "uses its node's network: no security group applies to it");
  }
}

const offSuperNode = (): PodStanding =>
  differs(
    'TrunkingWasOff',
    `runs without the groups on a node that is not a super node: Trunking was off when it was created; ${REBUILD}`,
  );

function onSubEni(facts: PodStandingFacts, eni: PodEni): PodStanding {
  if (eni.problem !== undefined) return { kind: 'failed', message: eni.problem };
  if (!eni.ready || eni.changing) return { kind: 'pending' };
  if (!sameGroups(eni.bound, eni.given))
    return differs(
      'ChangedInCloud',
      `the cloud has bound ${listOf(eni.bound)} instead of ${listOf(eni.given)}: it was changed by hand`,
    );
  return against(facts, eni.given);
}

/** What the Pod was given, compared with what all matching policies give now; told only where this policy is the cause. */
function against({ policy, matching, decision }: PodStandingFacts, given: readonly string[]): PodStanding {
  const wanted = unitedGroups(matching);
  if (sameGroups(given, wanted)) return { kind: 'programmed' };
  const { uid, generation } = policy.metadata;
  const admitted = decision?.policies.find((each) => each.uid === uid);
  const selected = matching.some((each) => each.metadata.uid === uid);
  const has = `has ${listOf(given)}`;
  if (!selected)
    return differs(
      'NoLongerSelected',
      `${has}; the policy does not select it any more, and it keeps them until rebuilt`,
    );
  if (admitted === undefined)
    return differs(
      'SelectedLater',
      `${has}; the policy selects it since it was created, and now gives ${listOf(wanted)}; ${REBUILD}`,
    );
  if (admitted.generation !== generation)
    return differs(
      'PolicyEdited',
      `${has} of generation ${admitted.generation}; now it would get ${listOf(wanted)}; ${REBUILD}`,
    );
  return { kind: 'programmed' };
}

const differs = (reason: StandingReason, message: string): PodStanding => ({ kind: 'differs', reason, message });

const listOf = (groups: readonly string[]): string => (groups.length === 0 ? 'no group' : groups.join(','));
