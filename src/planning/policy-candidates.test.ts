import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SecurityGroupPolicy } from '../api/security-group-policy.ts';
import { selects } from './match-policies.ts';
import { createPolicyCandidates } from './policy-candidates.ts';
import { projectPolicy } from './policy-view.ts';

const key = fc.constantFrom('app', 'tier', 'constructor');
const value = fc.constantFrom('a', 'b', 'c', '');
const labels = fc.dictionary(key, value);
const expression = fc.oneof(
  fc.record({ key, operator: fc.constantFrom('In', 'NotIn'), values: fc.array(value, { minLength: 1, maxLength: 3 }) }),
  fc.record({ key, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
);
const selector = fc.record(
  { matchLabels: labels, matchExpressions: fc.array(expression, { maxLength: 3 }) },
  { requiredKeys: [] },
);
const policies = fc
  .array(fc.record({ podSelector: selector, serviceAccountSelector: selector }, { requiredKeys: [] }), { maxLength: 8 })
  .map((specs) =>
    specs.map((spec, index) =>
      projectPolicy({
        apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
        kind: 'SecurityGroupPolicy',
        metadata: { name: `p${index}`, namespace: 'n' },
        spec: { ...spec, securityGroups: { groupIds: ['sg-00000001'] } },
      } as SecurityGroupPolicy),
    ),
  );

describe('the policies that may select a Pod', () => {
  it('are no fewer than those that do, each of them once, whatever the labels are', () => {
    fc.assert(
      fc.property(policies, labels, labels, (all, pod, account) => {
        const found = createPolicyCandidates(all).of(pod);
        expect(new Set(found).size).toBe(found.length);
        for (const policy of all) if (selects(policy, pod, account)) expect(found).toContain(policy);
      }),
    );
  });
  it('hold one that cannot be read, since nobody knows whom it selects', () => {
    const unreadable = projectPolicy({
      apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
      kind: 'SecurityGroupPolicy',
      metadata: { name: 'p', namespace: 'n' },
      spec: { podSelector: { matchExpressions: [{ key: 'a', operator: 'Like', values: ['b'] }] } },
    } as unknown as SecurityGroupPolicy);
    expect(createPolicyCandidates([unreadable]).of({})).toEqual([unreadable]);
  });
  it('leave out those of other labels', () => {
    const [policy] = [{ app: 'a' }].map((matchLabels) =>
      projectPolicy({
        apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
        kind: 'SecurityGroupPolicy',
        metadata: { name: 'p', namespace: 'n' },
        spec: { podSelector: { matchLabels }, securityGroups: { groupIds: ['sg-00000001'] } },
      } as SecurityGroupPolicy),
    );
    const candidates = createPolicyCandidates(policy === undefined ? [] : [policy]);
    expect([candidates.of({ app: 'b' }), candidates.of({}), candidates.of({ app: 'a' })]).toEqual([[], [], [policy]]);
  });
});
