import { describe, expect, it } from 'vitest';
import { concludeNodeGroups, judgeGroups, type KnownGroup } from './group-judgement.ts';
import { type GroupsRecord, groupsOfNewEni, type NodeGroupFacts, planNodeGroups } from './node-groups.ts';

const [a, b, c, x] = ['sg-aaaaaaaa', 'sg-bbbbbbbb', 'sg-cccccccc', 'sg-xxxxxxxx'] as const;
const [n1, n2] = ['sg-node0001', 'sg-node0002'] as const;
/** `x` does not exist. */
const known = new Map<string, KnownGroup>(
  [a, b, c, n1, n2].map((group) => [group, { projectId: group === c ? '9' : '0' }]),
);

const on = (...groups: string[]) => ({ enabled: true, groups });
const off = { enabled: false, groups: [a] };
const managed = (list: string[], origin: GroupsRecord['origin'], annotation?: string): GroupsRecord => ({
  state: 'Managed',
  origin,
  written: list,
  inForce: list,
  ...(annotation === undefined ? {} : { annotation }),
});
const disabled: GroupsRecord = { state: 'Disabled', annotation: 'yes' };

function run(facts: Partial<NodeGroupFacts>) {
  const full: NodeGroupFacts = {
    policy: on(),
    instanceGroups: [n2, n1],
    spec: undefined,
    recorded: undefined,
    annotation: undefined,
    ...facts,
  };
  const plan = planNodeGroups(full);
  const refusal =
    plan.state === 'Managed' ? judgeGroups({ list: plan.list, known, region: 'ap-guangzhou' }) : undefined;
  return concludeNodeGroups(plan, full.recorded, refusal);
}

/** What the document says (spec 000), what a node is found like, and what must become of it. */
// biome-ignore format: one line a row
const rows: readonly (readonly [
  what: string,
  facts: Partial<NodeGroupFacts>,
  state: GroupsRecord['state'],
  wanted: readonly string[] | undefined,
  spec: 'keep' | 'remove' | readonly string[],
  more?: { readonly origin?: GroupsRecord['origin']; readonly reason?: string },
])[] = [
  // --enable-security-groups is off by default.
  ['off: nothing is managed', { policy: off }, 'Off', undefined, 'keep'],
  ['off, a list is set: it is left alone', { policy: off, spec: [b] }, 'Off', undefined, 'keep'],
  ['off, disabled: nothing is unbound', { policy: off, annotation: 'yes' }, 'Off', undefined, 'keep'],
  // "If --security-groups is not set or empty, each node's groups are those of its instance", in the primary ENI's order.
  ['on, no list: the instance, in its order', {}, 'Managed', [n2, n1], [n2, n1], { origin: 'instance' }],
  ['on, an instance without groups: none', { instanceGroups: [] }, 'Managed', [], [], { origin: 'instance' }],
  ['on, the instance is unknown', { instanceGroups: undefined }, 'Blocked', undefined, 'keep', { reason: 'InstanceUnknown' }],
  // "If --security-groups is set, each node's groups are that list."
  ['on with a list: that list, in its order', { policy: on(b, a) }, 'Managed', [b, a], [b, a], { origin: 'flag' }],
  ['on with a list, the instance is unknown', { policy: on(a), instanceGroups: undefined }, 'Managed', [a], [a], { origin: 'flag' }],
  ['on with a list that names one twice', { policy: on(b, a, b) }, 'Managed', [b, a], [b, a], { origin: 'flag' }],
  // "Unless the feature was on before, and the node's groups are set": they stay, and ENIs are still held to them.
  ['on anew, a list of an earlier enabling stays', { policy: on(a), spec: [b] }, 'Managed', [b], 'keep', { origin: 'user' }],
  ['on anew after off, the list we wrote stays', { policy: on(a), spec: [b], recorded: { state: 'Off', origin: 'flag', written: [b] } }, 'Managed', [b], 'keep', { origin: 'flag' }],
  ['written, and killed before it was recorded', { policy: on(a), spec: [a] }, 'Managed', [a], 'keep', { origin: 'flag' }],
  // "If the list is changed later, new nodes follow, existing nodes do not."
  ['the flag changed: an existing node keeps its list', { policy: on(b), spec: [a], recorded: managed([a], 'flag') }, 'Managed', [a], 'keep', { origin: 'flag' }],
  ['the flag was taken away: an existing node keeps its list', { spec: [a], recorded: managed([a], 'flag') }, 'Managed', [a], 'keep', { origin: 'flag' }],
  ['the instance changed: an existing node keeps its list', { spec: [n1], recorded: managed([n1], 'instance') }, 'Managed', [n1], 'keep', { origin: 'instance' }],
  ['the flag changed: a new node follows', { policy: on(b) }, 'Managed', [b], [b], { origin: 'flag' }],
  // `kubectl edit nec`: effective at once.
  ['an edit', { policy: on(a), spec: [b, a], recorded: managed([a], 'flag') }, 'Managed', [b, a], 'keep', { origin: 'user' }],
  ['an edit of the order alone', { policy: on(a, b), spec: [b, a], recorded: managed([a, b], 'flag') }, 'Managed', [b, a], 'keep', { origin: 'user' }],
  ['an edit to no group', { policy: on(a), spec: [], recorded: managed([a], 'flag') }, 'Managed', [], 'keep', { origin: 'user' }],
  ['an edit that takes the list away: computed anew', { policy: on(b), recorded: managed([a], 'flag') }, 'Managed', [b], [b], { origin: 'flag' }],
  ['an edit taken back', { policy: on(a), spec: [a], recorded: { ...managed([a], 'user'), inForce: [b] } }, 'Managed', [a], 'keep', { origin: 'flag' }],
  // The annotation: yes unbinds and stops, no computes anew from the current policy.
  ['yes', { policy: on(a), spec: [a], recorded: managed([a], 'flag'), annotation: 'yes' }, 'Disabled', [], 'remove'],
  ['yes from the start', { policy: on(a), annotation: 'yes' }, 'Disabled', [], 'keep'],
  ['yes, and a new start', { policy: on(a), recorded: disabled, annotation: 'yes' }, 'Disabled', [], 'keep'],
  ['yes, and the flag changes', { policy: on(b), recorded: disabled, annotation: 'yes' }, 'Disabled', [], 'keep'],
  ['yes, and the nec is edited: it binds nothing', { policy: on(a), spec: [b], recorded: disabled, annotation: 'yes' }, 'Disabled', [], 'keep'],
  ['no after yes', { policy: on(b), recorded: disabled, annotation: 'no' }, 'Managed', [b], [b], { origin: 'flag' }],
  ['no after yes, inheriting', { recorded: disabled, annotation: 'no' }, 'Managed', [n2, n1], [n2, n1], { origin: 'instance' }],
  ['no after yes and an edit: the edit is replaced', { policy: on(a), spec: [b], recorded: disabled, annotation: 'no' }, 'Managed', [a], [a], { origin: 'flag' }],
  ['no for the first time, without a yes', { policy: on(b), spec: [a], recorded: managed([a], 'flag'), annotation: 'no' }, 'Managed', [b], [b], { origin: 'flag' }],
  ['no, acted on before: an edit stays', { policy: on(b), spec: [a], recorded: managed([b], 'flag', 'no'), annotation: 'no' }, 'Managed', [a], 'keep', { origin: 'user' }],
  ['no, acted on before: the flag changes', { policy: on(b), spec: [a], recorded: managed([a], 'flag', 'no'), annotation: 'no' }, 'Managed', [a], 'keep', { origin: 'flag' }],
  ['no, acted on before, and a yes in between that was not acted on', { policy: on(b), spec: [a], recorded: managed([a], 'flag', 'no'), annotation: 'no', sawYes: true }, 'Managed', [b], [b], { origin: 'flag' }],
  ['yes and taken away at once', { policy: on(b), spec: [a], recorded: managed([a], 'flag'), sawYes: true }, 'Managed', [b], [b], { origin: 'flag' }],
  ['the annotation taken away after yes counts as no', { policy: on(b), recorded: disabled }, 'Managed', [b], [b], { origin: 'flag' }],
  ['the annotation taken away after no changes nothing', { policy: on(b), spec: [a], recorded: managed([a], 'flag', 'no') }, 'Managed', [a], 'keep', { origin: 'flag' }],
  // Bad input: told, and the old state stays.
  ['another value while managed', { policy: on(a), spec: [a], recorded: managed([a], 'flag'), annotation: 'true' }, 'Managed', [a], 'keep', { origin: 'flag', reason: 'UnknownAnnotationValue' }],
  ['another value while disabled', { policy: on(a), recorded: disabled, annotation: 'Yes' }, 'Disabled', [], 'keep', { reason: 'UnknownAnnotationValue' }],
  ['another value from the start', { policy: on(a), annotation: '' }, 'Managed', [a], [a], { origin: 'flag', reason: 'UnknownAnnotationValue' }],
  ['an edit to a group that does not exist', { policy: on(a), spec: [b, x], recorded: managed([a], 'flag') }, 'Blocked', [a], 'keep', { origin: 'user', reason: 'SecurityGroupNotFound' }],
  ['an edit to too many groups', { policy: on(a), spec: [a, b, n1, n2, x, 'sg-yyyyyyyy'], recorded: managed([a], 'flag') }, 'Blocked', [a], 'keep', { origin: 'user', reason: 'TooManySecurityGroups' }],
  ['an edit to groups of two projects', { policy: on(a), spec: [a, c], recorded: managed([a], 'flag') }, 'Blocked', [a], 'keep', { origin: 'user', reason: 'SecurityGroupOtherProject' }],
  ['a bad edit, still there', { policy: on(a), spec: [x], recorded: { ...managed([a], 'user'), state: 'Blocked' } }, 'Blocked', [a], 'keep', { origin: 'user', reason: 'SecurityGroupNotFound' }],
  ['a bad edit put right', { policy: on(a), spec: [b], recorded: { ...managed([a], 'user'), state: 'Blocked' } }, 'Managed', [b], 'keep', { origin: 'user' }],
  ['a list of which one group does not exist: nothing is written', { policy: on(a, x) }, 'Blocked', undefined, 'keep', { reason: 'SecurityGroupNotFound' }],
  ['no after yes, with such a list', { policy: on(x), recorded: disabled, annotation: 'no' }, 'Blocked', undefined, 'keep', { reason: 'SecurityGroupNotFound' }],
  ['a version before 3.2.0', { policy: on(a), closed: 'needs 3.2.0', spec: [a], recorded: managed([a], 'flag') }, 'Blocked', undefined, 'keep', { origin: 'flag', reason: 'VersionTooOld' }],
];

const cases = rows.map(([what, facts, state, wanted, spec, more = {}]) => ({
  what,
  facts,
  state,
  wanted,
  spec,
  ...more,
}));

describe('the groups of a node', () => {
  it.each(cases)('$what', ({ facts, state, wanted, spec, reason, origin }) => {
    const outcome = run(facts);
    expect({ state: outcome.record.state, wanted: outcome.wanted, spec: outcome.spec }).toEqual({
      state,
      wanted,
      spec,
    });
    expect(outcome.problem?.reason).toBe(reason);
    expect(outcome.record.origin).toBe(origin);
  });

  it.each(cases)('decided again after what was decided was done, nothing changes: $what', ({ facts }) => {
    const first = run(facts);
    const spec = first.spec === 'keep' ? facts.spec : first.spec === 'remove' ? undefined : first.spec;
    const second = run({ ...facts, spec, recorded: first.record });
    expect(second).toEqual({ ...first, spec: 'keep' });
  });
});

describe('a new ENI', () => {
  it.each<[string, GroupsRecord | undefined, readonly string[] | undefined]>([
    ['waits while nothing is decided', undefined, undefined],
    ['has what is in force', managed([b, a], 'user'), [b, a]],
    [
      'has what stays in force while the list cannot be used',
      { ...managed([x], 'user'), state: 'Blocked', inForce: [a] },
      [a],
    ],
    ['has none while no list could be used yet', { state: 'Blocked' }, []],
    ['has none of a disabled node, whatever was in force', { ...managed([a], 'flag'), state: 'Disabled' }, []],
    ['has none while the feature is off, whatever was in force', { ...managed([a], 'flag'), state: 'Off' }, []],
  ])('%s', (_, recorded, groups) => {
    expect(groupsOfNewEni(recorded)).toEqual(groups);
  });
});

describe('what is asked again', () => {
  it('a `no` whose list could not be used is acted on once the group exists', () => {
    const refused = run({ policy: on(x), recorded: disabled, annotation: 'no' });
    const mended = run({ policy: on(a), recorded: refused.record, annotation: 'no' });
    expect(mended.wanted).toEqual([a]);
    expect(mended.record.annotation).toBe('no');
  });

  it('says which groups are missing, and where they were looked for', () => {
    expect(run({ policy: on(a, x) }).problem?.message).toContain(`${x} not found in region ap-guangzhou`);
  });
});
