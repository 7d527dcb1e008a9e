// DaemonSets step by step: the behaviours of the conformance suite's Daemon set tests.
import { describe, expect, it } from 'vitest';

import type { Node, Pod } from '../../../../src/kube/resources.ts';
import { testPod } from '../testing/objects.ts';
import type { TestPod } from '../testing/objects.ts';
import type { DaemonSet } from '../views.ts';
import { HASH_LABEL, nodeOf, podFor } from './placement.ts';
import { planDaemons } from './plan.ts';
import type { DaemonPlan } from './plan.ts';

const now = new Date('2026-01-01T01:00:00Z');

const node = (name: string, labels: Record<string, string> = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels },
});
const set = (spec: Partial<DaemonSet['spec']> = {}): DaemonSet => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'd', namespace: 'n', uid: 'u', generation: 1 },
  spec: { selector: {}, template: { spec: { containers: [] } }, ...spec },
});
const on = (name: string, options: TestPod & { readonly hash?: string; readonly suffix?: string } = {}): Pod =>
  testPod(`${name}${options.suffix ?? ''}`, {
    nodeName: name,
    labels: { [HASH_LABEL]: options.hash ?? 'new' },
    ...options,
  });
const stale = (name: string, options: TestPod = {}): Pod => on(name, { ...options, hash: 'old' });
const three = [node('a'), node('b'), node('c')];

const plan = (subject: DaemonSet, pods: readonly Pod[], nodes = three, unseen: readonly string[] = []): DaemonPlan =>
  planDaemons(subject, nodes, pods, 'new', (name) => unseen.includes(name), now);
const told = ({ create, remove }: DaemonPlan): unknown => [create, remove.map(({ metadata }) => metadata.name)];

describe('a DaemonSet', () => {
  it('runs one Pod on every node, and makes none twice', () => {
    expect(told(plan(set(), []))).toEqual([['a', 'b', 'c'], []]);
    expect(told(plan(set(), [on('a')], three, ['b']))).toEqual([['c'], []]);
    expect(told(plan(set(), [on('a'), on('a', { suffix: '2' }), on('b'), on('c')]))).toEqual([[], ['a2']]);
  });

  it('follows the labels of nodes', () => {
    const picky = set({ template: { spec: { containers: [], nodeSelector: { color: 'blue' } } } });
    const nodes = [node('a', { color: 'blue' }), node('b', { color: 'green' })];
    expect(told(plan(picky, [on('b')], nodes))).toEqual([['a'], ['b']]);
  });

  it('replaces a Pod that failed once it is gone', () => {
    const failed = plan(set(), [on('a', { phase: 'Failed' }), on('b'), on('c')]);
    expect([told(failed), failed.ended.length]).toEqual([[[], ['a']], 1]);
    expect(told(plan(set(), [on('a', { leaving: true }), on('b'), on('c')]))).toEqual([[], []]);
  });

  it('ties its Pods to their node for the scheduler, whatever its template says', () => {
    const pod = podFor(set(), 'a', 'hash');
    expect([nodeOf(pod), pod.spec.nodeName, pod.metadata.labels?.[HASH_LABEL]]).toEqual(['a', undefined, 'hash']);
  });

  it('tells how many there should be, are, are ready, updated and misplaced', () => {
    const { status } = plan(set(), [on('a'), stale('b'), on('c', { ready: false })]);
    expect(status).toMatchObject({
      desiredNumberScheduled: 3,
      currentNumberScheduled: 3,
      numberReady: 2,
      numberAvailable: 2,
      numberUnavailable: 1,
      updatedNumberScheduled: 2,
      numberMisscheduled: 0,
    });
  });
});

describe('a rolling update', () => {
  const update = (rollingUpdate: object): DaemonSet =>
    set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } });

  it('deletes as many as may be unavailable, those first that are so anyway', () => {
    expect(told(plan(update({}), [stale('a'), stale('b'), stale('c')]))).toEqual([[], ['a']]);
    expect(told(plan(update({}), [stale('a'), stale('b', { ready: false }), stale('c')]))).toEqual([[], ['b']]);
    expect(told(plan(update({}), [on('a', { ready: false }), stale('b'), stale('c')]))).toEqual([[], []]);
    expect(told(plan(update({ maxUnavailable: '50%' }), [stale('a'), stale('b'), stale('c')]))).toEqual([
      [],
      ['a', 'b'],
    ]);
  });

  it('with maxSurge makes the new Pod before it deletes the old one', () => {
    const surging = update({ maxSurge: 1, maxUnavailable: 0 });
    expect(told(plan(surging, [stale('a'), stale('b'), stale('c')]))).toEqual([['a'], []]);
    const starting = on('a', { suffix: '2', ready: false });
    expect(told(plan(surging, [stale('a'), starting, stale('b'), stale('c')]))).toEqual([[], []]);
    expect(told(plan(surging, [stale('a'), on('a', { suffix: '2' }), stale('b'), stale('c')]))).toEqual([['b'], ['a']]);
  });

  it('is left to whoever deletes Pods with OnDelete', () => {
    expect(told(plan(set({ updateStrategy: { type: 'OnDelete' } }), [stale('a'), stale('b')]))).toEqual([['c'], []]);
  });
});
