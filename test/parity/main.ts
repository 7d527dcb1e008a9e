// `npm run test:parity`: runs the cases against the embedded server and, when one is at hand, a real one; the last line counts.
import { Command, Option } from 'commander';
import { parityCases } from './cases/index.ts';
import { findKubectl } from './drivers/kubectl.ts';
import { runMutations } from './mutation-run.ts';
import { groupOf, groups } from './parity-case.ts';
import type { ParityCase } from './parity-case.ts';
import type { ParityServer } from './parity-server.ts';
import { NotServed, openBench, runCase, whySkipped } from './run-case.ts';
import { startBinaries } from './servers/binaries.ts';
import { startEmbeddedServer } from './servers/embedded.ts';
import { startGenericServer } from './servers/generic.ts';
import { openKubeconfig } from './servers/kubeconfig.ts';
import { isVerified, readVerified, recordVerified } from './verified.ts';

interface Options {
  readonly case?: string;
  readonly group?: readonly string[];
  readonly kubeconfig?: string;
  readonly genericServer?: string;
  readonly only?: 'embedded' | 'real';
  readonly mutations?: boolean;
  readonly list?: boolean;
  readonly record?: boolean;
}

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

const write = (line: string): void => void process.stdout.write(`${line}\n`);

async function runAgainst(server: ParityServer, cases: readonly ParityCase[], tally: Tally): Promise<string[]> {
  const path = process.env['PATH'] ?? '';
  await using bench = await openBench(server, await findKubectl(path, server));
  write(`server: ${server.description}`);
  write(`kubectl: ${bench.kubectl?.version ?? 'absent'}`);
  const passed: string[] = [];
  for (const parityCase of cases) {
    const reason = whySkipped(bench, parityCase);
    if (reason !== undefined) {
      tally.skipped += 1;
      write(`skip ${parityCase.id}: ${reason}`);
      continue;
    }
    const started = performance.now();
    try {
      await runCase(bench, parityCase);
      tally.passed += 1;
      passed.push(parityCase.id);
      write(`ok   ${parityCase.id} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
    } catch (error) {
      if (error instanceof NotServed) {
        tally.skipped += 1;
        write(`skip ${parityCase.id}: ${error.message}`);
        continue;
      }
      tally.failed += 1;
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      write(`FAIL ${parityCase.id}: ${parityCase.title}\n     ${text.split('\n').join('\n     ')}`);
    }
  }
  return passed;
}

/** How to start the real servers at hand, the whole one first; each is started when the one before it is closed. */
function realServers(options: Options): (() => Promise<ParityServer>)[] {
  const { kubeconfig } = options;
  const assets = process.env['KUBEBUILDER_ASSETS'] ?? '';
  const libraries = options.genericServer ?? process.env['TRUNKLINE_GENERIC_APISERVER'] ?? '';
  return [
    ...(kubeconfig === undefined ? [] : [() => openKubeconfig(kubeconfig)]),
    ...(assets === '' || kubeconfig !== undefined ? [] : [() => startBinaries(assets)]),
    ...(libraries === '' ? [] : [() => startGenericServer(libraries)]),
  ];
}

async function main(options: Options): Promise<void> {
  const cases = parityCases.filter(
    (parityCase) =>
      (options.case === undefined || parityCase.id.includes(options.case)) &&
      (options.group === undefined || options.group.includes(groupOf(parityCase))),
  );
  if (cases.length === 0) throw new Error('no case matches; see --list');
  if (options.list === true) {
    for (const { id, title } of cases) write(`${id}\t${title}`);
    return;
  }
  if (options.mutations === true) {
    const survivors = await runMutations(cases, write);
    write(`${cases.length - survivors} mutations noticed, ${survivors} not noticed`);
    process.exitCode = survivors === 0 ? 0 : 1;
    return;
  }
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  if (options.only !== 'real') await runAgainst(await startEmbeddedServer(), cases, tally);
  const reals = options.only === 'embedded' ? [] : realServers(options);
  if (options.only === 'real' && reals.length === 0)
    throw new Error(
      'no real server: set KUBEBUILDER_ASSETS or TRUNKLINE_GENERIC_APISERVER, or give --kubeconfig or --generic-server',
    );
  for (const start of reals) {
    const real = await start();
    const passed = await runAgainst(real, cases, tally);
    if (options.record === true) await recordVerified(cases, passed, real.recordedAs ?? real.version.gitVersion);
  }
  const verified = await readVerified();
  const unverified = cases.filter((parityCase) => !isVerified(verified, parityCase)).length;
  write(
    `${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped, ${unverified} of ${cases.length} cases unverified against a real server`,
  );
  process.exitCode = tally.failed === 0 ? 0 : 1;
}

const program = new Command('npm run test:parity --')
  .description(
    'The Kubernetes parity suite: against the embedded API server, and against a real one given by KUBEBUILDER_ASSETS or --kubeconfig.',
  )
  .option('--case <text>', 'only cases whose id contains the text')
  .addOption(new Option('--group <names...>', 'only these groups').choices([...groups]))
  .option('--kubeconfig <file>', 'a real server to use as well (its current context; an administrator)')
  .option(
    '--generic-server <binary>',
    'the API server libraries to use as well (tools/real-kubernetes/build-libraries.sh)',
  )
  .addOption(new Option('--only <kind>', 'only this kind of server').choices(['embedded', 'real']))
  .option('--mutations', 'change the embedded server as each case lists, one at a time, and expect the case to fail')
  .option('--record', 'write what passed on the real server into verified.json')
  .option('--list', 'print the cases and exit');
await program.parseAsync();
try {
  await main(program.opts<Options>());
} catch (error) {
  process.stderr.write(`test:parity: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
