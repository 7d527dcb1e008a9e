// For tests: ipamd as a process of its own, as its Pod runs it, that signals can stop.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cloud } from '../../../lab/cloud/cloud.ts';

export interface IpamdProcess extends AsyncDisposable {
  /** Nothing of it runs, its timers neither, until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** As `work`; rejects with its log when it ends before. */
  during<T>(work: Promise<T>): Promise<T>;
  /** What it logged so far. */
  readonly log: () => string;
}

/** Of a leader that is to be frozen; short, since the next one waits for its end, and longer than a loaded machine keeps a process waiting. */
export const FREEZING_FLAGS: readonly string[] = [
  '--lease-duration=5s',
  '--renew-deadline=4s',
  '--retry-period=200ms',
  '--cloud-call-timeout=500ms',
  '--log-level=warn',
];

/** Of the ipamd that leads after it. */
export const NEXT_LEADER = {
  election: { leaseDurationMs: 5_000, renewDeadlineMs: 4_500, retryPeriodMs: 200 },
  callTimeoutMs: 500,
} as const;

/** `server`: a Kubernetes API that asks for no credentials. */
export async function startIpamdProcess(
  server: string,
  cloud: Pick<Cloud, 'endpoint' | 'secretId' | 'secretKey'>,
  flags: readonly string[],
): Promise<IpamdProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-ipamd-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const named = <T>(value: T): readonly [T & { readonly name: string }] => [{ name: 'world', ...value }];
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'world',
    contexts: named({ context: { cluster: 'world', user: 'world' } }),
    clusters: named({ cluster: { server } }),
    users: named({ user: {} }),
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  await writeFile(join(folder, 'secretId'), cloud.secretId);
  await writeFile(join(folder, 'secretKey'), cloud.secretKey);
  const argv = [
    join(import.meta.dirname, '../../main/ipamd.ts'),
    `--kubeconfig=${kubeconfig}`,
    `--cloud-endpoint=${cloud.endpoint}`,
    '--credential-source=static',
    `--credentials-dir=${folder}`,
    '--health-address=127.0.0.1:0',
    '--metrics-address=127.0.0.1:0',
    ...flags,
  ];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  return {
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    ended,
    during: (work) =>
      Promise.race([
        work,
        ended.then((how): never => {
          throw new Error(`ipamd ended with ${how} before that:\n${log}`);
        }),
      ]),
    log: () => log,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        child.kill('SIGCONT');
      }
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}
