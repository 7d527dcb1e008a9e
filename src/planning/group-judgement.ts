// Whether a list of groups may be put in force, and what of a plan stands when it may not: nothing is ever half applied. Pure.
import { MAX_GROUPS } from './group-sync.ts';
import { type GroupProblem, type GroupsRecord, type NodeGroupPlan, VERSION_TOO_OLD } from './node-groups.ts';

/** A group as the cloud describes it. */
export interface KnownGroup {
  readonly projectId: string | undefined;
}

export interface JudgementFacts {
  readonly list: readonly string[];
  /** By id; what is not here is not in this region and account. */
  readonly known: ReadonlyMap<string, KnownGroup>;
  readonly region: string;
}

/**
 * The first thing that is wrong with a list; nothing when it can be bound. Groups of one list are of one project (GUESS: the cloud's rules know
 * groups of one project only; facts of the cloud API, section 11).
 */
export function judgeGroups({ list, known, region }: JudgementFacts): GroupProblem | undefined {
  if (list.length > MAX_GROUPS)
    return {
      reason: 'TooManySecurityGroups',
      message: `${list.length} security groups (${list.join(',')}); an ENI takes at most ${MAX_GROUPS}`,
    };
  const missing = list.filter((group) => !known.has(group));
  if (missing.length > 0)
    return {
      reason: 'SecurityGroupNotFound',
      message: `${missing.join(',')} not found in region ${region} of this account; expected ids of groups that exist there`,
    };
  const projects = new Map(list.map((group) => [known.get(group)?.projectId ?? '', group]));
  if (projects.size > 1) {
    const each = [...projects].map(([project, group]) => `${group} is of project ${project}`);
    return {
      reason: 'SecurityGroupOtherProject',
      message: `${each.join(', ')}; expected groups of one project`,
    };
  }
  return undefined;
}

/** What is done about a node. */
export interface NodeGroupOutcome {
  readonly spec: NodeGroupPlan['spec'];
  readonly record: GroupsRecord;
  /** What the node's ENIs are held to; absent: they are left alone. */
  readonly wanted: readonly string[] | undefined;
  readonly problem: GroupProblem | undefined;
}

/** `refusal`: what `judgeGroups` said of the plan's list. With one, what was in force before stays so, and what was asked is asked again. */
export function concludeNodeGroups(
  plan: NodeGroupPlan,
  recorded: GroupsRecord | undefined,
  refusal: GroupProblem | undefined,
): NodeGroupOutcome {
  const { state, list, spec, problem } = plan;
  const before = recorded?.state === 'Managed' || recorded?.state === 'Blocked' ? recorded.inForce : undefined;
  if (state === 'Managed' && refusal === undefined)
    return { spec, record: record(plan, { inForce: [...list] }), wanted: list, problem };
  if (state === 'Managed' || (state === 'Blocked' && problem?.reason !== VERSION_TOO_OLD)) {
    const told = state === 'Managed' && plan.spec === 'keep' ? plan : recorded;
    const { origin, annotation } = { origin: told?.origin, annotation: told?.annotation };
    const kept = { ...plan, state: 'Blocked', origin, annotation, written: recorded?.written } as const;
    return {
      spec: 'keep',
      record: record(kept, before === undefined ? {} : { inForce: before }),
      wanted: before,
      problem: refusal ?? problem,
    };
  }
  return { spec, record: record(plan, {}), wanted: state === 'Disabled' ? [] : undefined, problem };
}

function record(
  { state, origin, written, annotation }: Pick<NodeGroupPlan, 'state' | 'origin' | 'written' | 'annotation'>,
  more: Pick<GroupsRecord, 'inForce'>,
): GroupsRecord {
  return {
    state,
    ...(origin === undefined ? {} : { origin }),
    ...(written === undefined ? {} : { written: [...written] }),
    ...more,
    ...(annotation === undefined ? {} : { annotation }),
  };
}
