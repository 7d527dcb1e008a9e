// StatefulSets step by step: the behaviours of the conformance suite's StatefulSetBasic.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Pod } from '../../../../src/kube/resources.ts';
import { testPod } from '../testing/objects.ts';
import type { TestPod } from '../testing/objects.ts';
import type { ControllerRevision } from '../revisions/view.ts';
import { planStatefulSet } from './plan.ts';
import type { StatefulSetPlan } from './plan.ts';
import { REVISION_LABEL } from './view.ts';
import type { StatefulSet } from './view.ts';

const now = new Date('2026-01-01T01:00:00Z');

const revision = (name: string): ControllerRevision => ({
  apiVersion: 'apps/v1',
  kind: 'ControllerRevision',
  metadata: { name },
  revision: 1,
});
const [old, fresh] = [revision('old'), revision('fresh')];

const set = (spec: Partial<StatefulSet['spec']> = {}, status: StatefulSet['status'] = {}): StatefulSet => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 's', namespace: 'n', uid: 'u', generation: 1 },
  spec: {
    replicas: 3,
    selector: {},
    template: { spec: { containers: [] } },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    ...spec,
  },
  status,
});
const parallel = { podManagementPolicy: 'Parallel' };

const pod = (ordinal: number, options: TestPod & { readonly revision?: string } = {}): Pod => {
  const name = `s-${ordinal}`;
  const labels = {
    [REVISION_LABEL]: options.revision ?? 'fresh',
    'statefulset.kubernetes.io/pod-name': name,
    'apps.kubernetes.io/pod-index': String(ordinal),
  };
  return testPod(name, { labels, ...options });
};

const plan = (subject: StatefulSet, pods: readonly Pod[], current = fresh): StatefulSetPlan =>
  planStatefulSet(subject, pods, { current, update: fresh }, now);

const told = ({ actions }: StatefulSetPlan): string[] =>
  actions.map((action) =>
    action.kind === 'create'
      ? `create ${action.ordinal} ${action.revision.metadata.name}`
      : `${action.kind} ${action.pod.metadata.name}`,
  );

describe('an ordered StatefulSet', () => {
  it('makes its Pods one by one, each after the one before is ready', () => {
    expect(told(plan(set(), []))).toEqual(['create 0 fresh']);
    expect(told(plan(set(), [pod(0, { ready: false })]))).toEqual([]);
    expect(told(plan(set(), [pod(0)]))).toEqual(['create 1 fresh']);
  });

  it('scales down from the highest ordinal, one by one', () => {
    const two = set({ replicas: 1 });
    expect(told(plan(two, [pod(0), pod(1), pod(2)]))).toEqual(['delete s-2']);
    expect(told(plan(two, [pod(0), pod(1), pod(2, { leaving: true })]))).toEqual([]);
  });

  it('halts scaling while a Pod is unhealthy', () => {
    expect(told(plan(set({ replicas: 1 }), [pod(0, { ready: false }), pod(1)]))).toEqual([]);
    expect(told(plan(set(), [pod(0), pod(1, { ready: false })]))).toEqual([]);
  });

  it('waits for minReadySeconds, and comes back when they are over', () => {
    const patient = set({ minReadySeconds: 30 });
    const late = plan(patient, [pod(0, { readySince: '2026-01-01T00:59:50Z' })]);
    expect(told(late)).toEqual([]);
    expect(late.requeueAfterMs).toBe(20_000);
    expect(late.status.availableReplicas).toBe(0);
    expect(told(plan(patient, [pod(0)]))).toEqual(['create 1 fresh']);
  });

  it('replaces a Pod that failed, or ended', () => {
    expect(told(plan(set(), [pod(0, { phase: 'Failed' })]))).toEqual(['delete s-0']);
    expect(told(plan(set(), [pod(0), pod(1, { phase: 'Succeeded' })]))).toEqual(['delete s-1']);
    expect(told(plan(set(), [pod(0, { phase: 'Failed', leaving: true })]))).toEqual([]);
  });

  it('counts from ordinals.start', () => {
    expect(told(plan(set({ ordinals: { start: 5 }, replicas: 2 }), [pod(5)]))).toEqual(['create 6 fresh']);
    expect(told(plan(set({ ordinals: { start: 1 }, replicas: 1 }), [pod(0), pod(1)]))).toEqual(['delete s-0']);
  });

  it('gives a Pod back the labels that it lost', () => {
    const bare = pod(0);
    delete bare.metadata.labels?.['statefulset.kubernetes.io/pod-name'];
    expect(plan(set({ replicas: 1 }), [bare]).actions).toMatchObject([
      { kind: 'label', labels: { 'statefulset.kubernetes.io/pod-name': 's-0' } },
    ]);
  });
});

describe('a parallel StatefulSet', () => {
  it('makes and takes away all at once', () => {
    expect(told(plan(set(parallel), []))).toEqual(['create 0 fresh', 'create 1 fresh', 'create 2 fresh']);
    const pods = [pod(0, { ready: false }), pod(1), pod(2)];
    expect(told(plan(set({ ...parallel, replicas: 1 }), pods))).toEqual(['delete s-2', 'delete s-1']);
  });
});

describe('an update', () => {
  const stale = (ordinal: number, options: TestPod = {}): Pod => pod(ordinal, { ...options, revision: 'old' });

  it('goes from the highest ordinal down, one at a time', () => {
    expect(told(plan(set(), [stale(0), stale(1), stale(2)], old))).toEqual(['delete s-2']);
    expect(told(plan(set(), [stale(0), stale(1)], old))).toEqual(['create 2 fresh']);
    expect(told(plan(set(), [stale(0), stale(1), pod(2, { ready: false })], old))).toEqual([]);
    expect(told(plan(set(), [stale(0), stale(1), pod(2)], old))).toEqual(['delete s-1']);
  });

  it('stops at the partition, below which Pods come back as they were', () => {
    const canary = set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } });
    expect(told(plan(canary, [stale(0), stale(1), pod(2)], old))).toEqual([]);
    expect(told(plan(canary, [stale(0)], old))).toEqual(['create 1 old']);
  });

  it('is left to whoever deletes Pods with OnDelete', () => {
    const manual = set({ updateStrategy: { type: 'OnDelete' } });
    expect(told(plan(manual, [stale(0), stale(1), stale(2)], old))).toEqual([]);
    expect(told(plan(manual, [stale(0), stale(2)], old))).toEqual(['create 1 fresh']);
  });

  it('is over when every Pod is updated and ready: the update revision becomes the current one', () => {
    const status = plan(set(), [pod(0), pod(1), pod(2)], old).status;
    expect(status).toMatchObject({ currentRevision: 'fresh', currentReplicas: 3, updatedReplicas: 3 });
    expect(plan(set(), [stale(0), pod(1), pod(2)], old).status).toMatchObject({
      currentRevision: 'old',
      currentReplicas: 1,
      updatedReplicas: 2,
    });
  });
});

describe('any StatefulSet', () => {
  it('ends with exactly its Pods, all of the update revision, never with two changes at a time when ordered', () => {
    const states = fc.constantFrom('missing', 'ready', 'starting', 'old', 'failed');
    fc.assert(
      fc.property(fc.array(states, { maxLength: 6 }), fc.nat(5), fc.boolean(), (begin, replicas, ordered) => {
        const options: Record<string, TestPod & { revision?: string }> = {
          ready: {},
          starting: { phase: 'Pending' },
          old: { revision: 'old' },
          failed: { phase: 'Failed' },
        };
        let pods = begin.flatMap((state, ordinal) => (state === 'missing' ? [] : [pod(ordinal, options[state])]));
        const subject = set({ replicas, ...(ordered ? {} : parallel) });
        for (let round = 0; round < 60; round += 1) {
          const { actions } = plan(subject, pods, old);
          if (ordered) expect(actions.filter(({ kind }) => kind !== 'label').length).toBeLessThanOrEqual(1);
          for (const action of actions) {
            if (action.kind === 'delete') pods = pods.filter((each) => each !== action.pod);
            if (action.kind === 'create')
              pods = [...pods, pod(action.ordinal, { phase: 'Pending', revision: action.revision.metadata.name })];
          }
          // Everything that only waits becomes ready.
          if (actions.length === 0)
            pods = pods.map((each) =>
              pod(Number(each.metadata.name.slice(2)), { revision: each.metadata.labels?.[REVISION_LABEL] ?? '' }),
            );
        }
        expect(pods.map(({ metadata }) => metadata.name).toSorted()).toEqual(
          Array.from({ length: replicas }, (_, ordinal) => `s-${ordinal}`),
        );
        expect(pods.every(({ metadata }) => metadata.labels?.[REVISION_LABEL] === 'fresh')).toBe(true);
      }),
    );
  });
});
