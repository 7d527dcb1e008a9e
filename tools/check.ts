// `npm test`: everything CI checks, in order of how fast it fails; the last line counts what passed, failed and was skipped.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

const report = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  numFailedTestSuites: z.int(),
});

/** Runs a command with its output shown; resolves to its exit code. */
function run(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      resolve(127);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

async function step(tally: Tally, title: string, command: string, args: readonly string[]): Promise<void> {
  const started = performance.now();
  const code = await run(command, args);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${code === 0 ? 'ok  ' : 'FAIL'} ${title} (${seconds} s)\n`);
  if (code === 0) tally.passed += 1;
  else tally.failed += 1;
}

async function tests(tally: Tally, filters: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-check-'));
  const file = join(folder, 'report.json');
  try {
    const code = await run('vitest', [
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
      ...filters,
    ]);
    const counts = report.safeParse(JSON.parse(await readFile(file, 'utf8').catch(() => 'null')));
    if (!counts.success) {
      process.stdout.write('FAIL tests: vitest wrote no report\n');
      tally.failed += 1;
      return;
    }
    tally.passed += counts.data.numPassedTests;
    tally.failed += counts.data.numFailedTests;
    tally.skipped += counts.data.numPendingTests + counts.data.numTodoTests;
    // A file that fails to load has no failed test of its own; the run must be red all the same.
    if (code !== 0 && counts.data.numFailedTests === 0) tally.failed += Math.max(1, counts.data.numFailedTestSuites);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function main(filters: readonly string[]): Promise<void> {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  process.stdout.write(`node ${process.version}, ${availableParallelism()} cores\n`);
  if (filters.length === 0) {
    await step(tally, 'types', 'tsc', ['--noEmit']);
    await step(tally, 'lint', 'oxlint', ['--type-aware', '--deny-warnings']);
    await step(tally, 'format', 'biome', ['format', '.']);
    await step(tally, 'generated CRDs are current', process.execPath, ['tools/generate-crds.ts', '--check']);
    await step(tally, 'docs/lab-kubernetes.md is current', process.execPath, [
      'tools/generate-lab-kubernetes.ts',
      '--check',
    ]);
  }
  await tests(tally, filters);
  process.stdout.write(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped\n`);
  process.exitCode = tally.failed === 0 ? 0 : 1;
}

await main(process.argv.slice(2));
