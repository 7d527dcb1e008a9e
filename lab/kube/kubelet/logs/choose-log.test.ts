// Which run's log is shown, in the cases that a kubelet distinguishes.
import { describe, expect, it } from 'vitest';
import type { ContainerEnd, ContainerView } from '../pod-status.ts';
import { chooseLog } from './choose-log.ts';

const target = { pod: 'p', container: 'c' };
const end = (containerID: string): ContainerEnd => ({
  exitCode: 1,
  reason: 'Error',
  startedAt: '',
  finishedAt: '',
  containerID,
});
const common = { name: 'c', image: 'i', restartCount: 0 };
const running: ContainerView = {
  ...common,
  state: 'running',
  startedAt: '',
  containerID: 'lab://now',
  ready: true,
  started: true,
};
const waiting = (reason: string, lastEnd?: ContainerEnd): ContainerView => ({
  ...common,
  state: 'waiting',
  reason,
  ...(lastEnd === undefined ? {} : { lastEnd }),
});

describe('the log of a container', () => {
  it.each([
    ['the present run', running, false, 'lab://now'],
    ['the run before when asked for', { ...running, lastEnd: end('lab://old') }, true, 'lab://old'],
    ['the run that ended', { ...common, state: 'terminated', end: end('lab://done') } as const, false, 'lab://done'],
    ['the last run while it waits to restart', waiting('CrashLoopBackOff', end('lab://old')), false, 'lab://old'],
  ])('is that of %s', (_, view, previous, id) => {
    expect(chooseLog(view, target, previous)).toBe(id);
  });

  it.each([
    ['container "c" in pod "p" is not available', undefined, false],
    ['previous terminated container "c" in pod "p" not found', running, true],
    ['container "c" in pod "p" is waiting to start: ContainerCreating', waiting('ContainerCreating'), false],
    ['container "c" in pod "p" is waiting to start: image can\'t be pulled', waiting('ErrImagePull'), false],
    [
      'container "c" in pod "p" is waiting to start: trying and failing to pull image',
      waiting('ImagePullBackOff'),
      false,
    ],
  ])('is refused: %s', (message, view, previous) => {
    expect(() => chooseLog(view, target, previous)).toThrow(expect.objectContaining({ message, code: 400 }));
  });
});
