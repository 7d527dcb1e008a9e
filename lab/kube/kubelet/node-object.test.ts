// The Node object that a kubelet registers and keeps.
import { describe, expect, it } from 'vitest';

import type { KubeletNode } from './kubelet-types.ts';
import { nodeObject, nodeStatusPatch, nodeTaints } from './node-object.ts';

const node = (parts: Partial<KubeletNode> = {}): KubeletNode => ({
  name: '10.0.1.2',
  internalIp: '10.0.1.2',
  providerId: 'qcloud:///z/ins-1',
  zone: 'z',
  instanceType: 'SA5.LARGE8',
  kind: 'general',
  cpu: 4,
  memoryGiB: 8,
  labels: {},
  taints: [],
  ...parts,
});
const ready = { ready: true, message: '' };

describe('nodeObject', () => {
  it('tells model and zone by the usual labels', () => {
    expect(nodeObject(node({ labels: { own: 'x' } })).metadata.labels).toMatchObject({
      'node.kubernetes.io/instance-type': 'SA5.LARGE8',
      'topology.kubernetes.io/zone': 'z',
      'kubernetes.io/hostname': '10.0.1.2',
      own: 'x',
    });
  });

  it('keeps Pods off a super node unless they tolerate it (spec 001), and says so once', () => {
    const taint = { key: 'eks.tke.cloud.tencent.com/eklet', effect: 'NoSchedule' };
    expect(nodeTaints(node({ kind: 'super' }))).toEqual([taint]);
    expect(nodeTaints(node({ kind: 'super', taints: [taint] }))).toEqual([taint]);
    expect(nodeObject(node({ kind: 'super' })).metadata.labels?.['node.kubernetes.io/instance-type']).toBe('eklet');
  });
});

describe('nodeStatusPatch', () => {
  it('speaks of cpu, memory and pods only, so that extended resources stay as others wrote them', () => {
    const patch = nodeStatusPatch(node(), ready, [], 'now');
    expect(patch['allocatable']).toEqual({ cpu: '4', memory: '8Gi', pods: '110' });
    expect(patch['capacity']).toEqual(patch['allocatable']);
  });

  it('is not Ready without a CNI configuration, and moves the time only when that changes', () => {
    const before = [{ type: 'Ready', status: 'True', lastTransitionTime: 'then' }];
    const condition = (network: typeof ready): unknown =>
      (nodeStatusPatch(node(), network, before, 'now')['conditions'] as { type: string }[]).find(
        (each) => each.type === 'Ready',
      );
    expect(condition(ready)).toMatchObject({ status: 'True', lastTransitionTime: 'then' });
    expect(condition({ ready: false, message: 'cni plugin not initialized' })).toMatchObject({
      status: 'False',
      lastTransitionTime: 'now',
      message: expect.stringContaining('cni plugin not initialized') as string,
    });
  });
});
