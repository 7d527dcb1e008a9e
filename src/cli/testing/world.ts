// A world for the command line without a machine around it: what is written is kept, files are given, time stands.
import type { CliWorld } from '../context.ts';

export interface FakeWorld extends CliWorld {
  readonly printed: { out: string; err: string };
  readonly written: Map<string, Uint8Array>;
}

export interface FakeWorldOptions {
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly terminal?: boolean;
  readonly programs?: Readonly<Record<string, (env: Readonly<Record<string, string | undefined>>) => string>>;
}

/** Home is /home/me. Reading a file that is not given fails as the disk does. */
export function fakeWorld(options: FakeWorldOptions = {}): FakeWorld {
  const printed = { out: '', err: '' };
  const written = new Map<string, Uint8Array>();
  const now = new Date('2026-01-02T03:04:05Z');
  return {
    printed,
    written,
    name: 'trunkline',
    version: 'v9.9.9',
    out: { write: (text) => (printed.out += text), isTTY: options.terminal === true },
    err: { write: (text) => (printed.err += text), isTTY: options.terminal === true },
    env: options.env ?? {},
    home: '/home/me',
    clock: {
      now: () => now,
      monotonicMs: () => 0,
      sleep: () => Promise.resolve(),
      after: () => () => undefined,
    },
    signal: new AbortController().signal,
    readFile: (path) => {
      const text = options.files?.[path];
      return text === undefined
        ? Promise.reject(new Error(`ENOENT: no such file or directory, open '${path}'`))
        : Promise.resolve(text);
    },
    writeFile: (path, content) => {
      written.set(path, content);
      return Promise.resolve();
    },
    readStdin: () => Promise.resolve(options.stdin ?? ''),
    runProgram: (command, _args, env) => {
      const program = options.programs?.[command];
      return program === undefined
        ? Promise.reject(new Error(`spawn ${command} ENOENT`))
        : Promise.resolve(program(env));
    },
  };
}
