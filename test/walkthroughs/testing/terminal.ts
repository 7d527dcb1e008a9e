// A terminal at which commands are typed one after the other, for tests.
import { spawn } from 'node:child_process';

export interface Typed {
  /** Exit code of the line. */
  readonly code: number;
  /** What appeared, both streams, without control sequences and with `\n` ends. */
  readonly text: string;
}

export interface Terminal {
  /** Types a line, or several, and waits until the shell has done them. Rejects after `timeoutMs` with what appeared. */
  type(line: string, timeoutMs?: number): Promise<Typed>;
  /** Leaves the shell as Ctrl-D does. Resolves when the program ended. */
  close(): Promise<void>;
}

const TIMEOUT_MS = 30_000;

/** Runs a shell, or a program that gives one, with the environment given. */
export function openTerminal(
  argv: readonly [string, ...string[]],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): Terminal {
  const [program, ...args] = argv;
  const child = spawn(program, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const state = { text: '', typed: 0, look: (): void => undefined };
  const take = (chunk: Buffer): void => {
    state.text += chunk.toString('utf8');
    state.look();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  child.stdin.on('error', () => undefined);
  child.once('error', (error) => take(Buffer.from(`${error.message}\n`)));

  return {
    type: (line, timeoutMs = TIMEOUT_MS) =>
      new Promise((resolve, reject) => {
        state.typed += 1;
        state.text = '';
        const mark = new RegExp(`^==${state.typed}-(\\d+)==$`, 'm');
        const give = (settle: () => void): void => {
          clearTimeout(timer);
          state.look = () => undefined;
          settle();
        };
        const timer = setTimeout(
          () => give(() => reject(new Error(`not done after ${timeoutMs} ms: ${line}\n${plain(state.text)}`))),
          timeoutMs,
        );
        state.look = () => {
          const text = plain(state.text);
          const found = mark.exec(text);
          if (found !== null) give(() => resolve({ code: Number(found[1]), text: text.slice(0, found.index) }));
        };
        void ended.then(() => give(() => reject(new Error(`the terminal ended: ${line}\n${plain(state.text)}`))));
        // What a terminal shows of the typing itself does not look like the mark.
        child.stdin.write(`${line}\nprintf '\\n==%s-%s==\\n' ${state.typed} $?\n`);
      }),
    close: async () => {
      child.stdin.end('exit\n');
      await ended;
    },
  };
}

/** Without the sequences that move cursors and colour, and without carriage returns. */
// oxlint-disable-next-line no-control-regex
const plain = (text: string): string => text.replace(/\u001b\[[0-9;?]*[a-zA-Z]/g, '').replace(/\r/g, '');
