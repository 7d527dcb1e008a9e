// The number of Pods a ReplicaSet is off by.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Pod } from '../../../../src/kube/resources.ts';
import { planReplicas } from './plan.ts';

const pod = (
  name: string,
  overrides: { nodeName?: string; ready?: boolean; phase?: 'Running' | 'Failed'; leaving?: boolean } = {},
): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'n', uid: name, ...(overrides.leaving === true ? { deletionTimestamp: 'now' } : {}) },
  spec: { containers: [], ...(overrides.nodeName === undefined ? {} : { nodeName: overrides.nodeName }) },
  status: {
    phase: overrides.phase ?? 'Running',
    conditions: [{ type: 'Ready', status: overrides.ready === true ? 'True' : 'False' }],
  },
});

describe('planReplicas', () => {
  it('does not count Pods that ended or leave', () => {
    expect(planReplicas(2, [pod('a'), pod('b', { phase: 'Failed' }), pod('c', { leaving: true })], 0).create).toBe(1);
  });

  it('counts Pods it made that the cache does not show yet', () => {
    expect(planReplicas(3, [pod('a')], 2)).toEqual({ create: 0, remove: [] });
  });

  it('gives up unbound Pods first, then those that are not ready', () => {
    const pods = [pod('ready', { nodeName: 'x', ready: true }), pod('starting', { nodeName: 'x' }), pod('unbound')];
    expect(planReplicas(1, pods, 0).remove.map((each) => each.metadata.name)).toEqual(['unbound', 'starting']);
  });

  it('lands on the desired number in one step', () => {
    fc.assert(
      fc.property(fc.nat(30), fc.nat(30), (desired, have) => {
        const plan = planReplicas(
          desired,
          Array.from({ length: have }, (_, index) => pod(`p${index}`)),
          0,
        );
        expect(have + plan.create - plan.remove.length).toBe(desired);
      }),
    );
  });
});
