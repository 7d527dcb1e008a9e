// Each limit of strict routing of document 002 is found by its facts and nothing else, and says what to do.
import { describe, expect, it } from 'vitest';
import { defaultMasqConfig } from './masq-config.ts';
import { type StrictFacts, strictLimits } from './strict-limits.ts';

const quiet = { strict: true, tcpEarlyDemux: false, udpEarlyDemux: false, ipvs: false, nodeLocalDNS: false };
const node = (name: string, change: Partial<typeof quiet> = {}) => ({ name, routing: { ...quiet, ...change } });
const clean: StrictFacts = {
  nodes: [node('10.0.1.2'), { name: '10.0.1.3' }],
  networkPolicies: [],
  localServices: [],
  hostPorts: [],
  masquerade: { kind: 'absent' },
};
const withMasq = (change: object): Partial<StrictFacts> => ({
  masquerade: { kind: 'configured', sources: ['10.0.32.5'], config: { ...defaultMasqConfig, ...change } },
});

describe('the limits of strict routing', () => {
  it('are silent where each of them is kept, and where the agent has not told yet', () => {
    expect(strictLimits(clean)).toEqual([]);
  });

  it.each([
    [1, 'NodeLocalDNS', { nodes: [node('n1', { nodeLocalDNS: true })] }, 'inside node n1', 'dnsPolicy None'],
    [2, 'NetworkPolicy', { networkPolicies: ['shop/deny'] }, 'NetworkPolicy shop/deny', 'rules of the security groups'],
    [3, 'IPVS', { nodes: [node('n1', { ipvs: true })] }, 'node n1 works with IPVS', 'iptables'],
    [
      4,
      'ExternalTrafficPolicyLocal',
      { localServices: ['shop/web'] },
      'Service shop/web',
      'externalTrafficPolicy: Cluster',
    ],
    [
      '4, by hostPort',
      'HostPort',
      { hostPorts: ['shop/web (8080, 53)'] },
      'hostPort of Pod shop/web (8080, 53): callers of the node',
      'externalTrafficPolicy: Cluster',
    ],
    [
      5,
      'EarlyDemux',
      { nodes: [node('n1', { tcpEarlyDemux: true })] },
      'tcp_early_demux is on on node n1',
      'agent.config.disableTcpEarlyDemux to true',
    ],
    [
      5,
      'EarlyDemux',
      { nodes: [node('n1', { udpEarlyDemux: true })] },
      'udp_early_demux is on on node n1',
      'agent.config.disableUdpEarlyDemux to true',
    ],
    [
      6,
      'SNAT',
      withMasq({ nonMasqueradeCIDRs: ['10.0.0.0/16'] }),
      'Pod address 10.0.32.5 sends anywhere but 10.0.0.0/16',
      'NonMasqueradeSrcCIDRs',
    ],
    [
      6,
      'SNAT',
      { masquerade: { kind: 'configured', sources: [], config: defaultMasqConfig } },
      'what a Pod outside NonMasqueradeSrcCIDRs sends',
      'NonMasqueradeSrcCIDRs',
    ],
    [6, 'SNAT', { masquerade: { kind: 'unreadable', why: 'key X' } }, 'cannot be used: key X', 'mend ConfigMap'],
  ] as const)('include number %i of document 002, %s', (_, code, change, message, cure) => {
    expect(strictLimits({ ...clean, ...change })).toEqual([
      { code, message: expect.stringContaining(message), cure: expect.stringContaining(cure) },
    ]);
  });

  it.each([
    ['the Pod is exempt by its address', { nonMasqueradeSrcCIDRs: ['10.0.32.5/32'] }],
    ['strict Pods are exempt by themselves', { nonMasqueradeStrictPods: true }],
    ['no traffic is masqueraded at all', { nonMasqueradeCIDRs: ['0.0.0.0/0'] }],
  ])('find no SNAT when %s', (_, change) => {
    expect(strictLimits({ ...clean, ...withMasq(change) })).toEqual([]);
  });

  it('find no SNAT for Pods to come when none is masqueraded', () => {
    const config = { ...defaultMasqConfig, nonMasqueradeSrcCIDRs: ['0.0.0.0/0'] };
    expect(strictLimits({ ...clean, masquerade: { kind: 'configured', sources: [], config } })).toEqual([]);
  });

  it('name a rule that another program moved only where a Pod is strict', () => {
    const moved = (strict: boolean) => ({ name: 'n1', routing: { ...quiet, strict, message: 'it stands at 0' } });
    expect(strictLimits({ ...clean, nodes: [moved(false)] })).toEqual([]);
    expect(strictLimits({ ...clean, nodes: [moved(true)] })).toMatchObject([
      { code: 'LocalRule', message: 'node n1: it stands at 0' },
    ]);
  });

  it('name a few of many nodes and count the others', () => {
    const nodes = ['n1', 'n2', 'n3', 'n4', 'n5'].map((name) => node(name, { ipvs: true }));
    expect(strictLimits({ ...clean, nodes })[0]?.message).toContain('nodes n1, n2, n3 and 2 more');
  });

  it('come in the order of the document', () => {
    const all = strictLimits({
      nodes: [node('n1', { ipvs: true, nodeLocalDNS: true, tcpEarlyDemux: true, udpEarlyDemux: true })],
      networkPolicies: ['a/b'],
      localServices: ['a/c'],
      hostPorts: ['a/d (80)'],
      ...withMasq({}),
    } as StrictFacts);
    expect(all.map(({ code }) => code)).toEqual([
      'NodeLocalDNS',
      'NetworkPolicy',
      'IPVS',
      'ExternalTrafficPolicyLocal',
      'HostPort',
      'EarlyDemux',
      'EarlyDemux',
      'SNAT',
    ]);
  });
});
