// Which taints the conditions of a Node ask for.
import { describe, expect, it } from 'vitest';
import { taintsFor } from './by-condition.ts';

type TaintedNode = Parameters<typeof taintsFor>[0];
const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
const own = { key: 'mine', effect: 'NoSchedule' };

const node = (ready: string | undefined, taints: object[], more: object = {}): TaintedNode =>
  ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n' },
    spec: { taints, ...more },
    status: { conditions: ready === undefined ? [] : [{ type: 'Ready', status: ready }] },
  }) as TaintedNode;

describe('the taints of a Node', () => {
  it('go with its readiness, and those of others stay', () => {
    expect(taintsFor(node('True', [own, notReady]))).toEqual([own]);
    expect(taintsFor(node('False', [own]))).toEqual([own, notReady]);
    expect(taintsFor(node('Unknown', [notReady]))).toEqual([{ ...notReady, key: 'node.kubernetes.io/unreachable' }]);
  });

  it('stay as admission gave them until the kubelet has spoken', () => {
    expect(taintsFor(node(undefined, [notReady]))).toBeUndefined();
  });

  it('follow spec.unschedulable', () => {
    const unschedulable = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
    expect(taintsFor(node('True', [], { unschedulable: true }))).toEqual([unschedulable]);
    expect(taintsFor(node('True', [unschedulable]))).toEqual([]);
  });
});
