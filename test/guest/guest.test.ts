// What the kernel here may not have, 802.1Q and IPVS, in the kernel of Debian's user-mode-linux: the same suites, on the same files.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bundleGuestTests } from './bundle.ts';

const PROJECT = resolve(import.meta.dirname, '../..');
const LIMIT_MS = 280_000;

const missing = ['linux.uml', 'taskset', 'ipvsadm', 'busybox'].filter(
  (tool) => spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin command -v ${tool}`]).status !== 0,
);
// The tests make namespaces, and leave files of root.
const unavailable = [...(process.getuid?.() === 0 ? [] : ['root']), ...missing];

const reportSchema = z.array(
  z.object({ name: z.string(), state: z.string(), seconds: z.number(), messages: z.array(z.string()) }),
);

describe.skipIf(unavailable.length > 0)(
  `a kernel with 802.1Q and IPVS${unavailable.length > 0 ? ` (unavailable without ${unavailable.join(', ')})` : ''}`,
  () => {
    it(
      'wires Pods with driver vlan, standard and strict, as this one does with veth; IPVS and strict routing go as documented',
      async () => {
        const folder = mkdtempSync(join(tmpdir(), 'tke-guest-'));
        try {
          const { found, output } = await runGuest(folder);
          expect(
            found.filter(({ state }) => state === 'fail'),
            output,
          ).toEqual([]);
          const passed = found.filter(({ state }) => state === 'pass').map(({ name }) => name);
          expect(passed.filter((name) => name.includes('driver vlan')).length, output).toBe(18);
          expect(passed.filter((name) => name.includes('IPVS')).length, output).toBe(3);
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      },
      LIMIT_MS + 10_000,
    );
  },
);

interface Ran {
  readonly found: z.infer<typeof reportSchema>;
  readonly output: string;
}

/** Boots, runs and ends; what it said is for the reader of a failure. */
async function runGuest(folder: string): Promise<Ran> {
  await bundleGuestTests(join(folder, 'tests.mjs'));
  const path = [dirname(process.execPath), '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  const child = spawn(
    'taskset',
    [
      '--cpu-list',
      oneCpu(),
      'linux.uml',
      'mem=1024M',
      'root=/dev/root',
      'rootfstype=hostfs',
      'rootflags=/',
      'rw',
      `init=${join(PROJECT, 'test/guest/init.sh')}`,
      `trunkline_folder=${folder}`,
      `trunkline_path=${path.join(':')}`,
      'con=null',
      'con0=fd:0,fd:1',
      'ssl=null',
      'quiet',
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], detached: true, timeout: LIMIT_MS, killSignal: 'SIGKILL' },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  await once(child, 'close');
  // Its processes are a group of their own.
  if (child.pid !== undefined) spawnSync('kill', ['-KILL', '--', `-${child.pid}`]);
  output += textOf(join(folder, 'output.txt'));
  const text = textOf(join(folder, 'report.json'));
  if (text === '') throw new Error(`the guest left no report:\n${output}`);
  const found = reportSchema.parse(JSON.parse(text));
  return { found, output: [output, ...found.flatMap(({ messages }) => messages)].join('\n') };
}

/** The guest and what it traces take turns: side by side on two processors, each turn costs twice the time. */
const oneCpu = (): string => /^Cpus_allowed_list:.*?(\d+)$/m.exec(textOf('/proc/self/status'))?.[1] ?? '0';

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
