// Waiting for a server of another process to take connections, as a probe does.
import { connect } from 'node:net';

import type { Clock } from '../src/base/clock.ts';

const PAUSE_MS = 25;

/** Resolves when a TCP connection to loopback succeeds; throws, naming what was waited for, after `timeoutMs`. */
export async function untilServing(clock: Clock, port: number, what: string, timeoutMs = 20_000): Promise<void> {
  const deadline = clock.monotonicMs() + timeoutMs;
  while (!(await accepts(port))) {
    if (clock.monotonicMs() > deadline)
      throw new Error(`${what} did not listen on 127.0.0.1:${port} within ${timeoutMs / 1000} s`);
    await clock.sleep(PAUSE_MS);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
