// The Node object that a kubelet registers and keeps.
import { describe, expect, it } from 'vitest';

import type { KubeletNode } from './kubelet-types.ts';
import { differs, nodeObject, nodeStatusPatch, nodeTaints, resetExtendedResources } from './node-object.ts';

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

  it('lets Pods that count against shared or exclusive ENIs, or EIPs, onto a super node', () => {
    expect(nodeStatusPatch(node({ kind: 'super' }), ready, [], 'now')['allocatable']).toMatchObject({
      'tke.cloud.tencent.com/eni-ip': '110',
      'tke.cloud.tencent.com/direct-eni': '110',
      'tke.cloud.tencent.com/eip': '110',
    });
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

  it('offers all of what others publish, whatever was written by hand, and nothing without capacity', () => {
    const present = {
      capacity: { cpu: '99', 'tke.cloud.tencent.com/eni-ip': '27' },
      allocatable: { 'tke.cloud.tencent.com/eni-ip': '3', 'example.test/gone': '1' },
    };
    expect(nodeStatusPatch(node(), ready, [], 'now', present)['allocatable']).toEqual({
      cpu: '4',
      memory: '8Gi',
      pods: '110',
      'tke.cloud.tencent.com/eni-ip': '27',
      'example.test/gone': null,
    });
    expect(nodeStatusPatch(node(), ready, [], 'now', present)['capacity']).toEqual({
      cpu: '4',
      memory: '8Gi',
      pods: '110',
    });
  });
});

describe('differs', () => {
  const patch = nodeStatusPatch(node(), ready, [], 'now');
  const written = (parts: object): { status: object } => ({ status: { ...patch, ...parts } });

  it('is silent about times, and about what belongs to others', () => {
    const capacity = { ...(patch['capacity'] as object), 'example.test/eni': '9' };
    expect(differs(nodeStatusPatch(node(), ready, [], 'later'), written({ capacity }))).toBe(false);
  });

  it.each([
    ['a changed capacity', { capacity: { cpu: '1000', memory: '8Gi', pods: '110' } }],
    ['a condition set by hand', { conditions: [] }],
    ['an address', { addresses: [] }],
  ])('sees %s', (_what, parts) => {
    expect(differs(patch, written(parts))).toBe(true);
  });
});

describe('resetExtendedResources', () => {
  it('takes what others published back to 0, and leaves the rest', () => {
    const status = { capacity: { cpu: '4', 'tke.cloud.tencent.com/eni-ip': '27' } };
    const none = { 'tke.cloud.tencent.com/eni-ip': '0' };
    expect(resetExtendedResources({ ...nodeObject(node()), status })).toEqual({ capacity: none, allocatable: none });
    expect(resetExtendedResources(nodeObject(node()))).toBeUndefined();
  });
});
