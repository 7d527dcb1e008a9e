// The lab as a person starts and ends it: what it made is gone after Ctrl-C, after a second one, and after a crash.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { resourceNames } from '../../src/api/keys.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { createKubeClient } from '../../src/kube/client.ts';
import { loadKubeConfig } from '../../src/kube/config.ts';
import { nodes } from '../../src/kube/resources.ts';

import { findKubectl } from '../kubectl.ts';
import { placeOnTheMachine } from '../host/testing/machine-place.ts';
import { readState, removeState, stateFileOf } from '../state-file.ts';
import type { LabState } from '../state-file.ts';

const projectDir = resolve(import.meta.dirname, '..', '..');
const LIMIT = { timeout: 60_000 };

interface Running {
  readonly child: ChildProcess;
  readonly state: LabState;
  readonly name: string;
  output(): string;
  readonly exited: Promise<number | null>;
}

let running: Running | undefined;

afterEach(async () => {
  running?.child.kill('SIGKILL');
  await running?.exited;
  if (running !== undefined) {
    await readState({ projectDir, name: running.name });
    await removeState({ projectDir, name: running.name });
  }
  running = undefined;
});

/** Starts `lab up` and resolves when it says how to end it. */
async function start(name: string, ...options: string[]): Promise<Running> {
  const child = spawn(process.execPath, ['lab/main.ts', '--name', name, 'up', ...options], {
    cwd: projectDir,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const exited = new Promise<number | null>((done) => child.once('exit', done));
  await new Promise<void>((ready, fail) => {
    const onData = (chunk: Buffer): void => {
      text += chunk.toString();
      if (text.includes('Ctrl-C here')) ready();
    };
    child.stdout?.on('data', onData);
    child.stderr?.on('data', onData);
    child.once('exit', () => fail(new Error(`the lab ended early:\n${text}`)));
  });
  const state = await readState({ projectDir, name });
  if (state === undefined) throw new Error('the lab wrote no state file');
  running = { child, state, name, output: () => text, exited };
  return running;
}

/** Processes of the machine whose command line names the lab's files, as `ps` would find them. */
function processesOf(state: LabState): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return command.includes(state.stateDir) ? [`${pid} ${command}`] : [];
      } catch {
        return [];
      }
    });
}

function isAlive(pid: number | null): boolean {
  return pid !== null && existsSync(`/proc/${pid}`);
}

/** Waits, by looking at the process itself, until the helper is gone; the kernel takes its namespace with it. */
async function untilHelperGone(state: LabState): Promise<void> {
  await expect.poll(() => isAlive(state.helperPid), { timeout: 10_000, interval: 50 }).toBe(false);
  await expect.poll(() => processesOf(state), { timeout: 10_000, interval: 50 }).toEqual([]);
}

function expectNoFiles(lab: Running): void {
  expect(existsSync(lab.state.stateDir), 'state folder').toBe(false);
  expect(existsSync(stateFileOf({ projectDir, name: lab.name })), 'state file').toBe(false);
}

/** Another terminal. */
const terminal = (command: string, ...argv: string[]): Promise<{ code: number | null; text: string }> =>
  new Promise((done) => {
    const child = spawn(command, argv, {
      cwd: projectDir,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.on('close', (code) => done({ code, text }));
  });
const run = (...argv: string[]): ReturnType<typeof terminal> => terminal(process.execPath, 'lab/main.ts', ...argv);

/** The lines that the README tells to type under a heading, block by block, from the second line of the first on. */
async function documented(heading: string): Promise<readonly string[]> {
  const text = await readFile(join(projectDir, 'README.md'), 'utf8');
  const part = text.split(`## ${heading}`)[1]?.split('\n## ')[0] ?? '';
  return [...part.matchAll(/^```\n([^]*?)^```$/gm)].map(([, lines = '']) => lines.replace(/^\. .*\n/, ''));
}

describe('lab up', () => {
  it('prints how to use it, as the README tells, and Ctrl-C takes down processes, namespaces and files', {
    timeout: 240_000,
  }, async () => {
    const lab = await start('test-ctrl-c', '--sample', '--super-nodes', '0');
    expect(lab.output()).toMatch(/^POD +NODE +IP +NETWORK +GROUPS +ENI$/m);
    expect(lab.output()).toMatch(
      /my-namespace\/nginx-\S+ +10\.0\.\S+ +10\.0\.\S+ +tke-sub-eni +sg-xxxxyyyy +eni-[a-z0-9]{8}/,
    );
    expect(lab.output()).toMatch(
      /my-namespace\/ordinary-\S+ +10\.0\.\S+ +10\.0\.\S+ +tke-route-eni +- +eni-[a-z0-9]{8}/,
    );
    expect(lab.output()).toContain(`export KUBECONFIG=${lab.state.kubeconfig}`);
    const [trace = ''] = /npx trunkline trace .*$/m.exec(lab.output()) ?? [];
    const [first = '', second = ''] = await documented('Five minutes');
    expect(first).toContain(trace);
    const typed = async (lines: string): ReturnType<typeof terminal> => {
      const shell = `. ${lab.state.stateDir}/env\nnpx() { shift; '${process.execPath}' src/main/cli.ts "$@"; }\n${lines}`;
      return await terminal('sh', '-c', shell.replaceAll('/tmp/policy.yaml', `${lab.state.stateDir}/policy.yaml`));
    };
    expect(await typed(trace)).toMatchObject({ code: 0, text: expect.stringContaining('Probe agrees') });
    if ((await findKubectl(lab.state.kubeconfig, process.env)).kind !== 'absent') {
      const broken = await typed(second);
      expect(broken.text).toMatch(/^ +closes .*Deployment\/ordinary .*Deployment\/nginx +TCP 80 /m);
      expect(broken.text).toMatch(/^Probe agrees: real packets to \S+: dropped/m);
      const [cure = ''] = /^ {2}tccli .*$/m.exec(broken.text) ?? [];
      expect(await typed(`${cure}\n${trace}`)).toMatchObject({
        code: 0,
        text: expect.stringMatching(/^Probe agrees: .* delivered/m),
      });
    }
    expect(isAlive(lab.state.helperPid)).toBe(true);
    const node = lab.state.nodes.find(({ kind }) => kind === 'general')?.name ?? '';
    const look =
      'ls /etc/cni/net.d; ip -4 -o address show eth0; rm -r "$1"; ls "$1" 2>/dev/null || echo gone; ps -e -o pid= | wc -l';
    const victim = await mkdtemp(join(placeOnTheMachine(), '.trunkline-victim-'));
    const { code, text } = await run('--name', 'test-ctrl-c', 'shell', node, '--', 'sh', '-c', look, 'sh', victim);
    expect(text).toMatch(/^10-tke-eni\.conflist\n.* inet 10\.0\.\S+ .*\ngone\n\d+\n$/);
    expect(code).toBe(0);
    // Gone on the node, not on the machine.
    await rmdir(victim);
    lab.child.kill('SIGINT');
    expect(await lab.exited).toBe(0);
    await untilHelperGone(lab.state);
    expectNoFiles(lab);
  });

  it('a second Ctrl-C ends it at once and leaves nothing either', LIMIT, async () => {
    const lab = await start('test-twice', '--nodes', '1', '--super-nodes', '0');
    // Stopped, so that both signals are waiting when it goes on.
    lab.child.kill('SIGSTOP');
    lab.child.kill('SIGINT');
    lab.child.kill('SIGTERM');
    lab.child.kill('SIGCONT');
    expect(await lab.exited).toBe(130);
    await untilHelperGone(lab.state);
    expectNoFiles(lab);
  });

  it(
    'of two that are started at once one goes on; it is told while it starts, and ended from another terminal',
    LIMIT,
    async () => {
      const name = ['--name', 'test-at-once'];
      const up = (): ReturnType<typeof run> => run(...name, 'up', '--nodes', '1', '--super-nodes', '0');
      const both = [up(), up()];
      const refused = await Promise.race(both);
      expect(refused.code).toBe(1);
      expect(refused.text).toMatch(/^lab: one is starting already \(process \d+\); end it with Ctrl-C there or/);
      expect((await run(...name, 'status')).text).toMatch(/^one is starting|^lab of process/);
      expect(await run(...name, 'down')).toEqual({ code: 0, text: 'the lab is down\n' });
      expect((await Promise.all(both)).filter(({ code }) => code === 1)).toEqual([refused]);
      expect((await run(...name, 'status')).text).toContain('no lab is running');
    },
  );

  it('whose output nobody reads any more it ends, and leaves nothing', LIMIT, async () => {
    const place = await mkdtemp(join(tmpdir(), 'trunkline-unread-'));
    const argv = ['lab/main.ts', '--name', 'test-unread', 'up', '--nodes', '1', '--super-nodes', '0'];
    const child = spawn(process.execPath, argv, {
      cwd: projectDir,
      env: { ...process.env, TMPDIR: place },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exited = new Promise<number | null>((done) => child.once('exit', done));
    child.stdout.once('data', () => child.stdout.destroy());
    expect(await exited).not.toBe(null);
    expect(readdirSync(place).filter((name) => name !== 'node-compile-cache')).toEqual([]);
    await rm(place, { recursive: true });
    expect(existsSync(stateFileOf({ projectDir, name: 'test-unread' }))).toBe(false);
  });

  it('killed outright, it leaves no process; the next look removes its files', LIMIT, async () => {
    const lab = await start('test-killed', '--nodes', '1', '--super-nodes', '0');
    lab.child.kill('SIGKILL');
    await lab.exited;
    await untilHelperGone(lab.state);
    expect(await readState({ projectDir, name: lab.name })).toBeUndefined();
    expectNoFiles(lab);
  });

  it('when the process that holds the namespaces dies, it says so, cleans up and exits 1', LIMIT, async () => {
    const lab = await start('test-helper', '--nodes', '1', '--super-nodes', '0');
    if (lab.state.helperPid !== null) process.kill(lab.state.helperPid, 'SIGKILL');
    expect(await lab.exited).toBe(1);
    expect(lab.output()).toContain('a part of the lab ended by itself');
    await untilHelperGone(lab.state);
    expectNoFiles(lab);
  });

  it('`lab down` from another terminal waits until it is gone', LIMIT, async () => {
    const lab = await start('test-down', '--nodes', '1', '--super-nodes', '1');
    const down = spawn(process.execPath, ['lab/main.ts', '--name', lab.name, 'down'], {
      cwd: projectDir,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    down.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const code = await new Promise((done) => down.once('exit', done));
    expect({ code, said }).toEqual({ code: 0, said: 'the lab is down\n' });
    await untilHelperGone(lab.state);
    expectNoFiles(lab);
  });

  it('in static IP mode its nodes take Pods with a sub-ENI and Pods that share an ENI', LIMIT, async () => {
    const lab = await start('test-static', '--nodes', '1', '--super-nodes', '0', '--ip-mode', 'static');
    const client = createKubeClient({
      connection: await loadKubeConfig({ path: lab.state.kubeconfig }),
      clock: systemClock,
      logger: silentLogger,
    });
    const general = lab.state.nodes.find((node) => node.kind === 'general')?.name ?? '';
    const { status, spec } = await client.get(nodes, general);
    client.close();
    const some = expect.stringMatching(/^[1-9]/) as string;
    expect(status?.allocatable).toMatchObject({ [resourceNames.subEni]: some, [resourceNames.eniIp]: some });
    expect(spec?.taints ?? []).toEqual([]);
  });

  it('without packets it runs the same control plane and computes the Pods', LIMIT, async () => {
    const lab = await start('test-computed', '--no-packets', '--sample');
    expect(lab.output()).toMatch(
      /my-namespace\/nginx-\S+ +10\.0\.\S+ +10\.0\.\S+ +tke-sub-eni +sg-xxxxyyyy +eni-[a-z0-9]{8}/,
    );
    expect(lab.output()).toMatch(
      /my-namespace\/ordinary-\S+ +10\.0\.\S+ +10\.0\.\S+ +tke-route-eni +- +eni-[a-z0-9]{8}/,
    );
    lab.child.kill('SIGINT');
    expect(await lab.exited).toBe(0);
    await expect.poll(() => processesOf(lab.state), { timeout: 10_000, interval: 50 }).toEqual([]);
    expectNoFiles(lab);
  });
});

describe('lab up without packets', () => {
  it.each(['SIGKILL', 'twice'] as const)('leaves no process after %s', LIMIT, async (how) => {
    const lab = await start(`test-computed-${how.toLowerCase()}`, '--no-packets', '--nodes', '1');
    if (how === 'SIGKILL') lab.child.kill('SIGKILL');
    else {
      lab.child.kill('SIGSTOP');
      lab.child.kill('SIGINT');
      lab.child.kill('SIGTERM');
      lab.child.kill('SIGCONT');
    }
    await lab.exited;
    await expect.poll(() => processesOf(lab.state), { timeout: 10_000, interval: 50 }).toEqual([]);
  });
});

describe('a Ctrl-C while the lab starts', () => {
  it('gives up at once and leaves nothing', LIMIT, async () => {
    const name = 'test-early';
    const child = spawn(process.execPath, ['lab/main.ts', '--name', name, 'up'], {
      cwd: projectDir,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exited = new Promise<number | null>((done) => child.once('exit', done));
    let text = '';
    await new Promise<void>((ready) => {
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          if (text.includes('Kubernetes API at')) ready();
        });
    });
    child.kill('SIGINT');
    expect(await exited).toBe(130);
    expect(text).toContain('while starting: giving up');
    expect(existsSync(stateFileOf({ projectDir, name }))).toBe(false);
  });
});

describe('wrong use', () => {
  it.each([
    [['up', '--nodes', 'many'], /--nodes.*many.*whole number from 1 to 8/s],
    [['up', '--ip-mode', 'fixed'], /--ip-mode.*fixed.*non-static, static/s],
    [['up', '--colour'], /unknown option '--colour'/],
    [['upp'], /unknown command 'upp'/],
  ])('%j is refused with exit 2, naming what is right', async (argv, message) => {
    const { code, text } = await run(...argv);
    expect(text).toMatch(message);
    expect(code).toBe(2);
  });

  it('a shell without a lab says how to start one', async () => {
    const { code, text } = await run('--name', 'test-none', 'shell', 'a/b');
    expect(text).toContain('npm start');
    expect(code).toBe(1);
  });
});
