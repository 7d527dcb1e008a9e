// A namespace carries the label exactly while it has policies.
import { describe, expect, it } from 'vitest';
import { labels as keys, WEBHOOK_EXEMPT_LABEL } from '../api/keys.ts';
import { namespaceEnforces, planPolicyLabel } from './policy-label.ts';

const namespace = (labels?: Record<string, string>, name = 'shop') => ({
  metadata: { name, ...(labels === undefined ? {} : { labels }) },
});
const LABELLED = { [keys.securityGroupPolicy]: '' };

describe('the label of a namespace with policies', () => {
  it.each([
    ['the first policy puts it on', namespace(), 1, 'set'],
    ['it stays while there is one', namespace(LABELLED), 1, 'leave'],
    ['the last policy takes it off', namespace(LABELLED), 0, 'remove'],
    ['other labels do not count', namespace({ team: 'a' }), 0, 'leave'],
    ['kube-system never has it', namespace({}, 'kube-system'), 1, 'leave'],
    ['one written by hand on kube-system goes', namespace(LABELLED, 'kube-system'), 1, 'remove'],
    [
      'an exempt namespace has it too, and it is of no effect there',
      namespace({ [WEBHOOK_EXEMPT_LABEL]: '' }),
      1,
      'set',
    ],
  ] as const)('%s', (_name, given, policies, step) => {
    expect(planPolicyLabel({ namespace: given, policies })).toBe(step);
  });

  it('enforces only where it stands and nothing exempts', () => {
    expect(namespaceEnforces(namespace(LABELLED))).toBe(true);
    expect(namespaceEnforces(undefined)).toBe(false);
    expect(namespaceEnforces(namespace({}))).toBe(false);
    expect(namespaceEnforces(namespace({ ...LABELLED, [WEBHOOK_EXEMPT_LABEL]: '' }))).toBe(false);
    expect(namespaceEnforces(namespace(LABELLED, 'kube-system'))).toBe(false);
  });
});
