// What doctor says of SNAT: Pods whose own address it takes, those it leaves without a way out, and whether anybody does it at all.
import { describe, expect, it } from 'vitest';

import { annotations } from '../../api/keys.ts';
import type { ClusterPicture } from '../picture/picture.ts';
import { pictureOf, type TestCluster } from '../trace/testing/cluster.ts';
import { examine } from './doctor.ts';

const NODE = '10.0.0.1';
const masq = (change: object = {}): string => JSON.stringify({ NonMasqueradeCIDRs: ['10.0.0.0/8'], ...change });

function findings(change: Partial<TestCluster>, alter: (picture: ClusterPicture) => ClusterPicture = (same) => same) {
  const picture = pictureOf({ nodes: { [NODE]: [] }, pods: [], groups: {}, ...change });
  const input = { picture: alter(picture), now: new Date(0), clusterUid: '', probes: [] };
  return examine(input as unknown as Parameters<typeof examine>[0], ['ip-masq-agent']).checks[0]?.findings ?? [];
}

const game: NonNullable<TestCluster['pods']>[number] = { name: 'game-0', address: '10.0.0.9', node: NODE };
const shown = (picture: ClusterPicture): ClusterPicture => ({
  ...picture,
  kube: {
    ...picture.kube,
    pods: picture.kube.pods.map((pod) => ({
      ...pod,
      metadata: { ...pod.metadata, annotations: { [annotations.eipPublicIp]: '203.0.113.5' } },
    })),
  },
});

describe('doctor on ip-masq-agent', () => {
  it('names a Pod whose EIP is not used for what it sends, and both ways to exempt it', () => {
    expect(findings({ pods: [game], masq: masq() }, shown)).toMatchObject([
      {
        severity: 'warning',
        subject: 'Pod default/game-0',
        fix: { text: expect.stringMatching(/10\.0\.0\.9\/32 to NonMasqueradeSrcCIDRs.*NonMasqueradeEIPPods to true/) },
      },
    ]);
  });

  it.each([
    ['in the list', { NonMasqueradeSrcCIDRs: ['10.0.0.9/32'] }],
    ['by itself', { NonMasqueradeEIPPods: true }],
  ])('says nothing of one that is exempt %s', (_how, change) => {
    expect(findings({ pods: [game], masq: masq(change) }, shown)).toEqual([]);
  });

  it('says nothing of a strict Pod where those are exempt by themselves', () => {
    const strict = { ...game, mode: 'strict' as const };
    expect(findings({ pods: [strict], masq: masq() })).toMatchObject([{ severity: 'problem' }]);
    expect(findings({ pods: [strict], masq: masq({ NonMasqueradeStrictPods: true }) })).toEqual([]);
  });

  it('names Pods without an EIP that a source covers', () => {
    expect(findings({ pods: [game], masq: masq({ NonMasqueradeSrcCIDRs: ['10.0.0.0/24'] }) })).toMatchObject([
      {
        severity: 'warning',
        message: expect.stringContaining('covers a Pod without an EIP: default/game-0 (10.0.0.9)'),
      },
    ]);
  });

  it('knows that nobody does SNAT although somebody configured it', () => {
    const uninstalled = (picture: ClusterPicture): ClusterPicture => ({
      ...picture,
      kube: { ...picture.kube, daemonSets: [] },
    });
    expect(findings({ pods: [game], masq: masq() }, uninstalled)).toMatchObject([
      { severity: 'warning', subject: 'ip-masq-agent', message: expect.stringContaining('it is not installed') },
    ]);
    expect(findings({ pods: [game] })).toEqual([]);
  });
});
