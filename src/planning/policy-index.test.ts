// The index of policies and Pods says the same as matching each Pod with each policy, whatever changed in which order.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SecurityGroupPolicy, SecurityGroupPolicySpec } from '../api/security-group-policy.ts';
import { matchPolicies } from './match-policies.ts';
import { createPolicyIndex, type PolicyIndex } from './policy-index.ts';
import { projectPolicy } from './policy-view.ts';

const policy = (name: string, spec: Partial<SecurityGroupPolicySpec>, generation = 1): SecurityGroupPolicy => ({
  apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
  kind: 'SecurityGroupPolicy',
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, generation, creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { securityGroups: { groupIds: ['sg-00000001'] }, ...spec },
});
const forApp = (app: string): Partial<SecurityGroupPolicySpec> => ({ podSelector: { matchLabels: { app } } });
const pod = (name: string, app: string, serviceAccount = 'default') => ({
  key: `shop/${name}`,
  namespace: 'shop',
  labels: { app },
  serviceAccount,
});
const names = (index: PolicyIndex, key: string): string[] => index.matching(key).map((each) => each.metadata.name);

describe('the index of policies and Pods', () => {
  it('knows of each Pod the policies that match it, and of each policy its Pods', () => {
    const index = createPolicyIndex();
    index.setPod(pod('a', 'web'));
    index.setPolicy(projectPolicy(policy('web', forApp('web'))));
    index.setPolicy(projectPolicy(policy('all', { podSelector: {} })));
    index.setPod(pod('b', 'db'));
    expect(names(index, 'shop/a')).toEqual(['all', 'web']);
    expect(names(index, 'shop/b')).toEqual(['all']);
    expect(index.podsOf('shop/all')).toEqual(['shop/a', 'shop/b']);
  });

  it('forgets what is deleted', () => {
    const index = createPolicyIndex();
    index.setPod(pod('a', 'web'));
    index.setPolicy(projectPolicy(policy('web', forApp('web'))));
    index.removePolicy('shop/web');
    expect(names(index, 'shop/a')).toEqual([]);
    index.setPolicy(projectPolicy(policy('web', forApp('web'))));
    index.removePod('shop/a');
    expect(index.podsOf('shop/web')).toEqual([]);
  });

  it('follows the labels of ServiceAccounts, also of one that comes late', () => {
    const index = createPolicyIndex();
    index.setPolicy(projectPolicy(policy('sa', { serviceAccountSelector: { matchLabels: { team: 'x' } } })));
    index.setPod(pod('a', 'web', 'builder'));
    expect(names(index, 'shop/a')).toEqual([]);
    index.setServiceAccount('shop', 'builder', { team: 'x' });
    expect(names(index, 'shop/a')).toEqual(['sa']);
    index.setServiceAccount('shop', 'builder', undefined);
    expect(names(index, 'shop/a')).toEqual([]);
  });

  it('says what matching each Pod with each policy says, after any sequence of changes', () => {
    const app = fc.constantFrom('a', 'b', 'c');
    const name = fc.constantFrom('p', 'q', 'r');
    const change = fc.oneof(
      fc.record({ kind: fc.constant('policy' as const), name, app: fc.option(app) }),
      fc.record({ kind: fc.constant('no-policy' as const), name }),
      fc.record({ kind: fc.constant('pod' as const), name, app }),
      fc.record({ kind: fc.constant('no-pod' as const), name }),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const index = createPolicyIndex();
        const policies = new Map<string, SecurityGroupPolicy>();
        const living = new Map<string, string>();
        for (const each of changes)
          switch (each.kind) {
            case 'policy': {
              const made = policy(each.name, each.app === null ? { podSelector: {} } : forApp(each.app));
              policies.set(each.name, made);
              index.setPolicy(projectPolicy(made));
              break;
            }
            case 'no-policy':
              policies.delete(each.name);
              index.removePolicy(`shop/${each.name}`);
              break;
            case 'pod':
              living.set(each.name, each.app);
              index.setPod(pod(each.name, each.app));
              break;
            case 'no-pod':
              living.delete(each.name);
              index.removePod(`shop/${each.name}`);
          }
        for (const [podName, podApp] of living) {
          const match = matchPolicies({
            policies: [...policies.values()].map(projectPolicy),
            podLabels: { app: podApp },
            serviceAccountLabels: {},
          });
          const expected = match.kind === 'matched' ? match.policies.map((each) => each.metadata.name) : [];
          expect(names(index, `shop/${podName}`)).toEqual(expected);
        }
      }),
      { numRuns: 200 },
    );
  });
});
