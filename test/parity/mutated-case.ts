// The process of one mutated run: starts the (changed) embedded server, runs one case, and says whether the case failed.
import { parityCases } from './cases/index.ts';
import { findKubectl } from './drivers/kubectl.ts';
import { openBench, runCase, whySkipped } from './run-case.ts';
import { startEmbeddedServer } from './servers/embedded.ts';

const id = process.argv[2] ?? '';
const parityCase = parityCases.find((candidate) => candidate.id === id);
if (parityCase === undefined) throw new Error(`no parity case ${id}`);
const server = await startEmbeddedServer();
const needsKubectl = parityCase.needs?.includes('kubectl') === true;
const bench = await openBench(server, needsKubectl ? await findKubectl(process.env['PATH'] ?? '', server) : undefined);
const reason = whySkipped(bench, parityCase);
if (reason !== undefined) throw new Error(`${id}: ${reason}`);
try {
  await runCase(bench, parityCase);
  process.stdout.write('unnoticed\n');
} catch (error) {
  process.stdout.write(`noticed\n${error instanceof Error ? error.message : String(error)}\n`);
}
// The server may be broken on purpose: nothing is closed in order.
process.exit(0);
