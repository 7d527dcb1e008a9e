// The socket at which carriers that the helper starts find the request that they are for.
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:net';
import { createServer } from 'node:net';
import { openConnection } from './live-process.ts';
import type { CarrierConnection } from './live-process.ts';

/** One carrier that is expected. */
export interface Expected {
  readonly socket: string;
  readonly token: string;
  /** Resolves when it came. Never rejects: the caller knows better why none does. */
  readonly arrived: Promise<CarrierConnection>;
  /** Nobody waits for it any more. */
  forget(): void;
}

export interface MeetingPoint {
  /** Listens from the first call on. Rejects when the path cannot be listened at. */
  expect(): Promise<Expected>;
  close(): void;
}

/** `path`: at most 107 bytes. */
export function createMeetingPoint(path: string): MeetingPoint {
  const waiting = new Map<string, (connection: CarrierConnection) => void>();
  const state: { server?: Promise<Server> } = {};
  const listen = (): Promise<Server> =>
    new Promise((resolve, reject) => {
      const server = createServer((socket) => {
        const connection = openConnection(socket);
        connection.hello.then(
          (token) => {
            const take = waiting.get(token);
            waiting.delete(token);
            if (take === undefined) socket.destroy();
            else take(connection);
          },
          () => undefined,
        );
      });
      server.once('error', reject);
      // Who ends the lab need not wait for it.
      server.listen(path, () => resolve(server.unref()));
    });
  return {
    expect: async () => {
      state.server ??= listen();
      await state.server;
      const token = randomUUID();
      const arrived = new Promise<CarrierConnection>((resolve) => waiting.set(token, resolve));
      return { socket: path, token, arrived, forget: () => void waiting.delete(token) };
    },
    close: () => void state.server?.then((server) => server.close()).catch(() => undefined),
  };
}
