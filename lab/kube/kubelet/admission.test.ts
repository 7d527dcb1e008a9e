// Which Pods a node does not take although they were bound to it.
import { describe, expect, it } from 'vitest';

import { outOfResource } from './admission.ts';
import type { LabPod } from './pod-view.ts';

const pod = (requests: Record<string, string>): LabPod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'default' },
  spec: { containers: [{ name: 'c', resources: { requests } }] },
});
const capacities = { cpu: '2', memory: '4Gi', pods: '3' };

describe('what is left of a node', () => {
  it('is enough for a Pod that fills it to the last', () => {
    expect(outOfResource(pod({ cpu: '1500m' }), [pod({ cpu: '500m' })], capacities)).toBeUndefined();
  });

  it.each([
    [{ cpu: '1501m' }, 'OutOfcpu', 'cpu, requested: 1501, used: 500, capacity: 2000'],
    [{ memory: '5Gi' }, 'OutOfmemory', 'memory, requested: 5368709120, used: 0, capacity: 4294967296'],
  ])('is too little for %j, in the kubelet’s words', (requests, reason, words) => {
    expect(outOfResource(pod(requests), [pod({ cpu: '500m' })], capacities)).toEqual({
      reason,
      message: `Node didn't have enough resource: ${words}`,
    });
  });

  it('has room for so many Pods, whatever they ask for', () => {
    expect(outOfResource(pod({}), [pod({}), pod({}), pod({})], capacities)).toMatchObject({ reason: 'OutOfpods' });
  });

  it('is not asked about a resource that the Pod does not want, or that others publish', () => {
    const full = [pod({ cpu: '3' })];
    expect(outOfResource(pod({ 'tke.cloud.tencent.com/sub-eni': '1' }), full, capacities)).toBeUndefined();
  });
});
