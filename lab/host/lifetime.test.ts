// The promise that nothing outlives the lab: by close, by SIGKILL, and for an ordinary user.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { probeHost } from './probe.ts';
import { packetsPossible, PROJECT_DIR, startTestHost } from './testing/test-host.ts';

const probe = probeHost();
const { possible, why } = packetsPossible(probe);
const program = (name: string): string => fileURLToPath(new URL(`./testing/${name}.ts`, import.meta.url));

let stateDir: string;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'trunkline-life-'));
});
afterEach(async () => {
  await rm(stateDir, { recursive: true });
});

function machineProcesses(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

function isRunning(marker: string): boolean {
  return machineProcesses().some(
    (pid) => attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(marker)) === true,
  );
}

function inMountNamespace(inode: string): string[] {
  return machineProcesses().filter((pid) => attempt(() => readlinkSync(`/proc/${pid}/ns/mnt`)) === inode);
}

/** Processes come and go while they are looked at. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

describe.skipIf(!possible)(`the end of a lab host${why}`, () => {
  it('takes everything along at close, and is idempotent', async () => {
    const { host, stop, stateDir: used } = await startTestHost();
    const running = await host.spawn(['sleep', '600'], { logFile: join(used, 'log') });
    await host.close();
    await stop();
    expect(existsSync(`/proc/${host.helperPid}`)).toBe(false);
    expect(await running.exited).toEqual({ code: null, signal: null });
    await expect(host.exec(['true'])).rejects.toMatchObject({ code: 'HOST-GONE' });
  });

  it('leaves its state directory as it was', async () => {
    const { stateDir: used, host, stop } = await startTestHost();
    await host.makeRoot({ name: 'r', binds: [] });
    expect(readdirSync(used)).toEqual([]);
    await stop();
  });

  it.each([{ stopped: false }, { stopped: true }])(
    'comes by the kernel when the lab is killed (helper stopped: $stopped)',
    async ({ stopped }) => {
      const marker = `trunkline-marker-${process.pid}-${stopped}`;
      const lab = spawn(process.execPath, [program('hold-lab'), PROJECT_DIR, stateDir, marker], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = z.tuple([z.string()]).parse(await once(createInterface(lab.stdout), 'line'));
      const { helperPid } = z.object({ helperPid: z.number() }).parse(JSON.parse(line));
      const namespace = readlinkSync(`/proc/${helperPid}/ns/mnt`);
      expect(isRunning(marker)).toBe(true);
      expect(inMountNamespace(namespace).length).toBeGreaterThanOrEqual(3);
      // A stopped helper cannot notice that its channel closed; only the kernel can end it.
      if (stopped) process.kill(helperPid, 'SIGSTOP');
      lab.kill('SIGKILL');
      // The names of network namespaces are mounts of this namespace alone: with its last process they are gone.
      await expect.poll(() => inMountNamespace(namespace), { interval: 10, timeout: 5_000 }).toEqual([]);
      expect(isRunning(marker)).toBe(false);
    },
  );
});

const NOBODY = 65_534;
const asNobody = (...argv: string[]): boolean =>
  spawnSync('setpriv', [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', ...argv]).status === 0;

function userObstacle(): string | undefined {
  if (!possible) return why;
  if (!probe.root) return ' (skipped: not root, so the other tests run as an ordinary user already)';
  if (!asNobody('unshare', '--user', '--map-root-user', '--net', 'true'))
    return ' (skipped: users may not make user namespaces)';
  if (!asNobody('test', '-r', program('user-lab'))) return ' (skipped: the project is not readable for other users)';
  return undefined;
}

const obstacle = userObstacle();

describe.skipIf(obstacle !== undefined)(`an ordinary user${obstacle ?? ''}`, () => {
  it('has namespaces, links, filters, roots and sockets like root', () => {
    chownSync(stateDir, NOBODY, NOBODY);
    const argv = [program('user-lab'), PROJECT_DIR, stateDir];
    const result = spawnSync(process.execPath, argv, { uid: NOBODY, gid: NOBODY, encoding: 'utf8', cwd: '/' });
    expect(result.stderr).toBe('');
    expect(JSON.parse(result.stdout)).toEqual({
      mode: 'rootless',
      inside: 'private\na\nb\n',
      link: 0,
      nft: 0,
      served: 'served by the lab',
      hosts: '127.0.0.1 ours\n',
    });
    expect(existsSync('/etc/trunkline-test')).toBe(false);
  });
});
