// CNI calls end to end, as a runtime makes them, beside Debian's `ptp` and `bridge` with `host-local`.
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Block, type Contender, type Ends, type FullNode, messageSchema, type Turn } from './cni-message.ts';
import { addPhases } from '../src/agent/metrics.ts';
import { WHOLE } from './cni-phases.ts';
import { type Benchmark, type BenchmarkResult, type Figure, figure, median } from './result.ts';
import { geometricInterval, type Interval } from './interval.ts';

const MOST_MEDIAN = 1;
const MOST_P90 = 1.3;
const MOST_CPU = 1;
const MOST_LAST = 1.2;
const MOST_RSS_MB = 100;
const MOST_IDLE = 0.005;

export const cni: Benchmark = {
  name: 'cni',
  title: 'ADD and DEL beside ptp and bridge with host-local, alone and in bursts of 30; a node with 250 Pods',
  run: async (progress) => {
    if (!existsSync('/usr/lib/cni/ptp'))
      throw new Error("bench cni needs Debian's package containernetworking-plugins");
    return resultOf(await runChild(progress));
  },
};

interface Found {
  readonly blocks: readonly Block[];
  readonly fullNode: FullNode;
  readonly fileSystem: string;
}

async function runChild(progress: (line: string) => void): Promise<Found> {
  const child = fork(join(import.meta.dirname, 'cni-child.ts'), [], {
    execPath: 'unshare',
    execArgv: ['--net', '--mount', process.execPath],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const blocks: Block[] = [];
  let last: Omit<Found, 'blocks'> | undefined;
  child.on('message', (raw) => {
    const message = messageSchema.parse(raw);
    if ('progress' in message) progress(message.progress);
    else if ('block' in message) blocks.push(message.block);
    else last = message;
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0 || last === undefined) throw new Error(`bench cni: the child ended with ${code}`);
  return { blocks, ...last };
}

function resultOf({ blocks, fullNode: full, fileSystem }: Found): BenchmarkResult {
  const rows: Figure[] = [];
  for (const mode of ['serial', 'burst'] as const)
    for (const command of ['add', 'del'] as const)
      for (const [word, of, most] of [
        ['median', median, MOST_MEDIAN],
        ['p90', p90, MOST_P90],
      ] as const) {
        const pick = (turn: Turn): number => of(turn[mode][command]);
        const what = `${command.toUpperCase()}, ${mode === 'serial' ? 'one by one' : '30 at once'}, ${word}`;
        rows.push(compared(blocks, what, pick, 'ptp', most), compared(blocks, what, pick, 'bridge'));
      }
  const cpu = (turn: Turn): number => turn.cpuMs;
  rows.push(compared(blocks, 'processor time per ADD and DEL', cpu, 'ptp', MOST_CPU));
  rows.push(compared(blocks, 'processor time per ADD and DEL', cpu, 'bridge'));
  const { count } = full;
  rows.push(
    grown(
      `ADD on a node with ${count} Pods`,
      full.fills.map(({ trunkline }) => trunkline),
      MOST_LAST,
    ),
    // What the kernel itself takes more time for.
    grown(
      `the same by ptp + host-local`,
      full.fills.map(({ ptp }) => ptp),
    ),
    figure(`memory of the agent with ${count} Pods`, full.rssMb, 'MB', MOST_RSS_MB),
    figure(`processor time of the agent while nothing happens`, full.idleCpu * 100, '%', MOST_IDLE * 100),
  );
  rows.push(...parts(full.fills.map(({ trunkline }) => trunkline)));
  return {
    benchmark: 'cni',
    conditions:
      `${blocks.length} interleaved blocks of 30 Pods, new ones in each, over the same 30 network namespaces on ${fileSystem}; medians of blocks, ` +
      'ratios as geometric means with 95 % intervals, missed when the whole interval is above. Shared ENI, warm pool. State of the agent: on disk ' +
      '(written beside and renamed, not synced: it survives SIGKILL, and tells of a kernel that no power cut survives; host-local does not sync either) ' +
      'before the kernel is touched. Processor time: plugin and what it started, agent and what it started',
    figures: rows,
  };
}

function compared(
  blocks: readonly Block[],
  what: string,
  pick: (turn: Turn) => number,
  rival: Exclude<Contender, 'trunkline'>,
  most?: number,
): Figure {
  const ours = median(blocks.map(({ trunkline }) => pick(trunkline)));
  const theirs = median(blocks.map((block) => pick(block[rival])));
  const ratio = geometricInterval(blocks.map((block) => pick(block.trunkline) / pick(block[rival])));
  const row = figure(`${what} (${told(ratio)})`, ours, 'ms', undefined, {
    what: `${rival} + host-local`,
    value: theirs,
  });
  if (most === undefined) return row;
  return { ...row, budget: Math.round(theirs * most * 1000) / 1000, withinBudget: ratio.low <= most };
}

/** The last ADDs beside the first ones. */
function grown(what: string, fills: readonly Ends[], most?: number): Figure {
  const ends = fills.map((fill) => ({ first: median(fill.first.ms), last: median(fill.last.ms) }));
  const growth = geometricInterval(ends.map(({ first, last }) => last / first));
  const first = median(ends.map((end) => end.first));
  const last = median(ends.map((end) => end.last));
  const row = figure(`${what}, the last (${told(growth)})`, last, 'ms', undefined, { what: 'the first', value: first });
  if (most === undefined) return row;
  return { ...row, budget: Math.round(first * most * 1000) / 1000, withinBudget: growth.low <= most };
}

/** Where the time of the last ADDs goes, beside that of the first ones. The rest of the whole is HTTP, locks and the end of the record. */
function parts(fills: readonly Ends[]): readonly Figure[] {
  const of = (end: 'first' | 'last', phase: string): number =>
    median(fills.flatMap((fill) => fill[end].phases.map((phases) => phases[phase] ?? Number.NaN)));
  const entry = (end: 'first' | 'last'): number =>
    median(
      fills.map((fill) => mean(fill[end].ms) - mean(fill[end].phases.map((phases) => phases[WHOLE] ?? Number.NaN))),
    );
  const row = (what: string, value: number, first: number): Figure =>
    figure(`of it: ${what}, the last`, value, 'ms', undefined, { what: 'the first', value: first });
  return [
    row('plugin and the way to the agent', entry('last'), entry('first')),
    row(WHOLE, of('last', WHOLE), of('first', WHOLE)),
    ...addPhases.map((phase) => row(`in it ${phase}`, of('last', phase), of('first', phase))),
  ];
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const told = ({ low, mean, high }: Interval): string => `${mean.toFixed(2)} x, ${low.toFixed(2)} to ${high.toFixed(2)}`;

function p90(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.9) - 1] ?? Number.NaN;
}
