// `npm run bench -- NAME [--json] [--check]`: runs one benchmark and prints its figures beside what they are compared with.
import { cloudSim } from './cloud-sim.ts';
import { cni } from './cni.ts';
import { eipBurst } from './eip-burst.ts';
import { hollow } from './hollow.ts';
import { ipamScale, ipamScaleStatic } from './ipam-scale.ts';
import { kubeApi } from './kube-api.ts';
import { labExecs } from './lab-execs.ts';
import { labPods } from './lab-pods.ts';
import { labReady } from './lab-ready.ts';
import { nodeJoin } from './node-join.ts';
import { policyScale } from './policy-scale.ts';
import type { Benchmark } from './result.ts';
import { renderResult } from './result.ts';
import { subEniBurst } from './sub-eni-burst.ts';
import { trace } from './trace.ts';
import { webhook } from './webhook.ts';

const benchmarks: readonly Benchmark[] = [
  cloudSim,
  cni,
  eipBurst,
  hollow,
  ipamScale,
  ipamScaleStatic,
  kubeApi,
  labExecs,
  labPods,
  labReady,
  nodeJoin,
  policyScale,
  subEniBurst,
  trace,
  webhook,
];

function usage(): string {
  const rows = benchmarks.map((benchmark) => `  ${benchmark.name.padEnd(20)}${benchmark.title}`);
  return `Usage: npm run bench -- NAME [--json] [--check]\n\n${rows.join('\n')}\n\n  --json   the last line is one JSON object with figures, yardstick and ratio\n  --check  exit 1 when a budget is missed\n`;
}

async function main(argv: readonly string[]): Promise<number> {
  const unknown = argv.find((word) => word.startsWith('--') && !['--json', '--check', '--help'].includes(word));
  const names = argv.filter((word) => !word.startsWith('--'));
  if (argv.includes('--help')) {
    process.stdout.write(usage());
    return 0;
  }
  const benchmark = benchmarks.find((candidate) => candidate.name === names[0]);
  if (unknown !== undefined || benchmark === undefined || names.length > 1) {
    process.stderr.write(
      `bench: ${unknown === undefined ? `${names.length === 0 ? 'which one?' : `unknown benchmark "${names.join(' ')}";`} known: ${benchmarks.map((b) => b.name).join(', ')}` : `unknown option ${unknown}`}\n`,
    );
    return 2;
  }
  const result = await benchmark.run((line) => process.stderr.write(`${line}\n`));
  process.stdout.write(renderResult(result));
  if (argv.includes('--json')) process.stdout.write(`${JSON.stringify(result)}\n`);
  return argv.includes('--check') && result.figures.some((figure) => figure.withinBudget === false) ? 1 : 0;
}

process.exit(await main(process.argv.slice(2)));
