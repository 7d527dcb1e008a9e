// What it costs to ask a big account: one flow traced, and who reaches whom among all workloads.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Benchmark, figure, median } from './result.ts';
import { type AccountSize, messageSchema, type TraceMeasures } from './trace-message.ts';

const SIZE: AccountSize = { pods: 10_000, workloads: 1_000, groups: 500, rules: 50_000, nodes: 100 };
const FLOW_BUDGET_MS = 5;
const PAIRS_BUDGET_MS = 2_000;
const MEMORY_BUDGET_MIB = 300;

/** `npm run bench -- trace`: DESIGN section 7. */
export const trace: Benchmark = {
  name: 'trace',
  title: 'one flow, and all pairs of 1,000 workloads, among 10,000 Pods with 500 groups',
  run: async (progress) => {
    const { flows, pairs, readMs, openMs, peakMiB } = await runChild((line) => progress(`trace: ${line}`));
    const plain = { what: 'plain evaluation of both sides', value: median(flows.plain) };
    return {
      benchmark: 'trace',
      conditions: `${SIZE.pods} Pods of ${SIZE.workloads} workloads with strict routing, ${SIZE.groups} groups, ${SIZE.rules} rules, 1 to 3 groups per Pod; ${flows.times.length} flows between Pods; a process of its own`,
      figures: [
        figure('one flow traced, median', median(flows.times), 'ms', FLOW_BUDGET_MS, plain),
        figure('one flow traced, p99', p99(flows.times), 'ms', FLOW_BUDGET_MS),
        figure('one flow traced, the slowest', Math.max(...flows.times), 'ms'),
        figure('of them delivered', flows.delivered, 'flows'),
        figure('all pairs on one port, median', median(pairs.times), 'ms', PAIRS_BUDGET_MS),
        figure('all pairs on one port, the slowest', Math.max(...pairs.times), 'ms', PAIRS_BUDGET_MS),
        figure('of them open in whole or in part', pairs.open, 'pairs of workloads'),
        figure('memory at its peak', peakMiB, 'MiB', MEMORY_BUDGET_MIB),
        figure('rules read', readMs, 'ms'),
        figure('made ready for questions', openMs, 'ms'),
      ],
    };
  },
};

async function runChild(progress: (line: string) => void): Promise<TraceMeasures> {
  const child = fork(join(import.meta.dirname, 'trace-child.ts'), [JSON.stringify(SIZE)], { stdio: 'inherit' });
  let measures: TraceMeasures | undefined;
  child.on('message', (raw) => {
    const message = messageSchema.parse(raw);
    if ('progress' in message) progress(message.progress);
    else measures = message;
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0 || measures === undefined) throw new Error(`bench trace: the child ended with ${code}`);
  return measures;
}

const p99 = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Infinity;
