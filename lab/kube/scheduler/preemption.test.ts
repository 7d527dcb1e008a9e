// Preemption: the conformance behaviours of SchedulerPreemption, and its words.
import { describe, expect, it } from 'vitest';

import { planPreemption } from './preemption.ts';
import type { Preemption } from './preemption.ts';
import { findFeasible } from './schedule.ts';
import { testNode, testPod, testSnapshot } from './testing/objects.ts';
import type { SchedPod } from './view.ts';

const plan = (pod: SchedPod, bound: Readonly<Record<string, readonly SchedPod[]>>): Preemption => {
  const snapshot = testSnapshot([testNode('a'), testNode('b')], bound);
  return planPreemption(pod, snapshot, findFeasible(pod, snapshot).refusals);
};
const victims = (planned: Preemption): unknown =>
  planned.kind === 'victims' ? [planned.node, planned.victims.map(({ metadata }) => metadata.name)] : planned.sentence;

const low = (name: string, cpu: string, priority = 1): SchedPod => testPod(name, { cpu, priority });
const high = testPod('high', { cpu: '3', priority: 100 });

describe('a Pod that fits nowhere', () => {
  it('preempts lower priority Pods, the fewest that suffice', () => {
    const planned = plan(high, { a: [low('a1', '1'), low('a2', '2')], b: [low('b1', '4', 100)] });
    expect(victims(planned)).toEqual(['a', ['a2']]);
  });

  it('takes the node whose victims are least important', () => {
    expect(victims(plan(high, { a: [low('a1', '4', 50)], b: [low('b1', '4', 2)] }))).toEqual(['b', ['b1']]);
  });

  it('says so when nobody is less important', () => {
    expect(victims(plan(high, { a: [low('a1', '4', 100)], b: [low('b1', '4', 200)] }))).toBe(
      'preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.',
    );
  });

  it('says what is still missing when even that does not help', () => {
    const huge = testPod('huge', { cpu: '9', priority: 100 });
    expect(victims(plan(huge, { a: [low('a1', '4')], b: [low('b1', '4')] }))).toBe(
      'preemption: 0/2 nodes are available: 2 Insufficient cpu.',
    );
  });

  it('is not given room when its policy is Never', () => {
    const polite = testPod('polite', { cpu: '3', priority: 100, preemptionPolicy: 'Never' });
    expect(victims(plan(polite, { a: [low('a1', '4')], b: [low('b1', '4')] }))).toBe(
      'preemption: not eligible due to preemptionPolicy=Never.',
    );
  });

  it('waits while victims on the node that was promised to it are leaving', () => {
    const waiting: SchedPod = { ...high, status: { nominatedNodeName: 'a' } };
    const leaving = low('a1', '4');
    leaving.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(plan(waiting, { a: [leaving], b: [low('b1', '4')] })).toEqual({
      kind: 'none',
      sentence: 'preemption: not eligible due to a terminating pod on the nominated node.',
      waits: true,
    });
  });
});

describe('room that was promised', () => {
  it('is not given to a less important Pod, but to a more important one', () => {
    const snapshot = { ...testSnapshot([testNode('a')]), nominated: new Map([['a', [high]]]) };
    expect(findFeasible(testPod('p', { cpu: '2', priority: 1 }), snapshot).feasible).toEqual([]);
    expect(findFeasible(testPod('p', { cpu: '2', priority: 200 }), snapshot).feasible).toHaveLength(1);
  });
});
