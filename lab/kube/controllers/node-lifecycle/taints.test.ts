// Taints follow conditions, and nobody else's are touched.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Node } from '../../../../src/kube/resources.ts';
import { taintsToSet } from './taints.ts';

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
const eklet = { key: 'eks.tke.cloud.tencent.com/eklet', effect: 'NoSchedule' };

const node = (conditions: readonly [string, string][], spec: Node['spec'] = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n' },
  spec,
  status: { conditions: conditions.map(([type, status]) => ({ type, status })) },
});

describe('the taints of a node', () => {
  it('lose not-ready once it is ready, and keep those of others', () => {
    expect(taintsToSet(node([['Ready', 'True']], { taints: [notReady, eklet] }))).toEqual([eklet]);
  });

  it('say not-ready, unreachable, pressure and unschedulable', () => {
    const keys = (subject: Node): string[] | undefined => taintsToSet(subject)?.map(({ key }) => key);
    expect(keys(node([['Ready', 'False']]))).toEqual(['node.kubernetes.io/not-ready']);
    expect(keys(node([['Ready', 'Unknown']], { taints: [notReady] }))).toEqual(['node.kubernetes.io/unreachable']);
    expect(
      keys(
        node(
          [
            ['Ready', 'True'],
            ['MemoryPressure', 'True'],
          ],
          { unschedulable: true },
        ),
      ),
    ).toEqual(['node.kubernetes.io/memory-pressure', 'node.kubernetes.io/unschedulable']);
  });

  it('stay as admitted while the node has no conditions', () => {
    expect(taintsToSet(node([], { taints: [notReady] }))).toBeUndefined();
  });

  it('are right after one change, whatever they were', () => {
    const status = fc.constantFrom('True', 'False', 'Unknown');
    const taint = fc.constantFrom(notReady, eklet, { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' });
    fc.assert(
      fc.property(
        status,
        status,
        fc.boolean(),
        fc.array(taint, { maxLength: 3 }),
        (ready, memory, unschedulable, taints) => {
          const before = node(
            [
              ['Ready', ready],
              ['MemoryPressure', memory],
            ],
            { unschedulable, taints },
          );
          const set = taintsToSet(before);
          if (set !== undefined)
            expect(taintsToSet({ ...before, spec: { unschedulable, taints: set } })).toBeUndefined();
          expect((set ?? taints).filter(({ key }) => key === eklet.key)).toEqual(
            taints.filter(({ key }) => key === eklet.key),
          );
        },
      ),
    );
  });
});
