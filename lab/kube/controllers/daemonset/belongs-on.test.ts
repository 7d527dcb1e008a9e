// Where a DaemonSet's Pods belong: selector, affinity and taints.
import { describe, expect, it } from 'vitest';

import type { Node } from '../../../../src/kube/resources.ts';
import type { DaemonSet } from '../views.ts';
import { belongsOn } from './placement.ts';

const node = (labels: Record<string, string>, taints: { key: string; effect: string }[] = []): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n', labels },
  spec: { taints },
});

const set = (spec: Partial<DaemonSet['spec']['template']['spec']>): DaemonSet => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'd', namespace: 'x' },
  spec: { selector: {}, template: { spec: { containers: [], ...spec } } },
});

const notOnSuperNodes = set({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'node.kubernetes.io/instance-type', operator: 'NotIn', values: ['eklet'] }] },
        ],
      },
    },
  },
});

describe('belongsOn', () => {
  it('keeps an agent off super nodes by its affinity', () => {
    expect(belongsOn(notOnSuperNodes, node({ 'node.kubernetes.io/instance-type': 'SA5.LARGE8' }))).toBe(true);
    expect(belongsOn(notOnSuperNodes, node({ 'node.kubernetes.io/instance-type': 'eklet' }))).toBe(false);
  });

  it('stays off a tainted node unless the template tolerates it', () => {
    const tainted = node({}, [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }]);
    expect(belongsOn(set({}), tainted)).toBe(false);
    expect(belongsOn(set({ tolerations: [{ operator: 'Exists' }] }), tainted)).toBe(true);
  });

  it('tolerates what every daemon does', () => {
    expect(belongsOn(set({}), node({}, [{ key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }]))).toBe(true);
  });
});
