// Where a DaemonSet's Pods belong: selector, affinity and taints.
import { describe, expect, it } from 'vitest';

import type { Node } from '../../../../src/kube/resources.ts';
import type { DaemonSet } from '../views.ts';
import { placeOn } from './placement.ts';

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

describe('a daemon', () => {
  it('keeps an agent off super nodes by its affinity', () => {
    expect(placeOn(notOnSuperNodes, node({ 'node.kubernetes.io/instance-type': 'SA5.LARGE8' }))).toBe('run');
    expect(placeOn(notOnSuperNodes, node({ 'node.kubernetes.io/instance-type': 'eklet' }))).toBe('go');
  });

  it('stays off a tainted node unless the template tolerates it', () => {
    const tainted = node({}, [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }]);
    expect(placeOn(set({}), tainted)).toBe('stay');
    expect(placeOn(set({ tolerations: [{ operator: 'Exists' }] }), tainted)).toBe('run');
  });

  it('tolerates what every daemon does', () => {
    expect(placeOn(set({}), node({}, [{ key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }]))).toBe('run');
  });
});
