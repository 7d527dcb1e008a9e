// Quantities of a node's extended resources.
import { describe, expect, it } from 'vitest';
import { type NodeResourceFacts, planNodeResources } from './node-resources.ts';

const base: NodeResourceFacts = {
  published: { subEni: undefined, eniIp: undefined, directEni: undefined, eip: undefined },
  agentReady: true,
  hasLinks: true,
  subEniQuota: 100,
  eniIpQuota: 27,
  eipQuota: 2,
  hasTrunk: true,
  hasEni: true,
};

describe('planNodeResources', () => {
  it.each<[string, Partial<NodeResourceFacts>, string | undefined, string | undefined]>([
    ['a node in order offers both quotas in full', {}, '100', '27'],
    ['nothing is said before the agent serves', { agentReady: false }, undefined, undefined],
    [
      'what was offered becomes 0 when the agent stops',
      { agentReady: false, published: { subEni: '100', eniIp: '27', directEni: '0', eip: '2' } },
      '0',
      '0',
    ],
    ['shared ENIs without a trunk', { hasTrunk: false }, undefined, '27'],
    [
      'no link driver takes sub-ENIs away and leaves addresses',
      { hasLinks: false, published: { subEni: '100', eniIp: '27', directEni: '0', eip: '2' } },
      '0',
      '27',
    ],
    ['a model without sub-ENIs says 0', { subEniQuota: 0, hasTrunk: false }, '0', '27'],
    ['no ENI yet', { hasTrunk: false, hasEni: false }, undefined, undefined],
    ['static mode says nothing of shared addresses', { eniIpQuota: undefined }, '100', undefined],
    [
      'static mode takes back what was offered',
      { eniIpQuota: undefined, published: { subEni: '100', eniIp: '27', directEni: '0', eip: '2' } },
      '100',
      '0',
    ],
    ['a node that may have none says 0', { eniIpQuota: 0 }, '100', '0'],
  ])('%s', (_, change, subEni, eniIp) => {
    const directEni = subEni === undefined && eniIp === undefined ? undefined : '0';
    expect(planNodeResources({ ...base, ...change })).toMatchObject({ subEni, eniIp, directEni });
  });

  it('takes back exclusive ENIs that somebody else has offered, whatever else can be said', () => {
    const published = { subEni: undefined, eniIp: undefined, directEni: '19', eip: undefined };
    expect(planNodeResources({ ...base, agentReady: false, published }).directEni).toBe('0');
  });

  it.each<[string, Partial<NodeResourceFacts>, string | undefined]>([
    ['as many EIPs as its instance takes', {}, '2'],
    ['EIPs also while its first ENI is on the way, which the other resource waits for', { hasEni: false }, '2'],
    ['none when it may have none', { eipQuota: 0 }, '0'],
    ['nothing before the agent serves', { agentReady: false }, undefined],
    ['nothing before the instance is known', { eipQuota: undefined }, undefined],
  ])('a node offers %s', (_, change, eip) => {
    expect(planNodeResources({ ...base, ...change }).eip).toBe(eip);
  });

  it('offers no EIP any more when the agent stops', () => {
    const published = { ...base.published, eip: '2' };
    expect(planNodeResources({ ...base, agentReady: false, published }).eip).toBe('0');
  });
});
