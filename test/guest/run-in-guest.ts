// The tests of the guest, run by vitest's own runner one after the other. Argument: where the report goes, as JSON.
import { writeFileSync } from 'node:fs';
import { startTests, type Task, type VitestRunner, type VitestRunnerConfig } from '@vitest/runner';

/** By name; each is part of the bundle. */
const suites: Readonly<Record<string, () => Promise<unknown>>> = {
  'src/agent/namespaces.test.ts': () => import('../../src/agent/namespaces.test.ts'),
  'src/agent/strict-namespaces.test.ts': () => import('../../src/agent/strict-namespaces.test.ts'),
  'test/guest/ipvs.guest.ts': () => import('./ipvs.guest.ts'),
};

const config: VitestRunnerConfig = {
  root: '/',
  setupFiles: [],
  name: undefined,
  passWithNoTests: false,
  // The other driver has run on the kernel outside.
  testNamePattern: /driver vlan|IPVS/,
  allowOnly: false,
  sequence: { seed: 0, hooks: 'stack', setupFiles: 'list' },
  chaiConfig: undefined,
  maxConcurrency: 1,
  // The guest has one processor, and starts processes slowly; the whole has a limit of its own.
  testTimeout: 240_000,
  hookTimeout: 240_000,
  retry: 0,
  includeTaskLocation: false,
  tags: [],
  tagsFilter: undefined,
  strictTags: false,
};

const runner: VitestRunner = {
  config,
  importFile: (path) => suites[path]?.(),
};

/** A line per test, and one per suite or file that failed as such. */
function* results(tasks: readonly Task[], above = ''): Generator<object> {
  for (const task of tasks) {
    const name = `${above} ${task.name}`.trim();
    const { state = task.mode, duration, errors = [] } = task.result ?? {};
    const messages = errors.map(({ message, stack = '' }) => `${message}\n${stack}`);
    if (task.type === 'test' || messages.length > 0) yield { name, state, seconds: (duration ?? 0) / 1000, messages };
    if (task.type === 'suite') yield* results(task.tasks, name);
  }
}

const files = await startTests(Object.keys(suites), runner);
writeFileSync(process.argv[2] ?? '', JSON.stringify([...results(files)]));
// Servers that a failed test left must not keep the guest up.
process.exit();
