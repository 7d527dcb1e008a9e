// What `explain pod` says of groups, policies and phases, over small pictures.
import { describe, expect, it } from 'vitest';

import { encodeAdmissionDecision } from '../../api/admission-decision.ts';
import { annotations } from '../../api/keys.ts';
import type { SecurityGroupPolicy } from '../../api/security-group-policy.ts';
import type { Pod } from '../../kube/resources.ts';
import type { ClusterPicture } from '../picture/picture.ts';
import { ANY, pictureOf } from '../trace/testing/cluster.ts';
import { explainPod } from './pod.ts';

const NODE = '10.0.0.1';

const policy = (name: string, app: string, groupIds: string[]): SecurityGroupPolicy => ({
  apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
  kind: 'SecurityGroupPolicy',
  metadata: {
    name,
    namespace: 'default',
    uid: `uid-${name}`,
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
  spec: { podSelector: { matchLabels: { app } }, securityGroups: { groupIds } },
});

function cluster(
  options: { readonly policies?: readonly SecurityGroupPolicy[]; readonly mode?: 'standard' } = {},
): ClusterPicture {
  const picture = pictureOf({
    nodes: { [NODE]: ['sg-node0000'] },
    pods: [
      {
        name: 'web-0',
        address: '10.0.0.9',
        node: NODE,
        labels: { app: 'web' },
        ...(options.mode === undefined ? {} : { mode: options.mode, groups: ['sg-aaaaaaaa'] }),
      },
    ],
    groups: { 'sg-aaaaaaaa': { in: [ANY], out: [ANY] }, 'sg-node0000': {} },
    kube: { securityGroupPolicies: options.policies ?? [] },
  });
  const ready = picture.kube.vpcEnis.map((eni) => ({ ...eni, status: { ...eni.status, phase: 'Ready' as const } }));
  return { ...picture, kube: { ...picture.kube, vpcEnis: ready } };
}

const podOf = (picture: ClusterPicture, change: (pod: Pod) => Pod = (pod) => pod): Pod => {
  const [pod] = picture.kube.pods;
  if (pod === undefined) throw new Error('the picture has no Pod');
  return change(pod);
};

const withMarks = (marks: Record<string, string>) => (pod: Pod) => ({
  ...pod,
  metadata: { ...pod.metadata, annotations: marks },
});

const decided = (groups: string[]): Record<string, string> => ({
  [annotations.networks]: 'tke-sub-eni',
  [annotations.admissionDecision]: encodeAdmissionDecision({
    policies: [{ name: 'web', uid: 'uid-web', generation: 1 }],
    groups,
    outcome: 'sub-eni',
  }),
});

describe('groups', () => {
  it('name the policy that gave them and how it selects', () => {
    const picture = cluster({ policies: [policy('web', 'web', ['sg-aaaaaaaa'])], mode: 'standard' });
    const { groups, policies, network } = explainPod(picture, podOf(picture, withMarks(decided(['sg-aaaaaaaa']))), []);
    expect(network).toMatchObject({
      kind: 'sub-eni',
      routing: 'standard',
      groups: ['sg-aaaaaaaa'],
      groupsFrom: 'cloud',
    });
    expect(groups).toEqual([
      expect.objectContaining({
        groupId: 'sg-aaaaaaaa',
        origin: 'policy',
        inForce: true,
        why: expect.stringContaining('policy web (generation 1)'),
      }),
    ]);
    expect(policies).toEqual([
      expect.objectContaining({ policy: 'web', why: expect.stringMatching(/^podSelector app=web/) }),
    ]);
  });

  it('say why another policy does not apply', () => {
    const picture = cluster({ policies: [policy('db', 'db', ['sg-aaaaaaaa'])] });
    expect(explainPod(picture, podOf(picture), []).policies).toEqual([
      { policy: 'db', answer: 'no', why: 'podSelector: app=db is asked, it is app=web', groups: ['sg-aaaaaaaa'] },
    ]);
  });

  it('say that a policy came after the Pod, which runs without its groups', () => {
    const picture = cluster({ policies: [policy('web', 'web', ['sg-aaaaaaaa'])] });
    const [answer] = explainPod(picture, podOf(picture), []).policies;
    expect(answer).toMatchObject({ answer: 'differs', why: expect.stringContaining('delete the Pod to rebuild it') });
  });

  it('tell one that is bound by hand, and one that was asked for and is not bound', () => {
    const picture = cluster({ policies: [policy('web', 'web', ['sg-aaaaaaaa'])], mode: 'standard' });
    const enis = (picture.cloud?.enis ?? []).map((eni) =>
      eni.eniId === 'eni-web-0' ? { ...eni, securityGroups: ['sg-bbbbbbbb'] } : eni,
    );
    const changed: ClusterPicture = {
      ...picture,
      ...(picture.cloud === undefined ? {} : { cloud: { ...picture.cloud, enis } }),
    };
    const { groups } = explainPod(changed, podOf(changed, withMarks(decided(['sg-aaaaaaaa']))), []);
    expect(groups.map(({ groupId, origin, inForce, exists }) => [groupId, origin, inForce, exists])).toEqual([
      ['sg-bbbbbbbb', 'hand', true, false],
      ['sg-aaaaaaaa', 'policy', false, true],
    ]);
  });

  it('are those of the list of the node on a shared ENI, and say where the list is from', () => {
    const base = pictureOf({
      nodes: { [NODE]: ['sg-node0000'] },
      shared: { [NODE]: ['sg-aaaaaaaa'] },
      pods: [{ name: 'web-0', address: '10.0.0.9', node: NODE }],
      groups: { 'sg-aaaaaaaa': {} },
    });
    const picture: ClusterPicture = {
      ...base,
      kube: {
        ...base.kube,
        nodeEniConfigs: base.kube.nodeEniConfigs.map((nec) => ({
          ...nec,
          spec: { securityGroups: ['sg-aaaaaaaa'], instanceID: 'ins-1' },
          status: { securityGroups: { state: 'Managed', origin: 'user', inForce: ['sg-aaaaaaaa'] } },
        })),
      },
    };
    const { groups } = explainPod(picture, podOf(picture), []);
    expect(groups).toEqual([
      expect.objectContaining({
        groupId: 'sg-aaaaaaaa',
        origin: 'node',
        why: expect.stringContaining('written into the nec by somebody'),
      }),
    ]);
  });

  it('are not known without the cloud and without a record, and the reason is told', () => {
    const { cloud: _, ...picture } = cluster();
    const gaps = [{ what: 'cloud', why: 'there are no credentials' }];
    const { network, groups, egress, notKnown } = explainPod({ ...picture, gaps }, podOf(picture), []);
    expect(network.groups).toBeUndefined();
    expect(groups).toEqual([]);
    expect(egress.notKnown).toMatch(/read from the cloud/);
    expect(notKnown).toEqual(gaps);
  });
});

describe('life', () => {
  const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`;
  const pending = (pod: Pod): Pod => ({
    ...pod,
    metadata: { ...pod.metadata, creationTimestamp: at(0), annotations: { [annotations.networks]: 'tke-sub-eni' } },
    status: {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: at(2) }],
    },
  });

  it('says what a Pod waits for, since when, in the words of whoever keeps it waiting', () => {
    const picture = { ...cluster(), takenAt: at(30) };
    const events = [
      { type: 'Warning', reason: 'FailedAllocateENI', message: 'the subnet is full', at: at(20), count: 3 },
    ];
    const { phases, waiting } = explainPod(picture, podOf(picture, pending), events);
    expect(waiting).toEqual({
      what: 'ipamd to make VpcENI sub-uid-web-0',
      since: at(2),
      why: 'FailedAllocateENI: the subnet is full',
    });
    expect(phases.map(({ phase, seconds }) => [phase, seconds])).toEqual([
      ['scheduled to a node', 2],
      ['VpcENI made', 28],
    ]);
  });

  it('says which node it waits for before it is scheduled', () => {
    const picture = { ...cluster(), takenAt: at(9) };
    const pod = podOf(picture, (each) => {
      const { nodeName: _, ...spec } = each.spec;
      const conditions = [
        { type: 'PodScheduled', status: 'False', message: '0/2 nodes: Insufficient tke.cloud.tencent.com/sub-eni' },
      ];
      return {
        ...each,
        metadata: { ...each.metadata, creationTimestamp: at(0) },
        spec,
        status: { phase: 'Pending', conditions },
      };
    });
    expect(explainPod(picture, pod, []).waiting).toEqual({
      what: 'a node that has room for it',
      since: at(0),
      why: '0/2 nodes: Insufficient tke.cloud.tencent.com/sub-eni',
    });
  });

  it('gives the time in each phase of a Pod that is ready, and waits for nothing', () => {
    const picture = { ...cluster(), takenAt: at(50) };
    const pod = podOf(picture, (each) => ({
      ...each,
      metadata: { ...each.metadata, creationTimestamp: at(0) },
      status: {
        phase: 'Running',
        podIP: '10.0.0.9',
        conditions: [
          { type: 'PodScheduled', status: 'True', lastTransitionTime: at(1) },
          { type: 'PodReadyToStartContainers', status: 'True', lastTransitionTime: at(3) },
          { type: 'Ready', status: 'True', lastTransitionTime: at(9) },
        ],
        containerStatuses: [{ name: 'main', state: { running: { startedAt: at(4) } } }],
      },
    }));
    const { phases, waiting } = explainPod(picture, pod, []);
    expect(waiting).toBeUndefined();
    expect(phases.map(({ seconds }) => seconds)).toEqual([1, 2, 1, 5]);
  });
});
