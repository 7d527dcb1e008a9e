// The account of a Pod's containers when its node comes back.
import { expect, it } from 'vitest';

import { takenOver } from './takeover.ts';
import { testPod } from './testing/pods.ts';

const NOW = new Date('2026-01-01T00:01:00.000Z');
const STARTED = '2026-01-01T00:00:00Z';
const old = { exitCode: 1, reason: 'Error', startedAt: STARTED, finishedAt: STARTED, containerID: 'lab://0' };

const podWith = (status: object) => ({ ...testPod(), status: { containerStatuses: [{ name: 'c', ...status }] } });

it('says of a container that ran when the node went down that its end is not known, and counts on', () => {
  const pod = podWith({
    restartCount: 2,
    containerID: 'lab://1',
    state: { running: { startedAt: STARTED } },
    lastState: { terminated: old },
  });
  expect(takenOver(pod, 'c', false, NOW)).toEqual({
    restartCount: 2,
    end: {
      exitCode: 255,
      reason: 'Unknown',
      startedAt: STARTED,
      finishedAt: '2026-01-01T00:01:00Z',
      containerID: 'lab://1',
    },
    lastEnd: old,
  });
});

it('keeps the end of a container that had ended', () => {
  expect(takenOver(podWith({ restartCount: 0, state: { terminated: old } }), 'c', false, NOW)).toEqual({
    restartCount: 0,
    end: old,
  });
});

it('keeps the end before a back-off', () => {
  const pod = podWith({
    restartCount: 4,
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: old },
  });
  expect(takenOver(pod, 'c', false, NOW)).toEqual({ restartCount: 4, end: old });
});

it('knows nothing of a container that never ran', () => {
  expect(takenOver(testPod(), 'c', false, NOW)).toBeUndefined();
  expect(
    takenOver(podWith({ restartCount: 0, state: { waiting: { reason: 'ContainerCreating' } } }), 'c', false, NOW),
  ).toEqual({ restartCount: 0 });
});
