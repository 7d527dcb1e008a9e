// Quantities of a node's extended resources.
import { describe, expect, it } from 'vitest';
import { type NodeResourceFacts, planNodeResources } from './node-resources.ts';

const base: NodeResourceFacts = {
  published: { subEni: undefined, eniIp: undefined },
  agentReady: true,
  hasLinks: true,
  subEniQuota: 100,
  eniIpQuota: 27,
  hasTrunk: true,
  hasEni: true,
};

describe('planNodeResources', () => {
  it.each<[string, Partial<NodeResourceFacts>, string | undefined, string | undefined]>([
    ['a node in order offers both quotas in full', {}, '100', '27'],
    ['nothing is said before the agent serves', { agentReady: false }, undefined, undefined],
    [
      'what was offered becomes 0 when the agent stops',
      { agentReady: false, published: { subEni: '100', eniIp: '27' } },
      '0',
      '0',
    ],
    ['shared ENIs without a trunk', { hasTrunk: false }, undefined, '27'],
    [
      'no link driver takes sub-ENIs away and leaves addresses',
      { hasLinks: false, published: { subEni: '100', eniIp: '27' } },
      '0',
      '27',
    ],
    ['a model without sub-ENIs says 0', { subEniQuota: 0, hasTrunk: false }, '0', '27'],
    ['no ENI yet', { hasTrunk: false, hasEni: false }, undefined, undefined],
    ['static mode says nothing of shared addresses', { eniIpQuota: undefined }, '100', undefined],
    [
      'static mode takes back what was offered',
      { eniIpQuota: undefined, published: { subEni: '100', eniIp: '27' } },
      '100',
      '0',
    ],
    ['a node that may have none says 0', { eniIpQuota: 0 }, '100', '0'],
  ])('%s', (_, change, subEni, eniIp) => {
    expect(planNodeResources({ ...base, ...change })).toEqual({ subEni, eniIp });
  });
});
