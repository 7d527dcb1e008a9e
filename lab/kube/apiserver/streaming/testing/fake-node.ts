// For tests: a node whose processes are told by the test what to say and how to end.
import { createInbox } from '../inbox.ts';
import { StreamRefusal } from '../node-streams.ts';
import type { LogOptions, NodeStreams, StreamEnd, StreamSession, StreamTarget } from '../node-streams.ts';

/** One process or connection, seen from the node. */
export interface FakeProcess {
  readonly what: 'exec' | 'attach' | 'forward';
  readonly target: StreamTarget;
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly port: number;
  say(stream: 'stdout' | 'stderr', text: string): void;
  end(end: StreamEnd): void;
  /** What was written so far, once `holds` is true of it. */
  heard(holds: (text: string) => boolean): Promise<string>;
  readonly inputEnded: Promise<void>;
  readonly left: Promise<void>;
  readonly sizes: readonly string[];
  readonly sized: Promise<void>;
}

export interface FakeNode {
  readonly streams: NodeStreams;
  /** The next process that is started. */
  next(): Promise<FakeProcess>;
  /** What logs were asked for, latest last. */
  readonly logsAsked: readonly { readonly target: StreamTarget; readonly options: LogOptions }[];
  /** Refuses what is asked from now on; `undefined` no longer. */
  refuse(refusal: StreamRefusal | undefined): void;
}

export function createFakeNode(): FakeNode {
  const started = createInbox<FakeProcess>(1_000);
  const processes = started.items[Symbol.asyncIterator]();
  const logsAsked: { target: StreamTarget; options: LogOptions }[] = [];
  const state: { refusal: StreamRefusal | undefined } = { refusal: undefined };
  const start = (parts: Pick<FakeProcess, 'what' | 'target' | 'command' | 'tty' | 'port'>): Promise<StreamSession> => {
    if (state.refusal !== undefined) return Promise.reject(state.refusal);
    const { session, process } = fakeSession(parts);
    started.put(process, 1);
    return Promise.resolve(session);
  };
  const plain = { command: [], tty: false, port: 0 };
  return {
    logsAsked,
    refuse: (refusal) => void (state.refusal = refusal),
    next: async () => {
      const { value } = await processes.next();
      if (value === undefined) throw new Error('nothing was started');
      return value;
    },
    streams: {
      exec: (target, { command, tty }) => start({ ...plain, what: 'exec', target, command, tty }),
      attach: (target) => start({ ...plain, what: 'attach', target }),
      forward: (target, port) => start({ ...plain, what: 'forward', target, port }),
      logs: (target, options) => {
        logsAsked.push({ target, options });
        if (state.refusal !== undefined) return Promise.reject(state.refusal);
        return Promise.resolve(lines());
      },
    },
  };
}

async function* lines(): AsyncIterable<Uint8Array> {
  await Promise.resolve();
  yield Buffer.from('one\n');
  yield Buffer.from('two\n');
}

function fakeSession(parts: Pick<FakeProcess, 'what' | 'target' | 'command' | 'tty' | 'port'>): {
  readonly session: StreamSession;
  readonly process: FakeProcess;
} {
  const output = createInbox<{ stream: 'stdout' | 'stderr'; data: Buffer }>(Number.POSITIVE_INFINITY);
  const ended = Promise.withResolvers<StreamEnd>();
  const inputEnded = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  const sized = Promise.withResolvers<void>();
  const sizes: string[] = [];
  const heard: { text: string; checks: (() => void)[] } = { text: '', checks: [] };
  return {
    session: {
      output: output.items,
      ended: ended.promise,
      write: (data) => {
        heard.text += Buffer.from(data).toString();
        for (const check of heard.checks) check();
        return Promise.resolve();
      },
      endInput: () => inputEnded.resolve(),
      resize: (rows, columns) => {
        sizes.push(`${rows}x${columns}`);
        sized.resolve();
      },
      leave: () => {
        left.resolve();
        output.end();
        ended.resolve({ kind: 'lost' });
      },
    },
    process: {
      ...parts,
      sizes,
      sized: sized.promise,
      inputEnded: inputEnded.promise,
      left: left.promise,
      say: (stream, text) => void output.put({ stream, data: Buffer.from(text) }, text.length),
      end: (end) => {
        ended.resolve(end);
        output.end();
      },
      heard: (holds) =>
        new Promise((resolve) => {
          const check = (): void => {
            if (holds(heard.text)) resolve(heard.text);
          };
          heard.checks.push(check);
          check();
        }),
    },
  };
}
