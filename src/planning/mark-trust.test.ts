// Marks that admission cannot have made give a Pod nothing.
import { describe, expect, it } from 'vitest';
import { labels, WEBHOOK_EXEMPT_LABEL } from '../api/keys.ts';
import { judgeMarks, type MarkFacts } from './mark-trust.ts';

const named = (marks: Record<string, string>) => ({ metadata: { name: 'shop', labels: marks } });
const LABELLED = named({ [labels.securityGroupPolicy]: '' });
const judge = (parts: Partial<MarkFacts>): string =>
  judgeMarks({
    namespace: 'shop',
    object: named({}),
    policies: 0,
    allowed: undefined,
    groups: ['sg-aaaaaaaa'],
    ...parts,
  }).kind;

describe('the marks of a Pod', () => {
  it.each<[string, Partial<MarkFacts>, string]>([
    ['count where admission fails closed, also after the last policy went', { object: LABELLED }, 'trusted'],
    ['count in an exempt namespace', { object: named({ [WEBHOOK_EXEMPT_LABEL]: '' }) }, 'trusted'],
    ['do not count where no policy was, however they got there', {}, 'refused'],
    ['wait while a first policy is there and the label is not', { policies: 1 }, 'wait'],
    ['wait for a namespace that is not seen yet', { object: undefined }, 'wait'],
    [
      'do not count with a group that the namespace may not use',
      { object: LABELLED, allowed: { shop: '' } },
      'refused',
    ],
    [
      'do not count with such a group in an exempt namespace either',
      { object: named({ [WEBHOOK_EXEMPT_LABEL]: '' }), allowed: { _others: 'sg-bbbbbbbb' } },
      'refused',
    ],
  ])('%s', (_name, parts, kind) => {
    expect(judge(parts)).toBe(kind);
  });
});
