// `lab cloud` as a person starts it: a process that prints where it is, serves the official SDK, and ends with Ctrl-C.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { CommonClient } from 'tencentcloud-sdk-nodejs-common';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

const projectDir = resolve(import.meta.dirname, '..', '..');
const LIMIT = { timeout: 60_000 };

interface Running {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  output(): string;
  /** The value printed beside a name. */
  said(name: string): string;
}

const eniShape = z.object({ NetworkInterfaceId: z.string() });
const children: Running[] = [];
const folders: string[] = [];

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lab-cloud-'));
  folders.push(folder);
  return folder;
}

afterEach(async () => {
  for (const { child, exited } of children.splice(0)) {
    child.kill('SIGKILL');
    await exited;
  }
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** Resolves when it says how to end it, or when it ended. */
async function start(...options: string[]): Promise<Running> {
  const child = spawn(process.execPath, ['lab/main.ts', 'cloud', ...options], {
    cwd: projectDir,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const exited = new Promise<number | null>((done) => child.once('exit', done));
  const running: Running = {
    child,
    exited,
    output: () => text,
    said: (name) => new RegExp(`^${name} +(\\S+)$`, 'm').exec(text)?.[1] ?? '',
  };
  children.push(running);
  await new Promise<void>((ready) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('Ctrl-C')) ready();
      });
    child.once('close', () => ready());
  });
  return running;
}

const describeVpcs = (lab: Running): Promise<unknown> => call(lab, 'DescribeVpcs');

async function call(lab: Running, action: string, body: object = {}): Promise<unknown> {
  const { host } = new URL(lab.said('endpoint'));
  const agent = new Agent();
  const client = new CommonClient(host, '2017-03-12', {
    credential: { secretId: lab.said('secretId'), secretKey: lab.said('secretKey') },
    region: lab.said('region'),
    profile: { httpProfile: { endpoint: host, protocol: 'http://', agent } },
  });
  try {
    return (await client.request(action, body)) as unknown;
  } finally {
    agent.destroy();
  }
}

async function ask(lab: Running, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${lab.said('admin')}/${path}`, {
    headers: { Authorization: `Bearer ${lab.said('token')}` },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  return (await response.json()) as unknown;
}

const ENI = { VpcId: 'vpc-lab00001', SubnetId: 'subnet-node0003', NetworkInterfaceName: 'mine' };
const MINE = { Filters: [{ Name: 'network-interface-name', Values: ['mine'] }] };

describe('lab cloud', () => {
  it("serves the lab's account to the official SDK, and Ctrl-C ends it with 0", LIMIT, async () => {
    const lab = await start();
    expect(await describeVpcs(lab)).toMatchObject({ VpcSet: [{ VpcId: 'vpc-lab00001', CidrBlock: '10.0.0.0/16' }] });
    const calls = await fetch(`${lab.said('admin')}/calls`, {
      headers: { Authorization: `Bearer ${lab.said('token')}` },
    });
    expect(await calls.json()).toEqual([{ action: 'DescribeVpcs', caller: 'root', outcome: 'ok', count: 1 }]);
    lab.child.kill('SIGINT');
    expect(await lab.exited).toBe(0);
  });

  it('gives the same keys for the same seed', LIMIT, async () => {
    const [first, second] = await Promise.all([start('--seed', '7'), start('--seed', '7')]);
    expect(first.said('secretId')).toMatch(/^AKID/);
    expect(second.said('secretKey')).toBe(first.said('secretKey'));
  });

  it('says what is wrong when the port is taken, and exits 1', LIMIT, async () => {
    const lab = await start();
    const second = await start('--port', new URL(lab.said('endpoint')).port);
    expect(await second.exited).toBe(1);
    expect(second.output()).toContain('EADDRINUSE');
  });

  it('plays a scenario file', LIMIT, async () => {
    const lab = await start('--scenario', 'examples/cloud-scenarios/small-subnet.yaml');
    expect(await describeVpcs(lab)).toMatchObject({ VpcSet: [{ VpcId: 'vpc-small001' }] });
  });

  it('refuses a scenario that is not there, and exits 1', LIMIT, async () => {
    const lab = await start('--scenario', 'nowhere.yaml');
    expect(await lab.exited).toBe(1);
    expect(lab.output()).toContain('nowhere.yaml');
  });

  it('saves on Ctrl-C and on command, and goes on from the file with the same keys', LIMIT, async () => {
    const file = join(await newFolder(), 'cloud.json');
    const first = await start('--save', file, '--seed', '3');
    const made = await call(first, 'CreateNetworkInterface', ENI);
    expect(await ask(first, 'save', {})).toEqual({ file });
    const early = await readFile(file, 'utf8');
    await call(first, 'CreateVpc', { VpcName: 'later', CidrBlock: '192.168.0.0/16' });
    first.child.kill('SIGINT');
    expect(await first.exited).toBe(0);
    expect([early.includes('"later"'), (await readFile(file, 'utf8')).includes('"later"')]).toEqual([false, true]);
    const second = await start('--load', file);
    expect(second.said('secretKey')).toBe(first.said('secretKey'));
    expect(await call(second, 'DescribeNetworkInterfaces', MINE)).toMatchObject({
      NetworkInterfaceSet: [
        {
          NetworkInterfaceId: z.object({ NetworkInterface: eniShape }).parse(made).NetworkInterface.NetworkInterfaceId,
        },
      ],
    });
  });

  it('moves time only when it is told to, and still takes the clients of today', LIMIT, async () => {
    const lab = await start('--manual-clock');
    await call(lab, 'CreateNetworkInterface', ENI);
    const before = await call(lab, 'DescribeNetworkInterfaces', MINE);
    expect(await ask(lab, 'clock', { advanceSeconds: 86_400 })).toMatchObject({
      monotonicMs: 86_400_000,
      manual: true,
    });
    expect([before, await call(lab, 'DescribeNetworkInterfaces', MINE)]).toMatchObject([
      { NetworkInterfaceSet: [{ State: 'PENDING' }] },
      { NetworkInterfaceSet: [{ State: 'AVAILABLE' }] },
    ]);
  });

  it.each([
    ['--no-sub-eni', 'InvalidAction', true],
    ['--sub-eni', 'MissingParameter', false],
  ])('answers a sub-ENI action under %s with %s, though the scenario says %s', LIMIT, async (option, code, allowed) => {
    const scenario = join(await newFolder(), 'scenario.yaml');
    await writeFile(scenario, `settings: { subEniAllowed: ${allowed} }\n`);
    const lab = await start(option, '--scenario', scenario);
    await expect(call(lab, 'CreateSubNetworkInterface')).rejects.toMatchObject({ code });
  });

  it.each([
    [1, 'not a whole saved cloud', ['--load', 'FILE']],
    [1, 'cannot be read', ['--load', 'nowhere.json']],
    [1, 'cannot be written', ['--save', 'nowhere/cloud.json']],
    [2, 'leave --seed', ['--load', 'FILE', '--seed', '1']],
  ])('exits %i with "%s" for %j', LIMIT, async (code, message, options) => {
    const file = join(await newFolder(), 'broken.json');
    await writeFile(file, '{"format":');
    const lab = await start(...options.map((option) => (option === 'FILE' ? file : option)));
    expect([await lab.exited, lab.output()]).toEqual([code, expect.stringContaining(message)]);
  });
});
