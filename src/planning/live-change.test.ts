// Which Pods a policy in Live mode changes: those that its edit concerns, when no other policy was promised otherwise.
import { describe, expect, it } from 'vitest';
import type { VpcEni } from '../api/vpc-eni.ts';
import { isChanging, type LiveFacts, planLiveChange } from './live-change.ts';
import type { PolicyView } from './policy-view.ts';

const policy = (name: string, groups: readonly string[], generation = 1): PolicyView => ({
  apiVersion: 'v1beta1',
  kind: 'SecurityGroupPolicy',
  metadata: { name, namespace: 'shop', uid: name, generation },
  selection: { kind: 'nobody' },
  groups,
});
const edited = policy('web', ['sg-b'], 2);
const other = policy('other', ['sg-c']);
const by = (...names: string[]) => names.map((name) => ({ name, uid: name, generation: 1 }));
const facts = (more: Partial<LiveFacts> = {}): LiveFacts => ({
  policy: edited,
  matching: [edited],
  givenBy: by('web'),
  given: ['sg-a'],
  isLive: () => true,
  ...more,
});
const stepOf = (more: Partial<LiveFacts>): string => {
  const step = planLiveChange(facts(more));
  return step.kind === 'change' ? step.wanted.join(',') : step.kind === 'keep' ? step.why : 'none';
};

describe('a policy in Live mode', () => {
  it.each<[string, Partial<LiveFacts>, string | RegExp]>([
    ['changes a Pod after an edit', {}, 'sg-b'],
    ['changes nothing when the groups are the same', { given: ['sg-b'] }, 'none'],
    [
      'changes nothing that it gave itself as it is now',
      { givenBy: [{ name: 'web', uid: 'web', generation: 2 }] },
      'none',
    ],
    [
      'changes a Pod that it selects only now',
      { matching: [edited, other], givenBy: by('other'), given: ['sg-c'] },
      'sg-b,sg-c',
    ],
    ['leaves a Pod that it does not select any more', { matching: [] }, 'none'],
    [
      'leaves a Pod that a policy in the documented mode selects too',
      { matching: [edited, other], isLive: (uid) => uid === 'web' },
      /other.*is not in Live mode/,
    ],
    [
      'leaves a Pod that has groups of a policy in the documented mode',
      { givenBy: by('web', 'other'), isLive: (uid) => uid === 'web' },
      /other.*is not in Live mode/,
    ],
    [
      'leaves a Pod that has groups of a deleted policy',
      { givenBy: by('web', 'gone'), isLive: (uid) => (uid === 'gone' ? undefined : true) },
      /gone.*was deleted/,
    ],
    [
      'leaves a Pod whose policies give more groups than an ENI takes',
      { matching: [edited, policy('many', ['1', '2', '3', '4', '5'])] },
      /6 groups/,
    ],
  ])('%s', (_, change, expected) => {
    expect(stepOf(change)).toMatch(typeof expected === 'string' ? new RegExp(`^${expected}$`) : expected);
  });

  it('remembers with a change which policies gave the groups', () => {
    expect(
      planLiveChange(facts({ matching: [edited, other], givenBy: by('web', 'other'), given: ['sg-a', 'sg-c'] })),
    ).toEqual({
      kind: 'change',
      wanted: ['sg-b', 'sg-c'],
      policies: [{ name: 'web', uid: 'web', generation: 2 }, ...by('other')],
    });
  });
});

describe('a change in place', () => {
  const eni = (groups: string[], applied?: string[]): VpcEni => ({
    apiVersion: 'v1',
    kind: 'VpcENI',
    metadata: { name: 'sub-1' },
    spec: {
      type: 'SubENI',
      nodeName: 'n',
      securityGroups: groups,
      groupChange: { from: ['sg-a'], policies: [], requestedAt: '' },
    },
    status: applied === undefined ? {} : { groupsApplied: applied },
  });
  it('is under way from its record until it is known to be in force, also the second one back', () => {
    expect([eni(['sg-b']), eni(['sg-b'], ['sg-b']), eni(['sg-a'], ['sg-b']), eni(['sg-a'])].map(isChanging)).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});
