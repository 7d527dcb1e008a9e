// The lab's end of the channel to the helper: requests with answers, exits of processes, and the end of it all.
import type { ChildProcess } from 'node:child_process';
import { Server } from 'node:net';
import { TrunklineError } from '../../src/base/errors.ts';
import { HOST_ERRORS, hostErrorFromCode } from './errors.ts';
import type { RequestBody } from './protocol.ts';
import { messageSchema } from './protocol.ts';

/** How a process ended; both null: with the helper itself. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** What came back for a request. */
export interface Answer {
  readonly id: number;
  readonly value: unknown;
  /** Only in the answer of `listen`. */
  readonly server: Server | undefined;
}

/** Ends once, with the helper; after that every request rejects with `HOST-GONE`. */
export interface Channel {
  /** Resolves with the helper's pid on the machine once its mounts are made; rejects when it ends before. */
  readonly ready: Promise<number>;
  /** Resolves when the helper, and with it everything in its namespaces, is gone. */
  readonly ended: Promise<void>;
  /** Rejects with the helper's own error, or `HOST-GONE`. */
  request(body: RequestBody): Promise<Answer>;
  /** How the process started by request `id` ended; may be asked before the answer is there. */
  exitOf(id: number): Promise<ProcessExit>;
  /** When all output of the process started by request `id` was written; may be asked before the answer is there. */
  carriedOf(id: number): Promise<void>;
}

interface Pending {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** Wires the channel to the helper's process; nothing is sent before the first request. */
export function openChannel(child: ChildProcess): Channel {
  const pending = new Map<number, Pending>();
  const exits = new Map<number, PromiseWithResolvers<ProcessExit>>();
  const carried = new Map<number, PromiseWithResolvers<void>>();
  const ready = Promise.withResolvers<number>();
  const ended = Promise.withResolvers<void>();
  let nextId = 0;
  let open = true;

  const exitRecord = (id: number): PromiseWithResolvers<ProcessExit> => {
    const record = exits.get(id) ?? Promise.withResolvers<ProcessExit>();
    exits.set(id, record);
    return record;
  };

  const carriedRecord = (id: number): PromiseWithResolvers<void> => {
    const record = carried.get(id) ?? Promise.withResolvers<void>();
    carried.set(id, record);
    return record;
  };

  const finish = (reason: string): void => {
    if (!open) return;
    open = false;
    const error = new TrunklineError(HOST_ERRORS.gone, reason);
    ready.reject(new TrunklineError(HOST_ERRORS.start, reason));
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
    for (const { resolve } of exits.values()) resolve({ code: null, signal: null });
    for (const { resolve } of carried.values()) resolve();
  };

  child.on('message', (raw: unknown, handle: unknown) => {
    const message = messageSchema.parse(raw);
    switch (message.kind) {
      case 'ready':
        return ready.resolve(message.machinePid);
      case 'exited':
        return exitRecord(message.id).resolve({ code: message.code, signal: message.signal });
      case 'carried':
        return carriedRecord(message.id).resolve();
      case 'reply':
        pending.get(message.id)?.resolve({
          id: message.id,
          value: message.value,
          server: handle instanceof Server ? handle : undefined,
        });
        break;
      case 'error':
        pending.get(message.id)?.reject(hostErrorFromCode(message.code, message.message));
        break;
    }
    pending.delete(message.id);
  });
  child.once('error', (error) => {
    finish(`the helper could not be started: ${error.message}`);
    ended.resolve();
  });
  child.once('disconnect', () => finish('the helper closed its channel'));
  child.once('exit', (code, signal) => {
    finish(`the helper ended (code ${code}, signal ${signal})`);
    ended.resolve();
  });

  return {
    ready: ready.promise,
    ended: ended.promise,

    request: async (body) => {
      const id = nextId++;
      if (!open || !child.connected) throw new TrunklineError(HOST_ERRORS.gone, `${body.op}: the lab host is closed`);
      return await new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject });
        child.send({ id, body });
      });
    },

    exitOf: async (id) => {
      if (!open) return { code: null, signal: null };
      const exit = await exitRecord(id).promise;
      exits.delete(id);
      return exit;
    },

    carriedOf: async (id) => {
      if (!open) return;
      await carriedRecord(id).promise;
      carried.delete(id);
    },
  };
}
