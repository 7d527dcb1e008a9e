// What the kernel here may not have, 802.1Q and IPVS, in the kernel of Debian's user-mode-linux: the same suites, on the same files.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const PROJECT = resolve(import.meta.dirname, '../..');
const LIMIT_MS = 280_000;

const missing = ['linux.uml', 'ipvsadm', 'busybox'].filter(
  (tool) => spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin command -v ${tool}`]).status !== 0,
);
// The tests make namespaces, and leave files of root.
const unavailable = [...(process.getuid?.() === 0 ? [] : ['root']), ...missing];

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      message: z.string(),
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).nullish() }),
      ),
    }),
  ),
});

describe.skipIf(unavailable.length > 0)(
  `a kernel with 802.1Q and IPVS${unavailable.length > 0 ? ` (unavailable without ${unavailable.join(', ')})` : ''}`,
  () => {
    it(
      'wires Pods with driver vlan, standard and strict, as this one does with veth; IPVS and strict routing go as documented',
      async () => {
        const folder = mkdtempSync(join(tmpdir(), 'tke-guest-'));
        try {
          const { found, output } = await runGuest(folder);
          const failed = found.filter(({ status }) => status === 'failed');
          expect(failed, output).toEqual([]);
          const passed = found.filter(({ status }) => status === 'passed').map(({ fullName }) => fullName);
          expect(passed.filter((name) => name.includes('driver vlan')).length, output).toBe(14);
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
  readonly found: readonly { readonly fullName: string; readonly status: string }[];
  readonly output: string;
}

/** Boots, runs and ends; what it said is for the reader of a failure. */
async function runGuest(folder: string): Promise<Ran> {
  const path = [
    dirname(process.execPath),
    join(PROJECT, 'node_modules/.bin'),
    '/usr/sbin',
    '/usr/bin',
    '/sbin',
    '/bin',
  ];
  const child = spawn(
    'linux.uml',
    [
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
  const { testResults } = reportSchema.parse(JSON.parse(text));
  const messages = testResults.flatMap(({ message, assertionResults }) => [
    message,
    ...assertionResults.flatMap(({ failureMessages }) => failureMessages ?? []),
  ]);
  return {
    found: testResults.flatMap(({ assertionResults }) => assertionResults),
    output: output + messages.join('\n'),
  };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
