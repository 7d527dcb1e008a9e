// Jobs step by step: the behaviours of the conformance suite's Job tests, and counts that are right whenever one looks.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Pod } from '../../../../src/kube/resources.ts';
import { testPod } from '../testing/objects.ts';
import type { TestPod } from '../testing/objects.ts';
import { readIndexes, writeIndexes } from './indexes.ts';
import { planJob } from './plan.ts';
import type { JobPlan } from './plan.ts';
import { INDEX_KEY, TRACKING_FINALIZER } from './view.ts';
import type { Job, JobStatus } from './view.ts';

const now = new Date('2026-01-01T01:00:00Z');

const job = (spec: Partial<Job['spec']> = {}, status: JobStatus = {}): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'j', namespace: 'n', uid: 'u' },
  spec: { completions: 1, parallelism: 1, backoffLimit: 6, template: { spec: { containers: [] } }, ...spec },
  status,
});
const tracked = { finalizers: [TRACKING_FINALIZER] };
const pod = (name: string, options: TestPod = {}): Pod => testPod(name, { ...tracked, ...options });
const failedAt = (name: string, finishedAt: string): Pod => {
  const failed = pod(name, { phase: 'Failed' });
  return { ...failed, status: { ...failed.status, containerStatuses: [{ state: { terminated: { finishedAt } } }] } };
};
const plan = (subject: Job, pods: readonly Pod[] = [], unseen = 0): JobPlan => planJob(subject, pods, unseen, now);
const names = (pods: readonly Pod[]): string[] => pods.map(({ metadata }) => metadata.name);
const ending = ({ status }: JobPlan): unknown[] =>
  (status.conditions ?? []).map(({ type, status: value, reason }) => [type, value, reason]);

describe('a Job', () => {
  it('makes as many Pods as may run at once and are still needed', () => {
    expect(plan(job({ completions: 5, parallelism: 3 })).create).toHaveLength(3);
    expect(plan(job({ completions: 5, parallelism: 3 }, { succeeded: 4 })).create).toHaveLength(1);
    expect(plan(job({ completions: 5, parallelism: 3 }), [pod('a')], 1).create).toHaveLength(1);
    expect(plan(job({ completions: 5, parallelism: 1 }), [pod('a'), pod('b', { ready: false })]).discard).toHaveLength(
      1,
    );
  });

  it('notes an ended Pod, then lets it go, then counts it, then is complete', () => {
    const done = pod('a', { phase: 'Succeeded' });
    const first = plan(job(), [done]);
    expect([first.status.uncountedTerminatedPods, first.release, ending(first)]).toEqual([
      { succeeded: ['a'] },
      [],
      [],
    ]);
    const second = plan(job({}, first.status), [done]);
    expect([names(second.release), ending(second)]).toEqual([['a'], []]);
    const third = plan(job({}, second.status), [pod('a', { phase: 'Succeeded', finalizers: [] })]);
    expect(third.status).toMatchObject({ succeeded: 1, uncountedTerminatedPods: {} });
    expect([ending(third), third.status.completionTime]).toEqual([
      [['Complete', 'True', undefined]],
      '2026-01-01T01:00:00Z',
    ]);
    expect(third.events).toEqual([{ type: 'Normal', reason: 'Completed', message: 'Job completed' }]);
  });

  it('fails when its Pods have failed more often than backoffLimit says', () => {
    const failing = plan(job({ backoffLimit: 1 }, { failed: 2 }), [pod('c')]);
    expect(names(failing.remove)).toEqual(['c']);
    expect(ending(failing)).toEqual([]);
    const over = plan(job({ backoffLimit: 1 }, { failed: 3 }), []);
    expect(ending(over)).toEqual([['Failed', 'True', 'BackoffLimitExceeded']]);
    expect(over.events).toEqual([
      { type: 'Warning', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' },
    ]);
  });

  it('counts restarts of containers as failures when its Pods restart in place', () => {
    const restarting = pod('a', { ready: false });
    const status = { ...restarting.status, containerStatuses: [{ restartCount: 2 }] };
    const template = { spec: { containers: [], restartPolicy: 'OnFailure' } };
    expect(names(plan(job({ template, backoffLimit: 2 }), [{ ...restarting, status }]).remove)).toEqual(['a']);
    expect(names(plan(job({ template, backoffLimit: 3 }), [{ ...restarting, status }]).remove)).toEqual([]);
  });

  it('fails when it was active longer than activeDeadlineSeconds, and looks again just then', () => {
    const limited = { activeDeadlineSeconds: 60 };
    const running = plan(job(limited, { startTime: '2026-01-01T00:59:30Z' }), [pod('a')]);
    expect([running.requeueAfterMs, running.remove]).toEqual([30_000, []]);
    const late = plan(job(limited, { startTime: '2026-01-01T00:58:00Z' }), []);
    expect(ending(late)).toEqual([['Failed', 'True', 'DeadlineExceeded']]);
  });

  it('waits 10 s after a failure, doubling, before it makes another Pod', () => {
    const wait = (...pods: Pod[]): unknown => plan(job({}, {}), pods).requeueAfterMs;
    expect(wait(failedAt('a', '2026-01-01T00:59:58Z'))).toBe(8_000);
    expect(wait(failedAt('a', '2026-01-01T00:59:40Z'), failedAt('b', '2026-01-01T00:59:58Z'))).toBe(18_000);
    expect(plan(job(), [failedAt('a', '2026-01-01T00:59:00Z')]).create).toHaveLength(1);
  });

  it('takes its Pods away while it is suspended, counting none of them, and starts anew when resumed', () => {
    const suspended = plan(job({ suspend: true }, { startTime: '2026-01-01T00:00:00Z' }), [pod('a')]);
    expect([names(suspended.discard), suspended.status.failed]).toEqual([['a'], 0]);
    expect(ending(suspended)).toEqual([['Suspended', 'True', 'JobSuspended']]);
    const resumed = plan(job({}, suspended.status));
    expect(ending(resumed)).toEqual([['Suspended', 'False', 'JobResumed']]);
    expect([resumed.create.length, resumed.status.startTime]).toEqual([1, '2026-01-01T01:00:00Z']);
  });

  it('without completions is done when one Pod succeeded and all have ended', () => {
    const { completions: _none, ...spec } = job({ parallelism: 2 }).spec;
    const queue = (status: JobStatus): Job => ({ ...job({}, status), spec });
    expect(plan(queue({})).create).toHaveLength(2);
    expect(plan(queue({ succeeded: 1 }), [pod('b')]).create).toHaveLength(0);
    expect(ending(plan(queue({ succeeded: 1 })))).toEqual([['Complete', 'True', undefined]]);
  });
});

describe('an Indexed Job', () => {
  const indexed = (status: JobStatus = {}): Job =>
    job({ completionMode: 'Indexed', completions: 4, parallelism: 2 }, status);
  const at = (index: number, options: TestPod = {}): Pod =>
    pod(`p${index}`, { annotations: { [INDEX_KEY]: String(index) }, ...options });

  it('gives each Pod the lowest index that is free', () => {
    expect(plan(indexed()).create).toEqual([0, 1]);
    expect(plan(indexed({ completedIndexes: '0' }), [at(2)]).create).toEqual([1]);
  });

  it('is complete when each index succeeded', () => {
    const pods = [at(3, { phase: 'Succeeded' })];
    const first = plan(indexed({ completedIndexes: '0-2', succeeded: 3 }), pods);
    expect([first.status.completedIndexes, first.release, ending(first)]).toEqual(['0-3', [], []]);
    const second = plan(indexed(first.status), pods);
    expect([names(second.release), second.status.succeeded, ending(second)]).toEqual([
      ['p3'],
      4,
      [['Complete', 'True', undefined]],
    ]);
  });

  it('writes indexes as Kubernetes does', () => {
    expect(writeIndexes(new Set([5, 0, 1, 2, 7, 8]))).toBe('0-2,5,7,8');
    expect([...readIndexes('0-2,5,9', 8)]).toEqual([0, 1, 2, 5]);
  });
});

describe('counts', () => {
  it('are right at the end whatever happens to Pods, and whenever the status is not written', () => {
    const outcomes = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(outcomes, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (succeeds, writes) => {
        const subject = job({ completions: succeeds.length, parallelism: succeeds.length, backoffLimit: 99 });
        let pods = succeeds.map((ok, index) => pod(`p${index}`, { phase: ok ? 'Succeeded' : 'Failed' }));
        let status: JobStatus = {};
        for (const written of writes) {
          const next = planJob({ ...subject, status }, pods, 0, now);
          // A conflict: nothing of this round happens.
          if (!written) continue;
          status = next.status;
          const released = new Set(next.release);
          pods = pods.flatMap((each) => (released.has(each) ? [] : [each]));
        }
        if (writes.filter(Boolean).length < 4) return;
        expect(status.succeeded).toBe(succeeds.filter(Boolean).length);
        expect(status.failed).toBe(succeeds.filter((ok) => !ok).length);
      }),
    );
  });
});
