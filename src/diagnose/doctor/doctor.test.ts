// Each check of doctor, told by the one thing that is wrong.
import { describe, expect, it } from 'vitest';

import { labels, tags } from '../../api/keys.ts';
import type { Eip } from '../../cloud/eip-calls.ts';
import type { NodeEniConfigStatus } from '../../api/node-eni-config.ts';
import type { ClusterPicture } from '../picture/picture.ts';
import { ANY, pictureOf } from '../trace/testing/cluster.ts';
import { checks, examine } from './doctor.ts';
import type { DoctorInput } from './input.ts';

const VALUES = {
  region: 'ap-guangzhou',
  vpcId: 'vpc-12ab34cd',
  clusterId: 'cls-1',
  subnetIds: 'subnet-12ab34cd',
  'vpcCni.trunkingEni.enableSubEni': 'true',
};
const NODE = '10.0.0.1';

const program = (name: string, tag = 'v3.6.0', ready = 1) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'kube-system' },
  spec: { replicas: 1, template: { spec: { containers: [{ name, image: `trunkline/${name}:${tag}` }] } } },
  status: { readyReplicas: ready, desiredNumberScheduled: 1, numberReady: ready },
});

const configMap = (name: string, data: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'kube-system' },
  data,
});

/** All is well. */
function healthy(
  kube: Partial<ClusterPicture['kube']> = {},
  cloud: Partial<NonNullable<ClusterPicture['cloud']>> = {},
): DoctorInput {
  const picture = pictureOf({
    nodes: { [NODE]: ['sg-node0000'] },
    pods: [{ name: 'web-0', address: '10.0.0.9', node: NODE, mode: 'standard', groups: ['sg-aaaaaaaa'] }],
    groups: { 'sg-aaaaaaaa': { in: [ANY] }, 'sg-node0000': {} },
    kube: {
      configMaps: [configMap('tke-eni-ipamd', VALUES)],
      deployments: [program('tke-eni-ipamd')],
      daemonSets: [program('tke-eni-agent')],
      ...kube,
    },
    cloud: {
      subnets: [
        { subnetId: 'subnet-12ab34cd', vpcId: 'vpc-1', zone: 'z1', cidr: '10.0.0.0/24', availableIpCount: 200 },
      ],
      ...cloud,
    },
  });
  return {
    picture,
    now: new Date('2026-01-01T00:00:00Z'),
    clusterUid: 'cluster',
    probes: [],
    eips: { eips: [], claims: [] },
    webhooks: [
      {
        apiVersion: 'v1',
        kind: 'MutatingWebhookConfiguration',
        metadata: { name: 'w' },
        webhooks: [{ name: 'w', clientConfig: { caBundle: 'x' } }],
      },
    ],
    webhookDeployments: [program('add-pod-eni-ip-limit-webhook')],
    certificates: [{ name: 'certificate authority of w', notAfter: '2027-01-01T00:00:00Z' }],
  };
}

const found = (input: DoctorInput, id: string) => examine(input, [id]).checks[0]?.findings ?? [];

const withNec = (change: Partial<NodeEniConfigStatus>, spec = {}): DoctorInput => {
  const input = healthy();
  const [nec] = input.picture.kube.nodeEniConfigs;
  if (nec === undefined) throw new Error('no nec');
  const nodeEniConfigs = [{ ...nec, spec: { ...nec.spec, ...spec }, status: { ...nec.status, ...change } }];
  return { ...input, picture: { ...input.picture, kube: { ...input.picture.kube, nodeEniConfigs } } };
};

const agent = (change: object) => ({ node: { linkDriver: 'vlan' as const, ready: true, ...change } });

it('a cluster that is well has no finding in any check', () => {
  const report = examine(healthy());
  expect(report.checks.flatMap(({ id, findings }) => findings.map((finding) => [id, finding.message]))).toEqual([]);
  expect(report.checks).toHaveLength(checks.length);
  expect(report.checks.every(({ state }) => state === 'ok')).toBe(true);
});

describe('doctor finds', () => {
  it.each<[string, DoctorInput, RegExp]>([
    [
      'installation',
      {
        ...healthy(),
        picture: { ...healthy().picture, gaps: [{ what: 'vpcenis', why: 'this cluster has no kind VpcENI' }] },
      },
      /has no kind VpcENI/,
    ],
    ['installation', healthy({ configMaps: [] }), /there are no add-on values/],
    [
      'installation',
      healthy({ configMaps: [configMap('tke-eni-ipamd', { ...VALUES, paused: 'maybe' })] }),
      /paused: "maybe"/,
    ],
    [
      'installation',
      healthy({ configMaps: [configMap('tke-eni-ipamd', { ...VALUES, paused: 'all' })] }),
      /calls are paused \(all\)/,
    ],
    ['programs', healthy({ deployments: [] }), /not installed in kube-system/],
    ['programs', healthy({ daemonSets: [program('tke-eni-agent', 'v3.6.0', 0)] }), /0 of 1 Pods are ready/],
    ['programs', { ...healthy(), webhookDeployments: [] }, /no Pod is counted or marked/],
    [
      'versions',
      healthy({ deployments: [program('tke-eni-ipamd', 'v3.5.0')] }),
      /needs add-on version 3\.5\.6 or newer, this one is v3\.5\.0/,
    ],
    ['versions', healthy({ deployments: [program('tke-eni-ipamd', 'latest')] }), /needs|version/],
    ['versions', withNec(agent({ agentVersion: 'v3.5.9' })), /its agent is v3\.5\.9, ipamd is v3\.6\.0/],
    [
      'cam-actions',
      {
        ...healthy(),
        probes: [{ action: 'vpc:CreateNetworkInterface', neededBy: 'nodes', answer: 'denied', detail: 'no' }],
      },
      /may not call it; needed by nodes/,
    ],
    [
      'allow-list',
      {
        ...healthy(),
        probes: [{ action: 'vpc:CreateSubNetworkInterface', neededBy: 'Pods', answer: 'not-offered', detail: '' }],
      },
      /does not know vpc:CreateSubNetworkInterface/,
    ],
    ['webhook', { ...healthy(), certificates: [{ name: 'ca', notAfter: '2026-01-03T00:00:00Z' }] }, /it ends at/],
    ['webhook', { ...healthy(), certificates: [{ name: 'ca', notAfter: '2025-12-03T00:00:00Z' }] }, /it ended at/],
    [
      'webhook',
      {
        ...healthy(),
        webhooks: [
          { apiVersion: 'v1', kind: 'M', metadata: { name: 'w' }, webhooks: [{ name: 'w', clientConfig: {} }] },
        ],
      },
      /has no caBundle/,
    ],
    ['nodes', withNec(agent({ ready: false, message: 'no trunk' })), /not ready: no trunk/],
    [
      'nodes',
      withNec({
        conditions: [
          { type: 'SharedAddresses', status: 'False', reason: 'NoSubnet', message: 'full', lastTransitionTime: '' },
        ],
      }),
      /NoSubnet: full/,
    ],
    [
      'model-quotas',
      withNec({ subENI: { quota: 0, reason: 'model family S5 is not one of' } }, { instanceType: 'S5.LARGE8' }),
      /carries no sub-ENI: model family S5/,
    ],
    [
      'kernel',
      withNec(agent({ sysctls: { 'net.ipv4.conf.eth1.rp_filter': '1' } })),
      /rp_filter is strict \(net\.ipv4\.conf\.eth1\.rp_filter\)/,
    ],
    ['kernel', withNec(agent({ linkDriver: 'unavailable' })), /has no link for sub-ENIs/],
    [
      'kernel',
      withNec(
        agent({
          routing: { strict: true, tcpEarlyDemux: true, udpEarlyDemux: false, ipvs: false, nodeLocalDNS: false },
        }),
      ),
      /tcp_early_demux is on/,
    ],
    [
      'subnets',
      healthy(
        {},
        {
          subnets: [{ subnetId: 'subnet-12ab34cd', vpcId: 'v', zone: 'z1', cidr: '10.0.0.0/24', availableIpCount: 3 }],
        },
      ),
      /3 of 253 addresses of 10\.0\.0\.0\/24 in z1 are free/,
    ],
    [
      'security-groups',
      healthy(
        {},
        {
          groups: new Map([
            [
              'sg-aaaaaaaa',
              {
                groupId: 'sg-aaaaaaaa',
                name: '',
                rules: { ok: false, problems: [{ path: 'Ingress[0].Port', message: 'odd' }] },
              },
            ],
          ]),
        },
      ),
      /what it decides is not known: Ingress\[0\]\.Port: odd/,
    ],
    [
      'ip-masq-agent',
      healthy({
        daemonSets: [program('tke-eni-agent'), program('ip-masq-agent')],
        configMaps: [
          configMap('tke-eni-ipamd', VALUES),
          configMap('ip-masq-agent-config', { config: '{"NonMasqueradeCIDRs": "10.0.0.0/8"}' }),
        ],
      }),
      /last good configuration stays in force/,
    ],
    [
      'claims',
      healthy({
        vpcIpClaims: [
          {
            apiVersion: 'v1',
            kind: 'VpcIPClaim',
            metadata: { name: 'a', namespace: 'n' },
            spec: { deletePolicy: 'Never', kind: 'Shared' },
            status: { phase: 'Unbound', releaseAt: '2025-12-31T00:00:00Z' },
          },
        ],
      }),
      /was to be released at 2025-12-31/,
    ],
  ])('%s: a fault of its own', (id, input, words) => {
    const messages = found(input, id).map(({ message }) => message);
    expect(
      messages.some((message) => words.test(message)),
      messages.join('\n'),
    ).toBe(true);
  });

  it('an ENI of this cluster whose owner is gone, and leaves those of others alone', () => {
    const tagged = (eniId: string, cluster: string) => ({
      ...base,
      eniId,
      tags: [
        { key: tags.cluster, value: cluster },
        { key: tags.owner, value: 'VpcENI/sub-gone' },
        { key: tags.ownerUid, value: 'u' },
      ],
    });
    const base = {
      name: '',
      kind: 'sub' as const,
      state: 'AVAILABLE' as const,
      vpcId: 'v',
      subnetId: 's',
      mac: '',
      addresses: [],
      securityGroups: [],
      tags: [],
    };
    const input = healthy({}, { enis: [tagged('eni-ours0000', 'cluster'), tagged('eni-other000', 'another')] });
    expect(found(input, 'orphans').map(({ subject }) => subject)).toEqual(['eni-ours0000']);
  });

  it('an EIP that was bought for a claim that is gone', () => {
    const eip: Eip = {
      eipId: 'eip-12ab34cd',
      name: '',
      ip: '203.0.113.9',
      status: 'UNBIND',
      isp: 'BGP',
      blocked: false,
      createdAt: '2025-01-01T00:00:00Z',
      tags: [
        { key: tags.cluster, value: 'cluster' },
        { key: tags.owner, value: 'EIPClaim/shop/web-0' },
        { key: tags.ownerUid, value: 'u' },
      ],
    };
    expect(found({ ...healthy(), eips: { eips: [eip], claims: [] } }, 'orphans')).toMatchObject([
      { subject: 'eip-12ab34cd', fix: { command: 'trunkline eip orphans --release' } },
    ]);
  });

  it('a strict Pod that SNAT applies to', () => {
    const picture = pictureOf({
      nodes: { [NODE]: [] },
      pods: [{ name: 'web-0', address: '10.0.0.9', node: NODE, mode: 'strict' }],
      groups: {},
      masq: '{"NonMasqueradeCIDRs": ["10.0.0.0/8"]}',
    });
    expect(found({ ...healthy(), picture }, 'ip-masq-agent')).toMatchObject([
      { severity: 'problem', subject: 'Pod default/web-0', fix: { text: expect.stringContaining('10.0.0.9/32') } },
    ]);
  });

  it('a zone with nodes and no container subnet', () => {
    const input = withNec({}, { zone: 'z2' });
    expect(found(input, 'subnets').map(({ subject }) => subject)).toEqual(['zone z2']);
  });

  it('groups that were changed by hand, with what the objects and the cloud say in one row', () => {
    const input = healthy();
    const [own] = input.picture.kube.vpcEnis;
    if (own === undefined || input.picture.cloud === undefined) throw new Error('no VpcENI');
    const eni = {
      eniID: 'eni-web-0',
      macAddress: '',
      addresses: [{ ip: '10.0.0.9' }],
      subnetID: 's',
      subnetCIDR: '',
      gateway: '',
      securityGroups: [],
    };
    const enis = input.picture.cloud.enis.map((each) => ({ ...each, securityGroups: ['sg-bbbbbbbb'] }));
    const picture: ClusterPicture = {
      ...input.picture,
      kube: { ...input.picture.kube, vpcEnis: [{ ...own, status: { ...own.status, eni } }] },
      cloud: { ...input.picture.cloud, enis },
    };
    expect(examine({ ...input, picture }).drift).toEqual([
      expect.objectContaining({ field: 'security groups', recorded: 'sg-aaaaaaaa', cloud: 'sg-bbbbbbbb' }),
    ]);
  });
});

it('what cannot be asked is unknown, not well', () => {
  const { probes: _, webhooks: __, clusterUid: ___, eips: _____, ...rest } = healthy();
  const { cloud: ____, ...picture } = rest.picture;
  const report = examine({
    ...rest,
    probesWhy: 'no keys',
    picture: { ...picture, gaps: [{ what: 'cloud', why: 'no keys' }] },
  });
  const unknown = report.checks.filter(({ state }) => state === 'unknown').map(({ id }) => id);
  expect(unknown).toEqual(['cam-actions', 'webhook', 'subnets', 'security-groups', 'orphans', 'drift']);
});

it('a claim past its time is the only thing that --fix does by itself', () => {
  const input = healthy({
    eipClaims: [
      {
        apiVersion: 'v1',
        kind: 'EIPClaim',
        metadata: { name: 'a', namespace: 'n' },
        spec: { deletePolicy: 'Never' },
        status: { releaseAt: '2025-12-31T00:00:00Z' },
      },
    ],
  });
  expect(found(input, 'claims')).toMatchObject([
    { subject: 'eipclaim n/a', fix: { automatic: true, command: 'kubectl -n n delete eipclaim a' } },
  ]);
});

it('the control plane and super nodes need no nec', () => {
  const node = (name: string, marks: Record<string, string>) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: marks },
  });
  const input = healthy({
    nodes: [
      node('cp', { 'node-role.kubernetes.io/control-plane': '' }),
      node('super', { [labels.instanceType]: 'eklet' }),
      node('stray', {}),
    ],
  });
  expect(found(input, 'nodes').map(({ subject }) => subject)).toEqual(['node stray']);
});
