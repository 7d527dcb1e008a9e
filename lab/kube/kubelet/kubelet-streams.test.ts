// What a node answers the API server when there is nothing to stream.
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { createKubeletStreams } from './kubelet-streams.ts';
import type { KubeletStreamsDeps } from './kubelet-streams.ts';
import { createLogStore } from './logs/log-store.ts';
import { createPodState } from './pod-state.ts';
import { testPod } from './testing/pods.ts';

const target = { namespace: 'ns', pod: 'p', uid: 'uid-1', container: 'c' };
const request = { command: ['true'], stdin: false, tty: false };
const noLog = { follow: false, previous: false, timestamps: false };
const never = new AbortController().signal;

const streamsOf = (deps: Partial<KubeletStreamsDeps> = {}, carriesIo = true) =>
  createKubeletStreams({
    host: { carriesIo, dial: () => Promise.reject(new Error('IPv4: refused')) },
    clock: systemClock,
    logs: createLogStore('/nowhere'),
    find: () => undefined,
    ...deps,
  });

describe('the streams of a kubelet', () => {
  it('refuse in a kubelet’s words what it does not run', async () => {
    const streams = streamsOf();
    const notFound = { code: 404, message: 'container not found ("c")' };
    await expect(streams.exec(target, request)).rejects.toMatchObject(notFound);
    await expect(streams.attach(target)).rejects.toMatchObject(notFound);
    await expect(streams.forward(target, 80)).rejects.toMatchObject({ code: 404, message: 'pod not found ("p_ns")' });
    await expect(streams.logs(target, noLog, never)).rejects.toMatchObject({
      code: 400,
      message: 'pod "p" cannot be found - no logs available',
    });
  });

  it('do not take another Pod of the same name for the one that was asked for', async () => {
    const streams = streamsOf({ find: () => createPodState(testPod({}, { uid: 'uid-2' }), new Date(0)) });
    await expect(streams.logs(target, noLog, never)).rejects.toThrow('cannot be found');
  });

  it('tell a container that waits by its reason', async () => {
    const streams = streamsOf({ find: () => createPodState(testPod(), new Date(0)) });
    await expect(streams.logs(target, noLog, never)).rejects.toMatchObject({
      code: 400,
      message: 'container "c" in pod "p" is waiting to start: ContainerCreating',
    });
  });

  it('say how to get what carries input and output, where it is missing', async () => {
    const streams = streamsOf({}, false);
    const missing = { message: expect.stringContaining('sh tools/setup.sh') as unknown };
    await expect(streams.exec(target, request)).rejects.toMatchObject(missing);
    await expect(streams.forward(target, 80)).rejects.toMatchObject(missing);
    await expect(streams.logs(target, noLog, never)).rejects.toMatchObject(missing);
  });
});
