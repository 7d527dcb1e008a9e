// The status of a Pod from the states of its containers.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ContainerEnd, ContainerView, PodView } from './pod-status.ts';
import { isDone, podPhase, podStatus } from './pod-status.ts';
import type { LabPodSpec } from './pod-view.ts';
import { testPod } from './testing/pods.ts';

const BEFORE = '2026-01-01T00:00:00Z';
const NOW = '2026-01-01T00:01:00Z';

const end = (exitCode: number): ContainerEnd => ({
  exitCode,
  reason: exitCode === 0 ? 'Completed' : 'Error',
  startedAt: BEFORE,
  finishedAt: NOW,
  containerID: 'lab://old',
});
const common = { name: 'c', image: 'nginx', restartCount: 0 };
const running = (ready = true): ContainerView => ({
  ...common,
  state: 'running',
  startedAt: BEFORE,
  containerID: 'lab://1',
  ready,
  started: true,
});
const waiting = (lastEnd?: ContainerEnd): ContainerView => ({
  ...common,
  state: 'waiting',
  reason: 'ContainerCreating',
  ...(lastEnd === undefined ? {} : { lastEnd }),
});
const ended = (exitCode: number): ContainerView => ({ ...common, state: 'terminated', end: end(exitCode) });

const view = (main: ContainerView[], spec: Partial<LabPodSpec> = {}, more: Partial<PodView> = {}): PodView => ({
  pod: testPod(spec),
  init: [],
  main,
  hostIp: '10.0.1.2',
  podIps: ['10.0.32.5'],
  hasSandbox: true,
  startTime: BEFORE,
  before: [],
  now: NOW,
  ...more,
});

describe('a Pod with a sidecar', () => {
  const sidecar = (each: ContainerView): ContainerView => ({ ...each, name: 'side', sidecar: true });
  const phase = (main: ContainerView, side: ContainerView): string =>
    podPhase(view([main], { restartPolicy: 'Never' }, { init: [sidecar(side)] }));

  it('runs until the sidecar has ended too, and is what its other containers made of it', () => {
    expect(phase(running(), running())).toBe('Running');
    expect(phase(ended(0), running())).toBe('Running');
    expect(isDone(view([ended(0)], { restartPolicy: 'Never' }, { init: [sidecar(running())] }))).toBe(true);
    expect(phase(ended(0), ended(137))).toBe('Succeeded');
    expect(phase(ended(1), ended(0))).toBe('Failed');
  });

  it('is Ready when the sidecar is as well', () => {
    const ready = (side: ContainerView): unknown =>
      podStatus(view([running()], {}, { init: [sidecar(side)] })).conditions?.find(({ type }) => type === 'Ready');
    expect(ready(running())).toMatchObject({ status: 'True' });
    expect(ready(running(false))).toMatchObject({
      status: 'False',
      message: 'containers with unready status: [side]',
    });
  });
});

describe('podPhase', () => {
  it.each([
    ['Pending until every container ran', view([running(), waiting()]), 'Pending'],
    ['Running while one runs', view([running(), ended(1)], { restartPolicy: 'Never' }), 'Running'],
    ['Running between two runs', view([waiting(end(1))]), 'Running'],
    ['Running when an ended container will restart', view([ended(0)]), 'Running'],
    ['Succeeded when all ended well and none restarts', view([ended(0)], { restartPolicy: 'OnFailure' }), 'Succeeded'],
    ['Failed when one ended badly for good', view([ended(0), ended(3)], { restartPolicy: 'Never' }), 'Failed'],
    ['Pending while an init container runs', view([waiting()], {}, { init: [running()] }), 'Pending'],
    ['Failed with an init container', view([waiting()], { restartPolicy: 'Never' }, { init: [ended(1)] }), 'Failed'],
    ['past init containers that succeeded', view([running()], {}, { init: [ended(0)] }), 'Running'],
  ])('is %s', (_, input, phase) => {
    expect(podPhase(input)).toBe(phase);
  });

  it('is final once a Pod that leaves has ended, whatever its restart policy', () => {
    const pod = testPod({}, { deletionTimestamp: NOW });
    expect(podPhase({ pod, init: [], main: [ended(143)] })).toBe('Failed');
    expect(podPhase({ pod, init: [], main: [ended(0)] })).toBe('Succeeded');
  });

  it('is never final while a container runs', () => {
    const any = fc.oneof(
      fc.boolean().map(running),
      fc.nat(2).map(ended),
      fc.constant(waiting()),
      fc.nat(2).map((code) => waiting(end(code))),
    );
    const policy = fc.constantFrom('Always', 'OnFailure', 'Never');
    fc.assert(
      fc.property(fc.array(any, { maxLength: 4 }), policy, (others, restartPolicy) => {
        expect(['Pending', 'Running']).toContain(podPhase(view([...others, running()], { restartPolicy })));
      }),
    );
  });
});

describe('podStatus', () => {
  const conditions = (input: PodView): Record<string, string> =>
    Object.fromEntries((podStatus(input).conditions ?? []).map((each) => [each.type, each.status]));

  it('is Ready when every container is, and names those that are not', () => {
    expect(conditions(view([running()]))).toMatchObject({
      Ready: 'True',
      ContainersReady: 'True',
      Initialized: 'True',
    });
    const unready = podStatus(view([running(), running(false)])).conditions?.find((each) => each.type === 'Ready');
    expect(unready).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [c]',
    });
  });

  it('waits for readiness gates with Ready, not with ContainersReady', () => {
    const gated = view([running()], { readinessGates: [{ conditionType: 'lb' }] });
    expect(conditions(gated)).toMatchObject({ Ready: 'False', ContainersReady: 'True' });
  });

  it('moves lastTransitionTime only when the status of a condition changes', () => {
    const before = [
      { type: 'Ready', status: 'True', lastTransitionTime: BEFORE },
      { type: 'ContainersReady', status: 'False', lastTransitionTime: BEFORE },
    ];
    const after = podStatus(view([running()], {}, { before })).conditions ?? [];
    expect(after.find((each) => each.type === 'Ready')?.lastTransitionTime).toBe(BEFORE);
    expect(after.find((each) => each.type === 'ContainersReady')?.lastTransitionTime).toBe(NOW);
  });

  it('keeps the end of the run before beside the present state', () => {
    const status = podStatus(view([{ ...running(), restartCount: 1, lastEnd: end(137) }]));
    expect(status.containerStatuses).toEqual([
      expect.objectContaining({
        restartCount: 1,
        containerID: 'lab://1',
        state: { running: { startedAt: BEFORE } },
        lastState: { terminated: end(137) },
      }),
    ]);
  });

  it('carries no address before there is one', () => {
    expect(podStatus(view([waiting()], {}, { podIps: [] }))).not.toHaveProperty('podIP');
    expect(podStatus(view([running()]))).toMatchObject({ podIP: '10.0.32.5', podIPs: [{ ip: '10.0.32.5' }] });
  });
});
