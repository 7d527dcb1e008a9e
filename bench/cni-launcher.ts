// Starts CNI plugins through bench/cni-launch.c, so that what a runtime in Node would cost is in no figure.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

export interface Call {
  readonly plugin: string;
  readonly command: 'ADD' | 'DEL';
  readonly containerId: string;
  readonly netns: string;
  readonly args: string;
  /** File with the network configuration. */
  readonly conf: string;
}

export interface Answered {
  readonly ms: number;
  /** Processor time of the plugin and of what it waited for. */
  readonly cpuMs: number;
}

export interface Launcher {
  /** All at once; throws when one fails. In the order of the calls. */
  start(calls: readonly Call[]): Promise<readonly Answered[]>;
  close(): Promise<void>;
}

/** `folder` gets the program. `env` are further variables of every call. */
export function createLauncher(folder: string, pluginPath: string, env: readonly string[]): Launcher {
  const program = join(folder, 'cni-launch');
  execFileSync('gcc', ['-O2', '-o', program, join(import.meta.dirname, 'cni-launch.c')]);
  const child = spawn(program, [pluginPath, ...env], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const answers = lines[Symbol.asyncIterator]();
  return {
    start: async (calls) => {
      const rows = calls.map((call) =>
        [call.plugin, call.command, call.containerId, call.netns, call.args, call.conf].join('\t'),
      );
      child.stdin.write(`${calls.length}\n${rows.join('\n')}\n`);
      const found: Answered[] = [];
      for (const _ of calls) {
        const line = await answers.next();
        if (line.done === true) throw new Error('cni-launch ended');
        const [at = 0, ns = 0, us = 0, code = 1] = line.value.split(' ').map(Number);
        if (code !== 0) throw new Error(`${rows[at] ?? ''}: exit code ${code}`);
        found[at] = { ms: ns / 1e6, cpuMs: us / 1e3 };
      }
      return found;
    },
    close: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.stdin?.end();
  await exit;
}
