// What a proposal would change, over a small cluster.
import { describe, expect, it } from 'vitest';

import type { ClusterPicture } from '../picture/picture.ts';
import { ANY, pictureOf } from '../trace/testing/cluster.ts';
import { planProposal } from './plan.ts';
import { type Proposal, readProposal } from './proposal.ts';

const NODES = ['10.0.0.1', '10.0.0.2'] as const;
const OPEN = { in: [ANY], out: [ANY] };

function cluster(): ClusterPicture {
  const base = pictureOf({
    nodes: { [NODES[0]]: [], [NODES[1]]: [] },
    pods: [
      { name: 'web-0', address: '10.0.0.11', node: NODES[0], labels: { app: 'web' }, ports: [80] },
      { name: 'api-0', address: '10.0.0.12', node: NODES[1], labels: { app: 'api' }, ports: [8080] },
    ],
    groups: {
      'sg-open0000': OPEN,
      'sg-shut0000': { in: [], out: [ANY] },
    },
  });
  return {
    ...base,
    kube: {
      ...base.kube,
      configMaps: [
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'tke-eni-ipamd', namespace: 'kube-system' },
          data: {
            'vpcCni.trunkingEni.enableSubEni': 'true',
            region: 'ap-guangzhou',
            vpcId: 'vpc-12ab34cd',
            clusterId: 'cls-1',
            subnetIds: 'subnet-12ab34cd',
          },
        },
      ],
    },
  };
}

const policy = (name: string, app: string, groupIds: string[], type?: 'Live') => ({
  apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
  kind: 'SecurityGroupPolicy',
  metadata: { name, namespace: 'default' },
  spec: {
    podSelector: { matchLabels: { app } },
    securityGroups: { groupIds },
    ...(type === undefined ? {} : { updateStrategy: { type } }),
  },
});

function proposalOf(documents: readonly unknown[], deletion = false): Proposal {
  const read = readProposal(documents, { namespace: 'default', deletion, nodes: 2 });
  if (!read.ok) throw new Error(read.problems.join('; '));
  return read.proposal;
}

const plan = (documents: readonly unknown[], picture = cluster()) => planProposal(picture, proposalOf(documents), []);

describe('a policy', () => {
  it('gives the Pods that it selects its groups when they are rebuilt, and closes what the groups do not let in', () => {
    const report = plan([policy('web', 'web', ['sg-shut0000'])]);
    expect(report.pods).toEqual([
      expect.objectContaining({
        pod: 'default/web-0',
        now: [],
        after: ['sg-shut0000'],
        when: 'rebuilt',
        from: 'shared',
        to: 'sub-eni',
      }),
    ]);
    expect(report.flows?.changes).toEqual([
      expect.objectContaining({
        from: 'default/Pod/api-0',
        to: 'default/Pod/web-0',
        protocol: 'TCP',
        port: 80,
        change: 'closes',
      }),
    ]);
    expect(report.calls).toEqual([expect.objectContaining({ action: 'CreateSubNetworkInterface', count: 1 })]);
  });

  describe('on Pods of one node', () => {
    const together = (values: Readonly<Record<string, string>> = {}): ClusterPicture => {
      const picture = cluster();
      const { pods, configMaps } = picture.kube;
      return {
        ...picture,
        kube: {
          ...picture.kube,
          pods: pods.map((pod) => ({ ...pod, spec: { ...pod.spec, nodeName: NODES[0] } })),
          configMaps: configMaps.map((map) => ({ ...map, data: { ...map.data, ...values } })),
        },
      };
    };
    const strict = { 'vpcCni.trunkingEni.podSecurityGroupEnforcingMode': 'strict' };
    const shut = policy('web', 'web', ['sg-shut0000']);

    it('with standard routing closes nothing, since what they say stays in the node', () => {
      expect(plan([shut], together()).flows?.changes).toEqual([]);
    });

    it('with strict routing closes what the groups do not let in', () => {
      const { flows } = plan([shut], together(strict));
      expect(flows?.changes).toMatchObject([{ to: 'default/Pod/web-0', change: 'closes', before: { open: 1 } }]);
    });

    it('that come back with strict routing loses what only the node had kept open', () => {
      const picture = together(strict);
      const cloud = picture.cloud;
      if (cloud === undefined) throw new Error('no cloud');
      const enis = cloud.enis.map((eni) => ({ ...eni, securityGroups: ['sg-shut0000'] }));
      const { flows } = plan([shut], { ...picture, cloud: { ...cloud, enis } });
      expect(flows?.changes).toMatchObject([
        { to: 'default/Pod/web-0', port: 80, change: 'closes' },
        { to: 'default/Pod/api-0', port: 8080, change: 'closes' },
      ]);
    });
  });

  it('that changes nothing has no answer to give', () => {
    const report = plan([policy('nobody', 'nobody', ['sg-shut0000'])]);
    expect([report.pods, report.flows?.changes, report.calls, report.quotas]).toEqual([[], [], [], []]);
  });

  it('names a group that the cloud does not know', () => {
    expect(plan([policy('web', 'web', ['sg-missing0'])]).quotas).toContainEqual({
      quota: 'groups that exist',
      message: 'sg-missing0 was not found in this account and region',
    });
  });

  it('with more groups than an ENI may have meets the quota', () => {
    const groups = ['sg-open0000', 'sg-shut0000', 'sg-aaaaaaaa', 'sg-bbbbbbbb', 'sg-cccccccc', 'sg-dddddddd'];
    expect(plan([policy('web', 'web', groups)]).quotas.map(({ quota }) => quota)).toContain('groups of an ENI');
  });

  /** web-0 runs on a sub-ENI with what the policy gives. */
  const inForce = (): ClusterPicture => {
    const picture = pictureOf({
      nodes: { [NODES[0]]: [], [NODES[1]]: [] },
      pods: [
        {
          name: 'web-0',
          address: '10.0.0.11',
          node: NODES[0],
          labels: { app: 'web' },
          ports: [80],
          mode: 'standard',
          groups: ['sg-shut0000'],
        },
        { name: 'api-0', address: '10.0.0.12', node: NODES[1], labels: { app: 'api' } },
      ],
      groups: { 'sg-open0000': OPEN, 'sg-shut0000': { in: [], out: [ANY] } },
      kube: {
        configMaps: cluster().kube.configMaps,
        securityGroupPolicies: [
          { ...policy('web', 'web', ['sg-shut0000']), metadata: { name: 'web', namespace: 'default', uid: 'u' } },
        ],
      },
    });
    const marks = { 'tke.cloud.tencent.com/networks': 'tke-sub-eni' };
    const pods = picture.kube.pods.map((pod) =>
      pod.metadata.name === 'web-0' ? { ...pod, metadata: { ...pod.metadata, annotations: marks } } : pod,
    );
    return { ...picture, kube: { ...picture.kube, pods } };
  };

  it('that is deleted opens what it had closed', () => {
    const report = planProposal(inForce(), proposalOf([policy('web', 'web', ['sg-shut0000'])], true), []);
    expect(report.pods).toMatchObject([{ pod: 'default/web-0', now: ['sg-shut0000'], after: [], to: 'shared' }]);
    expect(report.flows?.changes).toMatchObject([{ to: 'default/Pod/web-0', change: 'opens' }]);
  });

  it('in Live mode reaches running Pods at once, by one call for each', () => {
    const report = planProposal(inForce(), proposalOf([policy('web', 'web', ['sg-open0000'], 'Live')]), []);
    expect(report.pods).toMatchObject([{ pod: 'default/web-0', after: ['sg-open0000'], when: 'at-once' }]);
    expect(report.calls).toMatchObject([{ action: 'ModifyNetworkInterfaceAttribute', count: 1, when: 'at-once' }]);
  });
});

describe('rules of the cloud', () => {
  const bound = (): ClusterPicture => {
    const picture = cluster();
    const enis = (picture.cloud?.enis ?? []).map((eni) =>
      eni.addresses.some(({ ip }) => ip === '10.0.0.11') ? { ...eni, securityGroups: ['sg-open0000'] } : eni,
    );
    return { ...picture, ...(picture.cloud === undefined ? {} : { cloud: { ...picture.cloud, enis } }) };
  };
  const drop = { Protocol: 'TCP', Port: '80', CidrBlock: '10.0.0.12/32', Action: 'DROP' };

  it('that name a group let in Pods that would come to have it', () => {
    const picture = pictureOf({
      nodes: { [NODES[0]]: [], [NODES[1]]: [] },
      shared: { [NODES[0]]: ['sg-fenced00'] },
      pods: [
        { name: 'web-0', address: '10.0.0.11', node: NODES[0], ports: [80] },
        { name: 'api-0', address: '10.0.0.12', node: NODES[1], labels: { app: 'api' } },
      ],
      groups: {
        'sg-open0000': OPEN,
        'sg-fenced00': { in: [{ Protocol: 'ALL', SecurityGroupId: 'sg-open0000', Action: 'ACCEPT' }], out: [ANY] },
      },
      kube: { configMaps: cluster().kube.configMaps },
    });
    expect(plan([policy('api', 'api', ['sg-open0000'])], picture).flows?.changes).toMatchObject([
      { from: 'default/Pod/api-0', to: 'default/Pod/web-0', port: 80, change: 'opens' },
    ]);
  });

  it('of one direction are added, at the end unless they say where', () => {
    const at = (PolicyIndex?: number) =>
      plan(
        [
          {
            SecurityGroupId: 'sg-open0000',
            SecurityGroupPolicySet: { Ingress: [{ ...drop, ...(PolicyIndex === undefined ? {} : { PolicyIndex }) }] },
          },
        ],
        bound(),
      ).flows?.changes.length;
    expect(at()).toBe(0);
    expect(at(0)).toBe(1);
  });

  it('of both directions are all that there is', () => {
    const report = plan(
      [{ SecurityGroupId: 'sg-open0000', SecurityGroupPolicySet: { Ingress: [], Egress: [] } }],
      bound(),
    );
    expect(report.flows?.changes.map(({ from, to, change }) => [from, to, change])).toEqual([
      ['default/Pod/api-0', 'default/Pod/web-0', 'closes'],
      ['default/Pod/web-0', 'default/Pod/api-0', 'closes'],
    ]);
    expect(report.calls).toMatchObject([{ action: 'ModifySecurityGroupPolicies', count: 1 }]);
  });

  it('that the engine does not understand leave Pods out, and are named', () => {
    const picture = bound();
    const groups = new Map(picture.cloud?.groups ?? []);
    groups.set('sg-open0000', {
      groupId: 'sg-open0000',
      name: '',
      rules: { ok: false, problems: [{ path: 'Ingress[0].Protocol', message: 'not known' }] },
    });
    const blind: ClusterPicture = {
      ...picture,
      ...(picture.cloud === undefined ? {} : { cloud: { ...picture.cloud, groups } }),
    };
    const report = plan([policy('api', 'api', ['sg-shut0000'])], blind);
    expect(report.flows).toMatchObject({ unknownGroups: ['sg-open0000'], podsLeftOut: 1, changes: [] });
  });
});

it('a nec changes every Pod of the shared ENIs of its node at once', () => {
  const nec = {
    apiVersion: 'networking.tke.cloud.tencent.com/v1',
    kind: 'NodeENIConfig',
    metadata: { name: NODES[0] },
    spec: { securityGroups: ['sg-shut0000'] },
  };
  expect(plan([nec]).pods).toMatchObject([{ pod: 'default/web-0', after: ['sg-shut0000'], when: 'at-once' }]);
});

it('a workload is told its groups, and its Pods count against the sub-ENIs of the nodes', () => {
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'more' },
    spec: { replicas: 7, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'a' }] } } },
  };
  const report = plan([policy('web', 'web', ['sg-open0000']), deployment]);
  expect(report.workloads).toEqual([{ workload: 'default/Deployment/more', pods: 7, groups: ['sg-open0000'] }]);
  expect(report.quotas).toContainEqual(
    expect.objectContaining({ quota: 'sub-ENIs', message: expect.stringMatching(/^8 more are needed/) }),
  );
});

describe('a workload that is there already', () => {
  const deployment = (labels: Record<string, string>, replicas = 1) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { replicas, template: { metadata: { labels }, spec: { containers: [{ name: 'a' }] } } },
  });
  /** web-0 is the Pod of Deployment web; policy web selects tier=shut and is Live. */
  const there = (): ClusterPicture => {
    const picture = cluster();
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'uid-web', controller: true };
    const shut = policy('shut', 'shut', ['sg-shut0000'], 'Live');
    return {
      ...picture,
      kube: {
        ...picture.kube,
        securityGroupPolicies: [{ ...shut, metadata: { ...shut.metadata, uid: 'u' } }],
        workloads: [
          {
            apiVersion: 'apps/v1',
            kind: 'Deployment',
            metadata: { name: 'web', namespace: 'default', uid: 'uid-web' },
            spec: { replicas: 1, template: { metadata: { labels: { app: 'web' } } } },
          },
        ],
        pods: picture.kube.pods.map((pod) =>
          pod.metadata.name === 'web-0' ? { ...pod, metadata: { ...pod.metadata, ownerReferences: [owner] } } : pod,
        ),
      },
    };
  };

  it('and stays as it is has no answer to give', () => {
    const report = plan([deployment({ app: 'web' })], there());
    expect([report.pods, report.workloads, report.calls, report.assumptions]).toEqual([[], [], [], []]);
  });

  it('is asked about the Pods alone that it does not have yet', () => {
    expect(plan([deployment({ app: 'web' }, 3)], there()).workloads).toEqual([
      { workload: 'default/Deployment/web', pods: 2, groups: [] },
    ]);
  });

  it('with other labels in its template rolls out Pods with other groups, and flows to them close', () => {
    const report = plan([deployment({ app: 'shut' })], there());
    expect(report.pods).toMatchObject([{ pod: 'default/web-0', after: ['sg-shut0000'], when: 'rebuilt' }]);
    expect(report.flows?.changes).toMatchObject([{ to: 'default/Deployment/web', change: 'closes' }]);
    expect(report.workloads).toEqual([]);
  });
});

it('without the cloud says that flows are not known', () => {
  const { cloud: _, ...picture } = cluster();
  const gaps = [{ what: 'cloud', why: 'no keys' }];
  const report = planProposal({ ...picture, gaps }, proposalOf([policy('web', 'web', ['sg-open0000'])]), []);
  expect(report.flows).toBeUndefined();
  expect(report.notKnown).toEqual(gaps);
  expect(report.pods).toHaveLength(1);
});

describe('documents that are wrong', () => {
  const problems = (...documents: unknown[]): readonly string[] => {
    const read = readProposal(documents, { namespace: 'default', deletion: false, nodes: 1 });
    return read.ok ? [] : read.problems;
  };

  it.each([
    [[], /there is no document/],
    [['text'], /document 1: expected an object of Kubernetes .* or rules of the cloud/],
    [
      [policy('a', 'a', ['sg-1'])],
      /document 1 \(SecurityGroupPolicy a\): spec.securityGroups.groupIds.0: a security group id is/,
    ],
    [
      [{ SecurityGroupId: 'sg-12ab34cd', SecurityGroupPolicySet: { Ingress: [{ Action: 'MAYBE' }] } }],
      /SecurityGroupPolicySet.Ingress\[0\].Action: "MAYBE" is no action/,
    ],
    [[{ SecurityGroupId: 'x', SecurityGroupPolicySet: {} }], /SecurityGroupId: expected a security group id/],
    [
      [
        {
          SecurityGroupId: 'sg-12ab34cd',
          Action: 'ModifySecurityGroupPolicies',
          SecurityGroupPolicySet: { Ingress: [] },
        },
      ],
      /a full reset and needs both/,
    ],
    [[{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, spec: {} }], /spec.template/],
  ])('%j say where and what', (documents, words) => {
    expect(problems(...documents).join('\n')).toMatch(words);
  });

  it('are all told at once', () => {
    expect(problems(policy('a', 'a', ['x']), policy('b', 'b', ['y']))).toHaveLength(2);
  });

  it('of other kinds are named and left out', () => {
    expect(proposalOf([{ apiVersion: 'v1', kind: 'Service', metadata: { name: 's' } }]).notLookedAt).toEqual([
      'Service s',
    ]);
  });
});
