// How a Pod stands to a policy, case by case.
import { describe, expect, it } from 'vitest';
import type { AdmissionOutcome } from '../api/admission-decision.ts';
import type { PolicyView } from './policy-view.ts';
import { type PodEni, podStanding, type PodStandingFacts } from './policy-pods.ts';

const policy = (name: string, groups: readonly string[], generation = 1): PolicyView => ({
  apiVersion: 'v1beta1',
  kind: 'SecurityGroupPolicy',
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, generation },
  selection: { kind: 'nobody' },
  groups,
});
const own = policy('web', ['sg-aaaaaaaa']);
const decided = (outcome: AdmissionOutcome, ...policies: readonly PolicyView[]) => ({
  policies: policies.map(({ metadata }) => ({ name: metadata.name, uid: metadata.uid ?? '', generation: 1 })),
  groups: policies.flatMap(({ groups }) => groups),
  outcome,
});
const eni = (given: readonly string[], more: Partial<PodEni> = {}): PodEni => ({
  ready: true,
  given,
  bound: given,
  problem: undefined,
  changing: false,
  ...more,
});
const facts = (more: Partial<PodStandingFacts>): PodStandingFacts => ({
  policy: own,
  matching: [own],
  decision: decided('sub-eni', own),
  scheduled: true,
  hostNetwork: false,
  onSuperNode: false,
  eni: undefined,
  ...more,
});
const told = (more: Partial<PodStandingFacts>): string => {
  const standing = podStanding(facts(more));
  return standing.kind === 'differs' ? standing.reason : standing.kind;
};
const edited = policy('web', ['sg-bbbbbbbb'], 2);
const other = policy('other', ['sg-cccccccc']);

describe('a Pod stands to a policy', () => {
  it.each<[string, Partial<PodStandingFacts>, string]>([
    ['as programmed when its sub-ENI has the groups in force', { eni: eni(['sg-aaaaaaaa']) }, 'programmed'],
    ['as pending before it is scheduled', { scheduled: false }, 'pending'],
    ['as pending before its sub-ENI is there', {}, 'pending'],
    ['as pending while its sub-ENI is on its way', { eni: eni(['sg-aaaaaaaa'], { ready: false }) }, 'pending'],
    [
      'as pending while its groups are being changed',
      { eni: eni(['sg-bbbbbbbb'], { bound: ['sg-aaaaaaaa'], changing: true }) },
      'pending',
    ],
    ['as failed when its sub-ENI cannot be made', { eni: eni([], { ready: false, problem: 'no subnet' }) }, 'failed'],
    ['as changed by hand when the cloud has others', { eni: eni(['sg-aaaaaaaa'], { bound: [] }) }, 'ChangedInCloud'],
    ['as different after an edit', { policy: edited, matching: [edited], eni: eni(['sg-aaaaaaaa']) }, 'PolicyEdited'],
    [
      'as programmed after an edit that gives the same groups',
      {
        policy: policy('web', ['sg-aaaaaaaa'], 2),
        matching: [policy('web', ['sg-aaaaaaaa'], 2)],
        eni: eni(['sg-aaaaaaaa']),
      },
      'programmed',
    ],
    ['as different when it is not selected any more', { matching: [], eni: eni(['sg-aaaaaaaa']) }, 'NoLongerSelected'],
    [
      'as different when it was selected later',
      { policy: other, matching: [own, other], eni: eni(['sg-aaaaaaaa']) },
      'SelectedLater',
    ],
    [
      'as programmed when only another policy is the cause',
      { matching: [own, other], eni: eni(['sg-aaaaaaaa']) },
      'programmed',
    ],
    ['as without groups when it is older than the policy', { decision: undefined }, 'WithoutGroups'],
    ['as on its host network', { hostNetwork: true }, 'HostNetwork'],
    ['as programmed on a super node', { decision: decided('super-node', own), onSuperNode: true }, 'programmed'],
    [
      'as programmed on a super node although Trunking was off',
      { decision: decided('trunking-disabled', own), onSuperNode: true },
      'programmed',
    ],
    ['as different where Trunking was off', { decision: decided('trunking-disabled', own) }, 'TrunkingWasOff'],
    [
      'as different on a super node after an edit',
      { policy: edited, matching: [edited], decision: decided('super-node', own), onSuperNode: true },
      'PolicyEdited',
    ],
  ])('%s', (_, change, expected) => {
    expect(told(change)).toBe(expected);
  });

  it('says what it has and what it would get', () => {
    const standing = podStanding(facts({ policy: edited, matching: [edited], eni: eni(['sg-aaaaaaaa']) }));
    expect(standing).toMatchObject({
      message: expect.stringMatching(/has sg-aaaaaaaa of generation 1; now it would get sg-bbbbbbbb; delete the Pod/),
    });
  });
});
