// The label that makes admission fail closed is not a person's to take off.
import { describe, expect, it } from 'vitest';
import { labels, WEBHOOK_EXEMPT_LABEL } from '../api/keys.ts';
import { guardNamespaceUpdate } from './guard-namespace.ts';

const IPAMD = 'system:serviceaccount:kube-system:tke-eni-ipamd';
const LABELLED = { [labels.securityGroupPolicy]: '', team: 'a' };
const kindOf = (before: Record<string, string>, after: Record<string, string>, username = 'alice'): string =>
  guardNamespaceUpdate({ before, after, username }).kind;

describe('an update of a namespace', () => {
  it('never takes the label off by hand', () => {
    expect(kindOf(LABELLED, { team: 'a' })).toBe('refuse');
    expect(kindOf(LABELLED, { team: 'a' }, 'system:serviceaccount:shop:tke-eni-ipamd')).toBe('refuse');
  });

  it('takes it off by ipamd when no policy is left', () => {
    expect(kindOf(LABELLED, { team: 'a' }, IPAMD)).toBe('if-no-policy');
  });

  it('may change everything else, and add the label', () => {
    expect(kindOf(LABELLED, { ...LABELLED, team: 'b' })).toBe('allow');
    expect(kindOf({}, LABELLED)).toBe('allow');
  });

  it('warns when the namespace becomes exempt', () => {
    const after = { ...LABELLED, [WEBHOOK_EXEMPT_LABEL]: '' };
    expect(guardNamespaceUpdate({ before: LABELLED, after, username: 'alice' })).toMatchObject({
      warnings: [expect.stringContaining('no SecurityGroupPolicy')],
    });
    expect(guardNamespaceUpdate({ before: after, after, username: 'alice' })).toMatchObject({ warnings: [] });
  });
});
