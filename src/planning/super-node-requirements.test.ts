// What document 001 asks of a cluster, requirement by requirement.
import { describe, expect, it } from 'vitest';

import type { Node } from '../kube/resources.ts';
import {
  superNodeCondition,
  superNodeFacts,
  superNodeRequirements,
  type SuperNodeFacts,
} from './super-node-requirements.ts';

const met: SuperNodeFacts = { clusterVersion: 'v1.30.2-tke.1', region: 'ap-guangzhou', superNodes: 1 };
const codes = (facts: Partial<SuperNodeFacts>): string[] =>
  superNodeRequirements({ ...met, ...facts }).map(({ code }) => code);

const node = (name: string, more: Partial<Node> = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  ...more,
});
const eklet = (name: string): Node =>
  node(name, { metadata: { name, labels: { 'node.kubernetes.io/instance-type': 'eklet' } } });

describe('superNodeRequirements', () => {
  it.each<[string, Partial<SuperNodeFacts>, string[]]>([
    ['nothing is missing', {}, []],
    ['1.20 itself will do', { clusterVersion: 'v1.20.0' }, []],
    ['1.18 is too old', { clusterVersion: 'v1.18.4-tke.11' }, ['ClusterTooOld']],
    ['a version that nobody can read is not taken for new enough', { clusterVersion: '' }, ['ClusterTooOld']],
    ['dual-stack', { dualStackNode: '10.0.1.5' }, ['DualStackCluster']],
    ['a region that offers none', { region: 'ap-mumbai', superNodes: 0 }, ['RegionWithoutSuperNodes']],
    ['a super node proves its region', { region: 'ap-mumbai' }, []],
    ['a region that offers them, and none was added', { superNodes: 0 }, ['NoSuperNode']],
    [
      'all at once',
      { clusterVersion: 'v1.18.4', dualStackNode: '10.0.1.5', region: 'ap-mumbai', superNodes: 0 },
      ['ClusterTooOld', 'DualStackCluster', 'RegionWithoutSuperNodes'],
    ],
  ])('%s', (_what, facts, expected) => {
    expect(codes(facts)).toEqual(expected);
  });

  it('each finding says what would be right', () => {
    const all = superNodeRequirements({ clusterVersion: 'x', region: 'nowhere', superNodes: 0, dualStackNode: 'n' });
    expect(all.every(({ cure }) => cure.length > 0)).toBe(true);
  });
});

describe('superNodeFacts', () => {
  const cluster = { clusterVersion: 'v1.30.2', region: 'ap-guangzhou' };

  it('counts super nodes and takes a cluster of one family for what it is', () => {
    const general = node('10.0.1.5', {
      spec: { podCIDRs: ['10.244.0.0/24'] },
      status: { addresses: [{ type: 'InternalIP', address: '10.0.1.5' }] },
    });
    expect(superNodeFacts([general, eklet('eklet-1'), eklet('eklet-2')], cluster)).toEqual({
      ...cluster,
      superNodes: 2,
    });
  });

  it.each<[string, Partial<Node>]>([
    [
      'addresses',
      {
        status: {
          addresses: [
            { type: 'InternalIP', address: '10.0.1.5' },
            { type: 'InternalIP', address: '2402:4e00::5' },
          ],
        },
      },
    ],
    ['Pod ranges', { spec: { podCIDRs: ['10.244.0.0/24', 'fd00:1::/64'] } }],
  ])('finds dual-stack by the %s of a node, and names it', (_what, more) => {
    expect(superNodeFacts([eklet('eklet-1'), node('10.0.1.5', more)], cluster).dualStackNode).toBe('10.0.1.5');
  });

  it('takes a name of a node for no address', () => {
    const named = node('n', {
      status: {
        addresses: [
          { type: 'Hostname', address: 'fd::n' },
          { type: 'InternalIP', address: '10.0.1.5' },
        ],
      },
    });
    expect(superNodeFacts([named], cluster).dualStackNode).toBeUndefined();
  });
});

describe('superNodeCondition', () => {
  it('is True where the groups hold', () => {
    expect(superNodeCondition(met)).toMatchObject({
      type: 'SuperNodesAvailable',
      status: 'True',
      reason: 'RequirementsMet',
    });
  });

  it('is False with the first requirement as reason and all of them in the message', () => {
    const told = superNodeCondition({ ...met, clusterVersion: 'v1.18.4', dualStackNode: '10.0.1.5' });
    expect(told).toMatchObject({ status: 'False', reason: 'ClusterTooOld' });
    expect(told.message).toContain('1.20.0');
    expect(told.message).toContain('node 10.0.1.5 has addresses of both families');
  });
});
