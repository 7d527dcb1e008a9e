// From a Pod's annotations to the VpcENI it needs, to a refusal, or to the documented message.
import fc from 'fast-check';
import { type AdmissionOutcome, encodeAdmissionDecision } from '../api/admission-decision.ts';
import { describe, expect, it } from 'vitest';
import { annotations, SUPER_NODE_INSTANCE_TYPE } from '../api/keys.ts';
import { type PodFacts, planPodIntent, wantsSubEni } from './pod-intent.ts';

const pod = (given: Record<string, string>, change: Partial<PodFacts> = {}): PodFacts => ({
  namespace: 'shop',
  name: 'web',
  uid: 'u1',
  nodeName: 'n1',
  annotations: given,
  ended: false,
  hostNetwork: false,
  ...change,
});
const marked = (groups: string) => ({
  [annotations.networks]: 'tke-sub-eni',
  [annotations.securityGroupId]: groups,
});
const node = { instanceType: 'SA5.LARGE8', address: '10.0.0.1' };

const decided = (outcome: AdmissionOutcome): string =>
  encodeAdmissionDecision({ policies: [{ name: 'p', uid: 'u', generation: 1 }], groups: ['sg-12ab34cd'], outcome });

describe('planPodIntent', () => {
  it('copies Pod, node, groups and the routing mode in force', () => {
    expect(planPodIntent(pod(marked('sg-bbbbbbbb,sg-aaaaaaaa')), node, 'strict')).toEqual({
      kind: 'sub-eni',
      spec: {
        type: 'SubENI',
        nodeName: 'n1',
        pod: { namespace: 'shop', name: 'web', uid: 'u1' },
        securityGroups: ['sg-bbbbbbbb', 'sg-aaaaaaaa'],
        enforcingMode: 'strict',
      },
    });
  });

  it.each([
    ['no node yet', pod(marked('sg-aaaaaaaa'), { nodeName: undefined }), node],
    ['an ended Pod', pod(marked('sg-aaaaaaaa'), { ended: true }), node],
    ['the host network', pod(marked('sg-aaaaaaaa'), { hostNetwork: true }), node],
    ['a super node', pod(marked('sg-aaaaaaaa')), { ...node, instanceType: SUPER_NODE_INSTANCE_TYPE }],
    ['no mark', pod({}), node],
  ])('wants nothing for %s', (_, given, on) => {
    expect(planPodIntent(given, on, 'standard')).toEqual({ kind: 'none' });
  });

  it.each([
    ['', 'empty'],
    ['sg-aaaaaaaa,', 'an empty entry'],
    ['sg-aaaaaaaa,sg-SHOUTING', 'a wrong entry'],
  ])('refuses groups "%s" (%s) as a whole, never with fewer groups than asked', (groups) => {
    expect(planPodIntent(pod(marked(groups)), node, 'standard')).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining(annotations.securityGroupId),
    });
  });

  it('refuses a mark without any groups', () => {
    expect(planPodIntent(pod({ [annotations.networks]: 'tke-sub-eni' }), node, 'standard').kind).toBe('refused');
  });

  it('gives the documented message for a matched Pod without the mark on a node that is not super', () => {
    expect(
      planPodIntent(pod({ [annotations.admissionDecision]: decided('trunking-disabled') }), node, 'standard'),
    ).toEqual({
      kind: 'super-node-only',
      message: 'security groups is only support super node, node 10.0.0.1 is not super node',
    });
  });

  it.each(['sub-eni', 'host-network'] as const)('never gives that message for outcome %s', (outcome) => {
    const marked = pod({ [annotations.admissionDecision]: decided(outcome) });
    expect(planPodIntent(marked, node, 'standard')).toEqual({ kind: 'none' });
  });

  it('keeps the order of the groups, which is their priority', () => {
    const idArb = fc.stringMatching(/^sg-[a-z0-9]{8}$/);
    fc.assert(
      fc.property(fc.uniqueArray(idArb, { minLength: 1, maxLength: 8 }), (ids) => {
        const intent = planPodIntent(pod(marked(ids.join(', '))), node, 'standard');
        expect(intent.kind === 'sub-eni' && intent.spec.securityGroups).toEqual(ids);
      }),
    );
  });
});

describe('wantsSubEni', () => {
  it.each([
    ['tke-sub-eni', true],
    ['tke-bridge, tke-sub-eni@eth1', true],
    ['tke-route-eni', false],
    ['tke-sub-eni-other', false],
    [undefined, false],
  ])('reads %s as %s', (text, expected) => {
    expect(wantsSubEni(text)).toBe(expected);
  });
});
