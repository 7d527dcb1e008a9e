// Signs of life, silence, and how long Pods tolerate it.
import { describe, expect, it } from 'vitest';

import type { Lease, Node } from '../../../../src/kube/resources.ts';
import { executing, toleratedSeconds } from './evict.ts';
import { healthOf, silentConditions } from './health.ts';
import type { Health, LastHeard } from './health.ts';

const now = new Date('2026-01-01T00:01:00Z');

const node = (ready?: string, beat?: string): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n', creationTimestamp: '2026-01-01T00:00:00Z' },
  status: {
    conditions:
      ready === undefined
        ? []
        : [{ type: 'Ready', status: ready, ...(beat === undefined ? {} : { lastHeartbeatTime: beat }) }],
  },
});
const lease = (renewTime: string): Lease => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'n' },
  spec: { renewTime },
});
const heardOf = (health: Health): LastHeard | undefined => (health.kind === 'unwatched' ? undefined : health.heard);

describe('a node', () => {
  it('is alive while its Lease is renewed, whatever its clock says', () => {
    const first = healthOf(node('True', 'x'), lease('1'), undefined, 0);
    expect(first).toMatchObject({ kind: 'alive', silentInMs: 40_000 });
    const renewed = healthOf(node('True', 'x'), lease('2'), heardOf(first), 39_000);
    expect(renewed).toMatchObject({ kind: 'alive', silentInMs: 40_000 });
    expect(healthOf(node('True', 'x'), lease('2'), heardOf(renewed), 79_000).kind).toBe('silent');
  });

  it('stays silent when we say so ourselves, and is alive again when it speaks', () => {
    const first = heardOf(healthOf(node('True', 'x'), lease('1'), undefined, 0));
    const told = healthOf(node('Unknown', 'x'), lease('1'), first, 41_000);
    expect(told.kind).toBe('silent');
    expect(healthOf(node('Unknown', 'x'), lease('2'), heardOf(told), 42_000).kind).toBe('alive');
    expect(healthOf(node('True', 'y'), lease('1'), heardOf(told), 42_000).kind).toBe('alive');
  });

  it('that was never heard is given a minute', () => {
    const first = healthOf(node(), undefined, undefined, 0);
    expect(first).toMatchObject({ kind: 'alive', silentInMs: 60_000 });
    expect(silentConditions(node(), now)[0]).toMatchObject({
      type: 'Ready',
      status: 'Unknown',
      reason: 'NodeStatusNeverUpdated',
      message: 'Kubelet never posted node status.',
    });
  });

  it('that nobody runs stays as its maker says', () => {
    expect(healthOf(node('True'), undefined, undefined, 0).kind).toBe('unwatched');
  });

  it('is told that its kubelet stopped', () => {
    const conditions = silentConditions(node('True', 'x'), now);
    expect(conditions.map(({ type }) => type)).toEqual(['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']);
    expect(conditions[0]).toMatchObject({
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    });
    expect(silentConditions(node('Unknown', 'x'), now).map(({ type }) => type)).not.toContain('Ready');
  });
});

describe('a Pod on a node with NoExecute taints', () => {
  const taint = (key: string) => ({ key, effect: 'NoExecute' });
  const tolerates = (key: string, tolerationSeconds?: number) => ({
    key,
    operator: 'Exists' as const,
    effect: 'NoExecute',
    ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
  });

  it('goes at once when it does not tolerate one of them', () => {
    expect(toleratedSeconds([], [taint('a')])).toBe(0);
    expect(toleratedSeconds([tolerates('a')], [taint('a'), taint('b')])).toBe(0);
  });

  it('stays for the shortest tolerationSeconds, or for ever without one', () => {
    expect(toleratedSeconds([tolerates('a', 300), tolerates('b', 5)], [taint('a'), taint('b')])).toBe(5);
    expect(toleratedSeconds([tolerates('a')], [taint('a')])).toBeUndefined();
    expect(toleratedSeconds([tolerates('a', 300), tolerates('b', 5)], [taint('a')])).toBe(300);
  });

  it('is not moved by taints of other effects', () => {
    const other = { ...node('True'), spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } };
    expect(executing(other)).toEqual([]);
  });
});
