// The resident program that carries batches for `ip` out: one process for the agent's whole life instead of one or two for each batch.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** What became of a batch. `unspoken`: nothing was done, and `ip` itself is needed. */
export type BatchOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly line: number; readonly reason: string }
  | { readonly kind: 'unspoken' };

export interface IpBatch {
  /** As `ip -batch`, with `force` as `ip -force -batch`. Rejects when the program ends meanwhile: some lines may have been carried out. */
  run(lines: readonly string[], options: { readonly netns?: string; readonly force?: boolean }): Promise<BatchOutcome>;
  /** Rejects as `run` does, and when the namespace cannot be entered. */
  hasDevice(device: string, netns?: string): Promise<boolean>;
  /** Whether a device has this IPv4 address. Rejects as `hasDevice` does. */
  hasAddress(address: string, netns?: string): Promise<boolean>;
  /** The program that runs now, if any. */
  readonly pid: number | undefined;
  /** Ends the program; a later call starts it again. */
  close(): void;
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

interface Waiting {
  readonly resolve: (words: readonly string[]) => void;
  readonly reject: (error: Error) => void;
}

/** `program` is native/ip-batch, built. It is started with the first batch, and again after it ended. */
export function createIpBatch(program: string): IpBatch {
  let child: Child | undefined;
  let number = 0;
  const waiting = new Map<string, Waiting>();

  const ended = (own: Child, error: Error): void => {
    if (child !== own) return;
    child = undefined;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const running = (): Child => {
    if (child !== undefined) return child;
    const own: Child = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] });
    child = own;
    let rest = '';
    own.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const [id = '', ...words] = line.split(' ');
        waiting.get(id)?.resolve(words);
        waiting.delete(id);
      }
    });
    own.stdin.on('error', () => undefined);
    own.on('error', (error) => ended(own, error));
    own.on('close', (code) => ended(own, new Error(`${program} ended with ${code}`)));
    return own;
  };
  const ask = (head: string, lines: readonly string[]): Promise<readonly string[]> =>
    new Promise((resolve, reject) => {
      const id = String(++number);
      const { stdin } = running();
      waiting.set(id, { resolve, reject });
      stdin.write(`${id} ${head}\n${lines.join('\n')}\n\n`);
    });

  const isSo = async (question: string, netns = ''): Promise<boolean> => {
    const [outcome, , ...reason] = await ask(`0 ${netns}`, [question]);
    if (outcome === 'failed') throw new Error(reason.join(' '));
    return outcome === 'done';
  };

  return {
    run: async (lines, { netns = '', force = false }) => {
      // The framing: an empty line ends a batch, and a name ends at a blank.
      if (lines.some((line) => line === '' || line.includes('\n')) || /\s/.test(netns)) return { kind: 'unspoken' };
      const [outcome, line, ...reason] = await ask(`${force ? 1 : 0} ${netns}`, lines);
      if (outcome === 'done') return { kind: 'done' };
      if (outcome === 'unspoken') return { kind: 'unspoken' };
      return { kind: 'failed', line: Number(line), reason: reason.join(' ') };
    },
    hasDevice: (device, netns) => isSo(`device ${device}`, netns),
    hasAddress: (address, netns) => isSo(`holder ${address}`, netns),
    get pid() {
      return child?.pid;
    },
    close: () => child?.stdin.end(),
  };
}
