// Rollouts as arithmetic: they end, and on the way never exceed the surge nor fall below the floor.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Deployment, PodTemplate, ReplicaSet } from '../views.ts';
import { templateHash } from '../revisions/template-hash.ts';
import { annotationsFor, sizeAnnotations } from './annotations.ts';
import { limitsOf, planRollout, planScale } from './plan.ts';
import type { Scale } from './plan.ts';

const template = (image: string): PodTemplate => ({
  metadata: { labels: { app: 'a' } },
  spec: { containers: [{ name: 'c', image }] },
});

const deployment = (replicas: number, strategy?: Deployment['spec']['strategy']): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd', namespace: 'n', uid: 'u' },
  spec: { replicas, selector: {}, template: template('one'), ...(strategy === undefined ? {} : { strategy }) },
});

const set = (name: string, size: number, available: number): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name, namespace: 'n', creationTimestamp: name },
  spec: { replicas: size, selector: {}, template: template(name) },
  status: { replicas: size, availableReplicas: available },
});

const told = (steps: readonly Scale[]): unknown[] =>
  steps.map(({ set: { metadata }, replicas }) => ({ name: metadata.name, replicas }));

describe('templateHash', () => {
  it('is the same whatever the order of keys, and changes with the image', () => {
    const one = template('one');
    const reordered = { spec: one.spec, metadata: one.metadata } as PodTemplate;
    expect(templateHash(reordered)).toBe(templateHash(one));
    expect(templateHash(template('two'))).not.toBe(templateHash(one));
  });
});

describe('limitsOf', () => {
  it('rounds surge up and unavailability down, and lets at least one Pod go', () => {
    expect(limitsOf(deployment(3))).toEqual({ surge: 1, unavailable: 0 });
    expect(limitsOf(deployment(10))).toEqual({ surge: 3, unavailable: 2 });
    expect(limitsOf(deployment(4, { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } }))).toEqual({
      surge: 0,
      unavailable: 1,
    });
  });
});

describe('planRollout', () => {
  it('gives a first rollout all its replicas at once', () => {
    expect(told(planRollout(deployment(10), set('new', 0, 0), []))).toEqual([{ name: 'new', replicas: 10 }]);
  });

  it('scales down with nothing old', () => {
    expect(told(planRollout(deployment(2), set('new', 5, 5), []))).toEqual([{ name: 'new', replicas: 2 }]);
  });

  it('Recreate empties the old set before the new one gets a Pod', () => {
    const recreate = deployment(2, { type: 'Recreate' });
    expect(told(planRollout(recreate, set('new', 0, 0), [set('old', 2, 2)]))).toEqual([{ name: 'old', replicas: 0 }]);
    expect(told(planRollout(recreate, set('new', 0, 0), [set('old', 0, 0)]))).toEqual([{ name: 'new', replicas: 2 }]);
  });

  it('ends, never above replicas + surge, never giving up more than it may', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 0, max: 5 }),
        (replicas, maxSurge, maxUnavailable) => {
          const target = deployment(replicas, { rollingUpdate: { maxSurge, maxUnavailable } });
          const { surge, unavailable } = limitsOf(target);
          const sizes = new Map([
            ['new', { size: 0, available: 0 }],
            ['old', { size: replicas, available: replicas }],
          ]);
          const view = (name: string): ReplicaSet =>
            set(name, sizes.get(name)?.size ?? 0, sizes.get(name)?.available ?? 0);
          for (let round = 0; round < 200; round += 1) {
            for (const step of planRollout(target, view('new'), [view('old')])) {
              const before = sizes.get(step.set.metadata.name);
              sizes.set(step.set.metadata.name, {
                size: step.replicas,
                available: Math.min(before?.available ?? 0, step.replicas),
              });
            }
            const total = [...sizes.values()].reduce((sum, entry) => sum + entry.size, 0);
            const available = [...sizes.values()].reduce((sum, entry) => sum + entry.available, 0);
            expect(total).toBeLessThanOrEqual(replicas + surge);
            expect(available).toBeGreaterThanOrEqual(replicas - unavailable);
            const fresh = sizes.get('new');
            if (fresh !== undefined && fresh.available < fresh.size)
              sizes.set('new', { ...fresh, available: fresh.available + 1 });
          }
          expect(sizes.get('new')).toEqual({ size: replicas, available: replicas });
          expect(sizes.get('old')?.size).toBe(0);
        },
      ),
    );
  });
});

describe('planScale', () => {
  const sized = (name: string, size: number, maximum: number): ReplicaSet => {
    const entry = set(name, size, size);
    return { ...entry, metadata: { ...entry.metadata, annotations: sizeAnnotations(maximum - 2, 2) } };
  };

  it('gives the only set with Pods everything', () => {
    expect(told(planScale(deployment(7), set('new', 3, 3), [set('old', 0, 0)]))).toEqual([
      { name: 'new', replicas: 7 },
    ]);
  });

  it('gives each set its share in the middle of a rollout, the biggest what is left over', () => {
    const target = deployment(10, { rollingUpdate: { maxSurge: 2, maxUnavailable: 0 } });
    const steps = told(planScale(target, sized('new', 3, 7), [sized('old', 4, 7)]));
    expect(steps).toEqual([
      { name: 'old', replicas: 7 },
      { name: 'new', replicas: 5 },
    ]);
  });
});

describe('revisions', () => {
  const numbered = (name: string, revision: number): ReplicaSet => {
    const entry = set(name, 0, 0);
    return {
      ...entry,
      metadata: { ...entry.metadata, annotations: { 'deployment.kubernetes.io/revision': `${revision}` } },
    };
  };

  it('count up, and a template that is rolled back to gets the next one with its history', () => {
    const target = deployment(1);
    target.metadata.annotations = { 'kubernetes.io/change-cause': 'why', 'deployment.kubernetes.io/revision': '2' };
    expect(annotationsFor(target, undefined, [numbered('a', 2)])).toEqual({
      'kubernetes.io/change-cause': 'why',
      'deployment.kubernetes.io/revision': '3',
    });
    expect(annotationsFor(target, numbered('a', 1), [numbered('b', 2)])).toMatchObject({
      'deployment.kubernetes.io/revision': '3',
      'deployment.kubernetes.io/revision-history': '1',
    });
    delete target.metadata.annotations;
    expect(annotationsFor(target, numbered('b', 2), [numbered('a', 1)])).toBeUndefined();
  });
});
