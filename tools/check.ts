// `npm test`: everything CI checks, in order of how fast it fails; at the end what this machine could not run, by name, and the counts.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { z } from 'zod';
import { namesOfSkipped } from './skipped.ts';

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  /** What did not run, by file and name. */
  readonly unavailable: string[];
}

const report = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  numFailedTestSuites: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(
        z.object({
          ancestorTitles: z.array(z.string()),
          title: z.string(),
          fullName: z.string(),
          status: z.string(),
        }),
      ),
    }),
  ),
});

/** More files than these that fail are no accident of a busy machine. */
const RUN_AGAIN_AT_MOST = 2;

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

/** One run of vitest. Undefined: it wrote no report. */
async function runTests(
  filters: readonly string[],
): Promise<{ code: number; found: z.infer<typeof report> } | undefined> {
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
    const found = report.safeParse(JSON.parse(await readFile(file, 'utf8').catch(() => 'null')));
    return found.success ? { code, found: found.data } : undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * A file that fails beside the others is run once more, alone: on a shared machine a process that was starved is no defect of
 * what is tested. It stays failed when it fails again, and is named as unstable when it does not.
 */
async function tests(tally: Tally, filters: readonly string[]): Promise<void> {
  const first = await runTests(filters);
  if (first === undefined) {
    process.stdout.write('FAIL tests: vitest wrote no report\n');
    tally.failed += 1;
    return;
  }
  const { code, found } = first;
  tally.passed += found.numPassedTests;
  tally.skipped += found.numPendingTests + found.numTodoTests;
  for (const { name, assertionResults } of found.testResults)
    tally.unavailable.push(...namesOfSkipped(assertionResults).map((what) => `${relative('.', name)}: ${what}`));
  const failing = found.testResults.filter(({ status }) => status === 'failed');
  if (failing.length > 0 && failing.length <= RUN_AGAIN_AT_MOST) {
    process.stdout.write(`\nonce more, alone: ${failing.map(({ name }) => relative('.', name)).join(' ')}\n`);
    const again = await runTests(failing.map(({ name }) => name));
    if (again?.code === 0 && again.found.numPassedTests >= found.numFailedTests) {
      for (const { name, assertionResults } of failing)
        for (const { fullName } of assertionResults.filter(({ status }) => status === 'failed'))
          process.stdout.write(
            `UNSTABLE ${relative('.', name)}: ${fullName} failed beside the others and passed alone\n`,
          );
      tally.passed += found.numFailedTests;
      return;
    }
  }
  tally.failed += found.numFailedTests;
  // A file that fails to load has no failed test of its own; the run must be red all the same.
  if (code !== 0 && found.numFailedTests === 0) tally.failed += Math.max(1, found.numFailedTestSuites);
}

async function main(filters: readonly string[]): Promise<void> {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0, unavailable: [] };
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
  if (tally.unavailable.length > 0)
    process.stdout.write(`unavailable here:\n${tally.unavailable.map((line) => `  ${line}\n`).join('')}`);
  process.stdout.write(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped\n`);
  process.exitCode = tally.failed === 0 ? 0 : 1;
}

await main(process.argv.slice(2));
