// Taints follow conditions, and nobody else's are touched.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Node } from '../../../../src/kube/resources.ts';
import { evictionRates } from './disruption.ts';
import { taintsToSet as taintsAt } from './taints.ts';
import type { Taint } from './taints.ts';

const now = new Date('2026-01-01T00:00:00Z');
const taintsToSet = (subject: Node, evicts = false): Taint[] | undefined => taintsAt(subject, evicts, now);

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

describe('NoExecute', () => {
  const evicting = (subject: Node, evicts: boolean): unknown =>
    (taintsToSet(subject, evicts) ?? subject.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
  const unreachable = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: '2026-01-01T00:00:00Z' };

  it('is added to a node that is not ready where Pods may be evicted, with the time', () => {
    expect(evicting(node([['Ready', 'Unknown']]), true)).toEqual([unreachable]);
    expect(evicting(node([['Ready', 'Unknown']]), false)).toEqual([]);
  });

  it('follows the condition from unreachable to not-ready, and goes when the node is ready', () => {
    const given = { taints: [unreachable] };
    expect(evicting(node([['Ready', 'False']], given), false)).toMatchObject([{ key: 'node.kubernetes.io/not-ready' }]);
    expect(evicting(node([['Ready', 'True']], given), false)).toEqual([]);
  });
});

describe('eviction rates', () => {
  const member = (zone: string, ready: string): Node => {
    const made = node([['Ready', ready]]);
    return { ...made, metadata: { name: 'n', labels: { 'topology.kubernetes.io/zone': zone } } };
  };
  const rates = (...nodes: Node[]): unknown => Object.fromEntries(evictionRates(nodes));

  it('are a node in ten seconds, nothing when all is down, and nothing in a small zone that is mostly down', () => {
    expect(rates(member('a', 'True'), member('a', 'Unknown'))).toEqual({ ':a': 0.1 });
    expect(rates(member('a', 'Unknown'), member('b', 'False'))).toEqual({ ':a': 0, ':b': 0 });
    expect(rates(member('a', 'Unknown'), member('b', 'True'))).toEqual({ ':a': 0.1, ':b': 0.1 });
    const mostly = ['Unknown', 'Unknown', 'Unknown', 'True'].map((ready) => member('a', ready));
    expect(rates(...mostly)).toEqual({ ':a': 0 });
  });
});
