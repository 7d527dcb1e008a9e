// Runs each case in a process whose server carries the case's listed mutation: the case must fail there.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { ParityCase } from './parity-case.ts';

const CASE_MS = 60_000;

/** Prints a line per case; resolves to the number of mutations that went unnoticed. */
export async function runMutations(cases: readonly ParityCase[], write: (line: string) => void): Promise<number> {
  const queue = [...cases];
  let survivors = 0;
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const outcome = await runMutated(next);
      if (!outcome.noticed) survivors += 1;
      write(`${outcome.noticed ? 'ok  ' : 'FAIL'} ${next.id}: ${outcome.text}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return survivors;
}

/** Noticed: the process says that exactly this case failed. A server that does not start proves nothing. */
export function runMutated({
  id,
  mutation,
}: Pick<ParityCase, 'id' | 'mutation'>): Promise<{ readonly noticed: boolean; readonly text: string }> {
  const child = spawn(
    process.execPath,
    ['--import', join(import.meta.dirname, 'mutation-hook.ts'), join(import.meta.dirname, 'mutated-case.ts'), id],
    {
      env: { ...process.env, TRUNKLINE_MUTATION: JSON.stringify(mutation) },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: CASE_MS,
    },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  return new Promise((resolve) => {
    child.on('exit', () => {
      const [verdict, ...rest] = stdout.trim().split('\n');
      if (verdict === 'noticed') resolve({ noticed: true, text: rest.join(' ').slice(0, 160) });
      else if (verdict === 'unnoticed')
        resolve({ noticed: false, text: 'the case passed although the server was changed' });
      else
        resolve({ noticed: false, text: `the changed server did not run the case: ${(stderr || stdout).slice(-800)}` });
    });
  });
}
