// What the status of a SecurityGroupPolicy says: is it accepted, do its groups exist, where do they take effect, and do its Pods have them. Pure.
import type { Condition } from '../kube/types.ts';
import { type Finding, findingText } from './finding.ts';
import type { PodStanding } from './policy-pods.ts';

/** A condition before it has a time. */
export type ConditionInput = Omit<Condition, 'lastTransitionTime'>;

export interface PolicyFacts {
  readonly groupIds: readonly string[];
  /** Why the policy is not in force as it is written; the first counts. */
  readonly objections: readonly Finding[];
  /** What is wrong with the list of groups as the cloud knows them; absent when every one can be bound together. */
  readonly groupProblem: { readonly reason: string; readonly message: string } | undefined;
  /** What of document 002 is missing before Pods of general and native nodes get groups. */
  readonly gates: readonly Finding[];
  /** Nodes whose sub-ENI quota is above 0. */
  readonly capableNodes: number;
  /** Worth knowing, and no hindrance; shown with TrunkingAvailable. */
  readonly warnings: readonly Finding[];
}

/** Conditions Accepted, GroupsResolved, TrunkingAvailable and Ready, in this order; Ready says whether new Pods get the groups. */
export function planPolicyConditions(facts: PolicyFacts): readonly ConditionInput[] {
  const own = accepted(facts);
  const groups = groupsResolved(facts);
  return [own, groups, trunking(facts), ready(own, groups)];
}

function accepted({ objections }: PolicyFacts): ConditionInput {
  const type = 'Accepted';
  const [first] = objections;
  if (first === undefined)
    return {
      type,
      status: 'True',
      reason: 'Accepted',
      message: 'admission gives the groups to Pods that match from now on',
    };
  return { type, status: 'False', reason: first.code, message: objections.map(findingText).join('. ') };
}

function groupsResolved({ groupProblem }: PolicyFacts): ConditionInput {
  const type = 'GroupsResolved';
  if (groupProblem === undefined)
    return { type, status: 'True', reason: 'AllFound', message: 'every security group exists' };
  const { reason, message } = groupProblem;
  return {
    type,
    status: 'False',
    reason,
    message: `${message}; Pods that run keep what they have, new ones wait on general nodes until the groups can be bound`,
  };
}

function trunking({ gates, capableNodes, warnings }: PolicyFacts): ConditionInput {
  const type = 'TrunkingAvailable';
  const notes = warnings.map((each) => `. Warning ${each.code}: ${findingText(each)}`).join('');
  const [first] = gates;
  if (first !== undefined)
    return { type, status: 'False', reason: first.code, message: `${gates.map(findingText).join('. ')}${notes}` };
  const message = `${capableNodes} ${capableNodes === 1 ? 'node carries' : 'nodes carry'} sub-ENIs${notes}`;
  return { type, status: 'True', reason: 'NodesAvailable', message };
}

function ready(own: ConditionInput, groups: ConditionInput): ConditionInput {
  const wrong = [own, groups].find(({ status }) => status !== 'True');
  if (wrong !== undefined) return { ...wrong, type: 'Ready' };
  return {
    type: 'Ready',
    status: 'True',
    reason: 'Accepted',
    message: 'Pods created from now on that match get the groups',
  };
}

/** A Pod of a policy, with how it stands to it. */
export interface StandingPod {
  readonly name: string;
  /** The selectors match it now; otherwise only admission counted it in. */
  readonly selected: boolean;
  readonly standing: PodStanding;
}

export interface PodCounts {
  readonly matched: number;
  readonly programmed: number;
  readonly drifted: number;
  readonly failed: number;
  readonly differing: { pod: string; reason: string; message: string }[];
}

/** As many are listed by name; the counts are of all. */
export const MAX_LISTED = 20;

/** Counts, and the first Pods by name that are not as they should be: failed ones before those that run. */
export function countPods(pods: readonly StandingPod[]): PodCounts {
  const failed = pods.filter(({ standing }) => standing.kind === 'failed');
  const drifted = pods.filter(({ standing }) => standing.kind === 'differs');
  const byName = (a: StandingPod, b: StandingPod): number => (a.name < b.name ? -1 : 1);
  const listed = [...failed.toSorted(byName), ...drifted.toSorted(byName)].slice(0, MAX_LISTED);
  return {
    matched: pods.filter(({ selected }) => selected).length,
    programmed: pods.filter(({ selected, standing }) => selected && standing.kind === 'programmed').length,
    drifted: drifted.length,
    failed: failed.length,
    differing: listed.flatMap(({ name, standing }) => {
      if (standing.kind === 'failed') return [{ pod: name, reason: 'Failed', message: standing.message }];
      return standing.kind === 'differs' ? [{ pod: name, reason: standing.reason, message: standing.message }] : [];
    }),
  };
}

/** Condition Programmed: whether every Pod of the policy has its groups in force. `missed`: Pods that got past admission without them. */
export function programmedCondition(counts: PodCounts, missed: number): ConditionInput {
  const type = 'Programmed';
  const { matched, programmed, drifted, failed } = counts;
  const pods = `${programmed} of ${matched} matching Pods have the groups in force`;
  if (failed > 0)
    return {
      type,
      status: 'False',
      reason: 'PodsFailed',
      message: `${pods}; ${failed} cannot get theirs: see status.differing`,
    };
  if (missed > 0)
    return {
      type,
      status: 'False',
      reason: 'PodsMissed',
      message: `${pods}; ${missed} got past admission without them: rebuild them`,
    };
  if (drifted > 0)
    return {
      type,
      status: 'False',
      reason: 'PodsDiffer',
      message: `${pods}; ${drifted} running Pods have others, since a policy applies to new Pods only (spec 001, 002): see status.differing`,
    };
  if (programmed < matched) return { type, status: 'False', reason: 'Progressing', message: pods };
  const message = matched === 0 ? 'no Pod matches' : pods;
  return { type, status: 'True', reason: matched === 0 ? 'NoPods' : 'AllProgrammed', message };
}
