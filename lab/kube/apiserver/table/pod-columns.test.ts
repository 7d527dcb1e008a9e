// READY, STATUS and RESTARTS of Pods with sidecars and of Pods that end.
import { describe, expect, it } from 'vitest';
import type { ApiObject, JsonObject } from '../json.ts';
import { podColumns, podStatusText } from './pod-columns.ts';

const now = new Date('2026-01-10T00:00:00Z');
const pod = (spec: JsonObject, status: JsonObject, metadata: JsonObject = {}): ApiObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', ...metadata },
  spec: { containers: [{ name: 'a' }], ...spec },
  status,
});
const cell = (object: ApiObject, name: string): unknown =>
  podColumns.find((column) => column.name === name)?.value(object, now);
const running = { name: 'a', ready: true, restartCount: 0, state: { running: {} } };

describe('a Pod with a sidecar', () => {
  const spec = { initContainers: [{ name: 's', restartPolicy: 'Always' }, { name: 'i' }] };
  const sidecar = { name: 's', ready: true, started: true, restartCount: 2, state: { running: {} } };

  it('counts the sidecar among its containers, and its restarts', () => {
    const initContainerStatuses = [sidecar, { name: 'i', restartCount: 5, state: { terminated: { exitCode: 0 } } }];
    const object = pod(spec, { phase: 'Running', initContainerStatuses, containerStatuses: [running] });
    expect(['Ready', 'Status', 'Restarts'].map((name) => cell(object, name))).toEqual(['2/2', 'Running', '2']);
  });

  it('waits for the init container behind the sidecar', () => {
    const initContainerStatuses = [
      sidecar,
      { name: 'i', restartCount: 1, state: { waiting: { reason: 'PodInitializing' } } },
    ];
    const object = pod(spec, { phase: 'Pending', initContainerStatuses });
    expect(['Ready', 'Status', 'Restarts'].map((name) => cell(object, name))).toEqual(['1/2', 'Init:1/2', '3']);
  });
});

describe('a Pod that is being deleted', () => {
  const deleted = { deletionTimestamp: '2026-01-10T00:00:00Z' };
  it('is terminating, unless it is over or its node is lost', () => {
    expect(podStatusText(pod({}, { phase: 'Running', containerStatuses: [running] }, deleted))).toBe('Terminating');
    expect(podStatusText(pod({}, { phase: 'Succeeded' }, deleted))).toBe('Succeeded');
    expect(podStatusText(pod({}, { phase: 'Running', reason: 'NodeLost' }, deleted))).toBe('Unknown');
  });
});

it('a gated Pod says so', () => {
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }];
  expect(podStatusText(pod({}, { phase: 'Pending', conditions }))).toBe('SchedulingGated');
});

it('the last restart is told with its age', () => {
  const lastState = { terminated: { finishedAt: '2026-01-09T23:00:00Z' } };
  const object = pod({}, { phase: 'Running', containerStatuses: [{ ...running, restartCount: 4, lastState }] });
  expect(cell(object, 'Restarts')).toBe('4 (60m ago)');
});
