// `lab api` as a process: what it prints, what it keeps over a restart, how it ends.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { createKubeClient } from '../../src/kube/client.ts';
import type { ClosableKubeClient } from '../../src/kube/client.ts';
import { loadKubeConfig } from '../../src/kube/config.ts';
import { namespaces } from '../../src/kube/resources.ts';

const projectDir = resolve(import.meta.dirname, '..', '..');

interface Running {
  readonly client: ClosableKubeClient;
  /** SIGTERM; resolves to the exit code. */
  stop(): Promise<number | null>;
}

async function start(args: readonly string[]): Promise<Running> {
  const child = spawn(process.execPath, [join(projectDir, 'lab/main.ts'), 'api', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  const ended = new Promise<number | null>((done) => child.on('exit', done));
  for await (const line of createInterface({ input: child.stdout })) {
    const path = /^export KUBECONFIG=(.*)$/.exec(line)?.[1];
    if (path === undefined) continue;
    const connection = await loadKubeConfig({ path });
    const client = createKubeClient({ connection, clock: systemClock, logger: silentLogger });
    return {
      client,
      stop: () => {
        client.close();
        child.kill('SIGTERM');
        return ended;
      },
    };
  }
  throw new Error('it ended without a kubeconfig');
}

const exitCode = (args: readonly string[]): Promise<number | null> =>
  new Promise((done) => {
    spawn(process.execPath, [join(projectDir, 'lab/main.ts'), 'api', ...args], { stdio: 'ignore' }).on('exit', done);
  });

describe('lab api', () => {
  let dataDir: string;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'lab-api-test-'));
  });
  afterAll(() => rm(dataDir, { recursive: true, force: true }));

  it('keeps its objects over a clean restart, and ends with 0', async () => {
    const first = await start(['--data-dir', dataDir, '--no-controllers']);
    const made = await first.client.create(namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'kept' },
    });
    expect(await first.stop()).toBe(0);
    const second = await start(['--data-dir', dataDir]);
    const found = await second.client.get(namespaces, 'kept');
    expect(found.metadata.uid).toBe(made.metadata.uid);
    const later = await second.client.create(namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'later' },
    });
    expect(Number(later.metadata.resourceVersion)).toBeGreaterThan(Number(made.metadata.resourceVersion));
    expect(await second.stop()).toBe(0);
  });

  it('refuses wrong options with 2 and names no half-started server', async () => {
    expect(await exitCode(['--log-level', 'loud'])).toBe(2);
    expect(await exitCode(['--port', 'eighty'])).toBe(2);
    expect(await exitCode(['--unknown'])).toBe(2);
  });
});
