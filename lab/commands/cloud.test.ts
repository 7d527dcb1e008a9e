// `lab cloud` as a person starts it: a process that prints where it is, serves the official SDK, and ends with Ctrl-C.
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { Agent } from 'node:http';

import { CommonClient } from 'tencentcloud-sdk-nodejs-common';
import { afterEach, describe, expect, it } from 'vitest';

const projectDir = resolve(import.meta.dirname, '..', '..');
const LIMIT = { timeout: 60_000 };

interface Running {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  output(): string;
  /** The value printed beside a name. */
  said(name: string): string;
}

const children: Running[] = [];

afterEach(async () => {
  for (const { child, exited } of children.splice(0)) {
    child.kill('SIGKILL');
    await exited;
  }
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

async function describeVpcs(lab: Running): Promise<unknown> {
  const { host } = new URL(lab.said('endpoint'));
  const agent = new Agent();
  const client = new CommonClient(host, '2017-03-12', {
    credential: { secretId: lab.said('secretId'), secretKey: lab.said('secretKey') },
    region: lab.said('region'),
    profile: { httpProfile: { endpoint: host, protocol: 'http://', agent } },
  });
  try {
    return (await client.request('DescribeVpcs', {})) as unknown;
  } finally {
    agent.destroy();
  }
}

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
});
