// The guests from the outside: starts one program per namespace, has all of them send at once, and says which flows got an answer.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { LabHost } from '../../lab/host/types.ts';
import type { Order, PacketFlow, Word } from './words.ts';

/** A flow, and from which guest. */
export interface SentFlow extends PacketFlow {
  readonly from: string;
}

/** By id of the flow: the source address that the other side saw (empty for ICMP). Absent: nothing came back. */
export type Answers = ReadonlyMap<number, string>;

export interface Guests {
  /** TCP and UDP; several addresses of one guest are several calls. */
  listen(guest: string, address: string, ports: readonly number[]): Promise<void>;
  /**
   * Sends all at once. Ends when all of `awaited` are answered or `limitMs` is over, and after that everything that was on its way has arrived: a
   * flow without an answer was dropped. Not to be called while a call runs.
   */
  try(flows: readonly SentFlow[], awaited: ReadonlySet<number>, limitMs: number): Promise<Answers>;
  close(): void;
}

const wordSchema: z.ZodType<Word> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('hello'), name: z.string() }),
  z.object({ kind: z.literal('done') }),
  z.object({ kind: z.literal('answer'), flow: z.int(), seen: z.string() }),
]);

/** Client sends, server reads and answers, client reads; one to spare. */
const BARRIERS = 4;

interface Guest {
  readonly socket: Socket;
  /** Resolvers of orders that are not done, oldest first. */
  readonly waiting: (() => void)[];
}

/** `names` are the namespaces; `stateDir` is seen by all of them. */
export async function startGuests(host: LabHost, stateDir: string, names: readonly string[]): Promise<Guests> {
  const guests = new Map<string, Guest>();
  const answers = new Map<number, string>();
  let onAnswer = (): void => undefined;
  let onHello = (): void => undefined;

  const hear = (socket: Socket, line: string): void => {
    const word = wordSchema.parse(JSON.parse(line));
    if (word.kind === 'hello') {
      guests.set(word.name, { socket, waiting: [] });
      onHello();
    } else if (word.kind === 'answer') {
      answers.set(word.flow, word.seen);
      onAnswer();
    } else [...guests.values()].find((guest) => guest.socket === socket)?.waiting.shift()?.();
  };
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    createInterface({ input: socket }).on('line', (line) => hear(socket, line));
  });
  const path = join(stateDir, 'guests.sock');
  server.listen(path);
  await once(server, 'listening');

  const order = async (name: string, what: Order): Promise<void> => {
    const guest = guests.get(name);
    if (guest === undefined) throw new Error(`no guest ${name}; there are ${[...guests.keys()].join(', ')}`);
    await new Promise<void>((resolve) => {
      guest.waiting.push(resolve);
      guest.socket.write(`${JSON.stringify(what)}\n`);
    });
  };
  const all = async (what: Order): Promise<void> => void (await Promise.all(names.map((name) => order(name, what))));

  const complete = new Promise<void>((resolve) => {
    onHello = () => guests.size === names.length && resolve();
  });
  const program = join(import.meta.dirname, 'guest.ts');
  const running = await Promise.all(
    names.map((name) =>
      host.spawn([process.execPath, program, name, path], { netns: name, logFile: join(stateDir, 'guests.log') }),
    ),
  );
  const early = Promise.race(running.map(({ exited }) => exited)).then(({ code, signal }) => {
    throw new Error(`a guest ended with ${code ?? signal} before all had said hello; see guests.log`);
  });
  await Promise.race([complete, early]);
  early.catch(() => undefined);

  return {
    listen: (guest, address, ports) => order(guest, { kind: 'listen', address, ports }),
    try: async (flows, awaited, limitMs) => {
      answers.clear();
      const arrived = new Promise<void>((resolve) => {
        onAnswer = () => [...awaited].every((id) => answers.has(id)) && resolve();
        onAnswer();
      });
      const senders = [...new Set(flows.map(({ from }) => from))];
      await Promise.all(
        senders.map((name) => order(name, { kind: 'send', flows: flows.filter(({ from }) => from === name) })),
      );
      const limit = new AbortController();
      await Promise.race([arrived, pause(limitMs, limit.signal)]);
      limit.abort();
      for (let i = 0; i < BARRIERS; i += 1) await all({ kind: 'barrier' });
      await all({ kind: 'give-up' });
      return new Map(answers);
    },
    close: () => {
      for (const { socket } of guests.values()) socket.destroy();
      server.close();
    },
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
