// What the security groups of a node's ENIs shall be, and what is to be recorded about it: the state machine of spec 000. Pure.
import type { NodeEniConfigStatus } from '../api/node-eni-config.ts';
import { distinct, sameGroups } from './group-sync.ts';

/** The switch and the global list in force; an empty list means: each node inherits its instance's (spec 000). */
export interface GroupPolicy {
  readonly enabled: boolean;
  readonly groups: readonly string[];
}

export type GroupsRecord = NonNullable<NodeEniConfigStatus['securityGroups']>;

export interface NodeGroupFacts {
  readonly policy: GroupPolicy;
  /** Why the feature must not be used although it is switched on; absent when nothing is against it. */
  readonly closed?: string | undefined;
  /** Of the instance, in the primary ENI's order; absent when the cloud knows no such instance. */
  readonly instanceGroups: readonly string[] | undefined;
  /** nec.spec.securityGroups. */
  readonly spec: readonly string[] | undefined;
  readonly recorded: GroupsRecord | undefined;
  /** Value of disable-node-eni-security-groups on the node. */
  readonly annotation: string | undefined;
  /** It was seen to be `yes` since `recorded` was written, whatever it is now: two changes may come faster than they are acted on. */
  readonly sawYes?: boolean;
}

/** Reason and message of a condition and an Event. */
export interface GroupProblem {
  readonly reason: string;
  readonly message: string;
}

export interface NodeGroupPlan {
  /** Off: ENIs are left alone. Disabled: all groups come off, then ENIs are left alone. Managed: ENIs are held to `list`, once it is found usable. */
  readonly state: 'Off' | 'Blocked' | 'Disabled' | 'Managed';
  readonly list: readonly string[];
  /** What becomes of nec.spec.securityGroups. */
  readonly spec: 'keep' | 'remove' | readonly string[];
  readonly origin: GroupsRecord['origin'];
  readonly written: readonly string[] | undefined;
  readonly annotation: string | undefined;
  readonly problem: GroupProblem | undefined;
}

/** Reason of a plan that is blocked because the feature must not be used at all. */
export const VERSION_TOO_OLD = 'VersionTooOld';

/** Everything but the question whether the groups exist, which only the cloud can answer (`judgeGroups`). */
export function planNodeGroups(facts: NodeGroupFacts): NodeGroupPlan {
  const { policy, recorded, spec } = facts;
  const kept = {
    list: [],
    spec: 'keep',
    origin: recorded?.origin,
    written: recorded?.written,
    annotation: recorded?.annotation,
    problem: undefined,
  } as const;
  if (!policy.enabled) return { ...kept, state: 'Off' };
  if (facts.closed !== undefined)
    return { ...kept, state: 'Blocked', problem: { reason: VERSION_TOO_OLD, message: facts.closed } };
  const before = facts.sawYes === true ? 'yes' : recorded?.annotation;
  const { value: annotation, problem } = readAnnotation(facts.annotation, before);
  if (annotation === 'yes') {
    // Only what was there when the node was disabled goes; a later edit stays to be seen, and binds nothing.
    const removes = recorded?.annotation !== 'yes' && spec !== undefined;
    return {
      ...kept,
      state: 'Disabled',
      spec: removes ? 'remove' : 'keep',
      origin: undefined,
      written: undefined,
      annotation,
      problem,
    };
  }
  const asked = annotation !== before && (annotation === 'no' || before === 'yes');
  if (spec !== undefined && !asked) return { ...kept, ...standing(facts, spec), state: 'Managed', annotation, problem };
  const computed = compute(facts);
  if (computed === undefined) return { ...kept, state: 'Blocked', problem: instanceUnknown };
  const { list, origin } = computed;
  const same = spec !== undefined && sameGroups(spec, list);
  return { state: 'Managed', list, spec: same ? 'keep' : list, origin, written: list, annotation, problem };
}

const instanceUnknown: GroupProblem = {
  reason: 'InstanceUnknown',
  message: 'the groups are those of the instance, and the cloud knows no such instance',
};

/** The list that is set stays, whoever set it: ipamd, a user, or an earlier enabling (spec 000). */
function standing(facts: NodeGroupFacts, spec: readonly string[]): Pick<NodeGroupPlan, 'list' | 'origin' | 'written'> {
  const { recorded } = facts;
  const list = distinct(spec);
  if (recorded?.written !== undefined) {
    const ours = sameGroups(recorded.written, spec);
    // A user's edit hides where our own list came from, so that it is told anew when the edit is taken back.
    const origin = recorded.origin === 'user' ? originOf(facts, spec) : recorded.origin;
    return { list, origin: ours ? origin : 'user', written: recorded.written };
  }
  const computed = compute(facts);
  // Written before a crash could have kept it from being recorded.
  if (computed !== undefined && sameGroups(computed.list, spec))
    return { list, origin: computed.origin, written: spec };
  return { list, origin: 'user', written: undefined };
}

function originOf(facts: NodeGroupFacts, list: readonly string[]): GroupsRecord['origin'] {
  return facts.instanceGroups !== undefined && sameGroups(facts.instanceGroups, list) ? 'instance' : 'flag';
}

function compute({
  policy,
  instanceGroups,
}: NodeGroupFacts): { readonly list: readonly string[]; readonly origin: 'flag' | 'instance' } | undefined {
  if (policy.groups.length > 0) return { list: distinct(policy.groups), origin: 'flag' };
  return instanceGroups === undefined ? undefined : { list: distinct(instanceGroups), origin: 'instance' };
}

/** A value that is neither of the documented two changes nothing. */
function readAnnotation(
  value: string | undefined,
  before: string | undefined,
): { readonly value: string | undefined; readonly problem: GroupProblem | undefined } {
  if (value === undefined || value === 'yes' || value === 'no') return { value, problem: undefined };
  const message = `annotation tke.cloud.tencent.com/disable-node-eni-security-groups is "${value}"; expected "yes" or "no" (spec 000). Until then it counts as ${before === undefined ? 'absent' : `"${before}"`}`;
  return { value: before, problem: { reason: 'UnknownAnnotationValue', message } };
}

/** The groups that a new ENI of the node is made with; `undefined` while nothing is decided yet, so that the ENI is not made with the wrong ones. */
export function groupsOfNewEni(recorded: GroupsRecord | undefined): readonly string[] | undefined {
  if (recorded === undefined) return undefined;
  return recorded.state === 'Managed' || recorded.state === 'Blocked' ? (recorded.inForce ?? []) : [];
}
