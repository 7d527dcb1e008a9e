// The calls of a lab host that carry input and output while a process runs.
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { TrunklineError } from '../../../src/base/errors.ts';
import type { CatalogueEntry } from '../../../src/base/errors.ts';
import { carrierPath } from '../carrier.ts';
import type { Channel, ProcessExit } from '../channel.ts';
import { HOST_ERRORS } from '../errors.ts';
import type { DialRequest, OpenRequest } from '../protocol.ts';
import { requestPlace } from '../request-place.ts';
import type { LabHost, LiveProcess } from '../types.ts';
import { openConnection } from './live-process.ts';
import { createMeetingPoint } from './meeting-point.ts';

type WithoutCaller<T> = T extends unknown ? Omit<T, 'socket' | 'token'> : never;

/** `close` ends the listening; processes end with the helper. */
export function createLiveCalls(
  channel: Channel,
  { projectDir, stateDir }: { readonly projectDir: string; readonly stateDir: string },
): { readonly calls: Pick<LabHost, 'carriesIo' | 'open' | 'attach' | 'dial'>; close(): void } {
  const meeting = createMeetingPoint(join(stateDir, 'io.sock'));

  const start = async (
    request: WithoutCaller<OpenRequest | DialRequest>,
    refusal: CatalogueEntry,
  ): Promise<LiveProcess> => {
    const expected = await meeting.expect();
    const { socket, token, arrived } = expected;
    try {
      const { id } = await channel.request({ ...request, socket, token });
      const connection = await Promise.race([arrived, failureOf(channel.exitOf(id))]);
      return await connection.started(refusal);
    } finally {
      expected.forget();
    }
  };

  return {
    calls: {
      get carriesIo() {
        return existsSync(carrierPath(projectDir));
      },
      open: async (argv, { stdin = false, tty = false, hostname, ...place } = {}) =>
        start({ op: 'open', ...requestPlace(argv, place), hostname, stdin, tty }, HOST_ERRORS.startProcess),
      dial: async (netns, port) => start({ op: 'dial', netns, port }, HOST_ERRORS.dial),
      attach: async (path) => {
        const connection = openConnection(connect(path));
        return connection.started(HOST_ERRORS.command).catch(() => {
          throw new TrunklineError(HOST_ERRORS.command, `nothing answers at ${path}: the process has ended`);
        });
      },
    },
    close: () => meeting.close(),
  };
}

/** Rejects when a carrier ended by a fault of its own; one that did its work may be gone before its words are read. */
async function failureOf(exit: Promise<ProcessExit>): Promise<never> {
  const { code } = await exit;
  if (code === 0) return await new Promise<never>(() => undefined);
  throw new TrunklineError(HOST_ERRORS.command, `container-io ended with code ${code} before it said anything`);
}
