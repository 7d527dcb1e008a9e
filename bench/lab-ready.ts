// From nothing to a lab whose nodes take Pods with and without a sub-ENI: the time a person waits after `npm start`, sample not included.
import { spawn } from 'node:child_process';

import { startLab } from '../lab/lab.ts';
import type { Benchmark } from './result.ts';
import { figure, median } from './result.ts';

const BLOCKS = 5;

export const labReady: Benchmark = {
  name: 'lab-ready',
  title: 'lab start until its nodes take Pods, with and without a sub-ENI (budget 6 s on 2 cores)',
  run: async (progress) => {
    const lab: number[] = [];
    const yardstick: number[] = [];
    for (let block = 1; block <= BLOCKS; block += 1) {
      yardstick.push(await bareNodeStarts());
      const started = performance.now();
      const running = await startLab({ projectDir: process.cwd(), progress: () => undefined });
      lab.push(performance.now() - started);
      await running.close();
      progress(
        `block ${block}/${BLOCKS}: lab ${(lab.at(-1) ?? 0).toFixed(0)} ms, six bare runtimes ${(yardstick.at(-1) ?? 0).toFixed(0)} ms`,
      );
    }
    return {
      benchmark: 'lab-ready',
      conditions: `${BLOCKS} blocks, interleaved with starting six bare Node runtimes at once (the lab starts six programs); medians. A real control plane takes 10 to 12 s to ready (measured elsewhere, not in this run)`,
      figures: [
        figure('lab ready', median(lab) / 1000, 's', 6, {
          what: 'six bare runtimes at once',
          value: median(yardstick) / 1000,
        }),
      ],
    };
  },
};

/** The floor on this machine at this moment: the lab has six programs of its own to start. */
async function bareNodeStarts(): Promise<number> {
  const started = performance.now();
  await Promise.all(
    Array.from(
      { length: 6 },
      () =>
        new Promise<void>((resolve) =>
          spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }).on('exit', () => resolve()),
        ),
    ),
  );
  return performance.now() - started;
}
