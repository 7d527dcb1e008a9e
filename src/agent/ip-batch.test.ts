// The resident program for batches: what it makes of a text is what `ip -batch` makes of it, in the kernel's own words.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { arm64Unavailable, buildForArm64 } from '../cni/testing/arm64.ts';
import { createIpBatch, type IpBatch } from './ip-batch.ts';
import { createKernel, type Kernel } from './kernel.ts';
import { planUnwire, planWire, tableRoutes } from './plan-wire.ts';
import { canMakeNamespaces } from './testing/netns-world.ts';
import { sharedWiringOf, wiringOf } from './testing/wirings.ts';
import type { Wiring } from './wiring.ts';

const PROJECT = resolve(import.meta.dirname, '../..');
const NODE = `tk${process.pid}bn`;
const POD = `tk${process.pid}bp`;
const pathOf = (name: string): string => `/run/netns/${name}`;

const BUILD = join(PROJECT, 'native/ip-batch/build.sh');
const KINDS = [
  {
    kind: 'the resident program for batches',
    build: (out: string): void => void execFileSync('sh', [BUILD, out]),
    asked: (lines: readonly string[]): readonly string[] => lines,
  },
  // qemu carries no requests about policy rules and neighbours to the kernel.
  {
    kind: 'the resident program for batches on arm64, by qemu (unavailable: policy rules and neighbours)',
    build: (out: string): void => buildForArm64(BUILD, out),
    asked: (lines: readonly string[]): readonly string[] => lines.filter((line) => !/^(rule|neighbour) /.test(line)),
  },
].slice(0, arm64Unavailable === undefined ? 2 : 1);

if (arm64Unavailable !== undefined) it.skip(`ip-batch for arm64: unavailable without ${arm64Unavailable}`);

describe.skipIf(!canMakeNamespaces()).each(KINDS.map((of) => [of.kind, of] as const))('%s', (_, { build, asked }) => {
  let folder: string;
  let batch: IpBatch;
  let resident: Kernel;
  const tool = createKernel();

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tke-batch-'));
    build(join(folder, 'ip-batch'));
    batch = createIpBatch(join(folder, 'ip-batch'));
    resident = createKernel(batch);
  });
  afterAll(() => {
    batch.close();
    for (const name of [NODE, POD]) spawnSync('ip', ['netns', 'delete', name]);
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    for (const name of [NODE, POD]) {
      spawnSync('ip', ['netns', 'delete', name]);
      execFileSync('ip', ['netns', 'add', name]);
    }
    for (const device of ['eth1', 'eth1.101'])
      execFileSync('ip', ['-n', NODE, 'link', 'add', device, 'type', 'veth', 'peer', 'name', `p${device}`]);
    execFileSync('ip', ['-n', NODE, 'link', 'set', 'eth1', 'up']);
    execFileSync('ip', ['-n', NODE, 'link', 'set', 'eth1.101', 'up']);
  });

  /** Everything of a namespace that a batch may change; numbers of devices are the kernel's own affair. */
  const dump = (name: string): string =>
    [
      ['-d', 'link', 'show'],
      ['-4', 'address', 'show'],
      ['rule', 'show'],
      ['-4', 'route', 'show', 'table', 'all'],
      ['neighbour', 'show'],
    ]
      .map((args) => execFileSync('ip', ['-n', name, ...args], { encoding: 'utf8' }))
      .join('')
      .replaceAll(
        /^\d+: |@\S+|link-netns \S+|state \w+|(?<=link\/ether )(?!ee|02:)\S+|link-netnsid \d+|NO-CARRIER,|,LOWER_UP/gm,
        '',
      )
      .replaceAll(/ linkdown|mode DEFAULT.*$/gm, '');
  const both = (): string => dump(NODE) + dump(POD);

  const carryOut = async (kernel: Kernel, wiring: Wiring): Promise<readonly string[]> => {
    const seen: string[] = [];
    const plan = planWire(wiring);
    await kernel.ipBatch(asked(plan.node), { netns: pathOf(NODE) });
    await kernel.ipBatch(asked(plan.pod), { netns: pathOf(POD) });
    seen.push(both());
    await kernel.ipBatch(asked(planUnwire(wiring)), { netns: pathOf(NODE), force: true });
    seen.push(both());
    return seen;
  };
  const ends = { netns: pathOf(POD), ifName: 'eth0' };

  it.each([
    ['a Pod with a shared address', sharedWiringOf({ ...ends, link: 'eth1' })],
    ['a Pod with a sub-ENI', wiringOf({ ...ends, link: 'eth1.101' })],
    ['a Pod with strict routing', wiringOf({ ...ends, link: 'eth1.101', mode: 'strict' })],
    ['a Pod with small packets', sharedWiringOf({ ...ends, link: 'eth1', mtu: 1400 })],
  ])('wires and unwires %s as ip does', async (_, wiring) => {
    expect((await batch.run(planWire(wiring).node, { netns: '/run/netns/none' })).kind).toBe('failed');
    const byTool = await carryOut(tool, wiring);
    expect(byTool[0]).toContain(wiring.podIp);
    expect(byTool[1]).not.toContain(wiring.podIp);
    expect(await carryOut(resident, wiring)).toEqual(byTool);
  });

  it('stops at the first line that the kernel refuses, naming it with its words, unless it is told to go on', async () => {
    const lines = ['link set lo up', 'link set none up', 'link set eth1 down'];
    await expect(resident.ipBatch(lines, { netns: pathOf(NODE) })).rejects.toThrow(
      'ip link set none up: Cannot find device none',
    );
    const flags = async (device: string): Promise<readonly string[] | undefined> =>
      (await tool.links({ netns: pathOf(NODE) })).find(({ ifname }) => ifname === device)?.flags;
    expect(await flags('lo')).toContain('UP');
    expect(await flags('eth1')).toContain('UP');
    await resident.ipBatch(lines, { netns: pathOf(NODE), force: true });
    expect(await flags('eth1')).not.toContain('UP');
  });

  it('leaves a batch with a line that it does not know to ip, whole', async () => {
    const lines = [...tableRoutes(10_001, '10.0.35.1', 'eth1'), 'link set eth1 alias trunk'];
    expect(await batch.run(lines, { netns: pathOf(NODE) })).toEqual({ kind: 'unspoken' });
    expect(dump(NODE)).not.toContain('10001');
    await resident.ipBatch(lines, { netns: pathOf(NODE) });
    expect(dump(NODE)).toContain('alias trunk');
  });

  it('knows whether a device is there, in any namespace, and says what is no namespace', async () => {
    expect(await resident.hasLink('eth1', { netns: pathOf(NODE) })).toBe(true);
    expect(await resident.hasLink('eth1', { netns: pathOf(POD) })).toBe(false);
    await expect(resident.hasLink('eth1', { netns: '/etc/passwd' })).rejects.toThrow('/etc/passwd');
  });

  it('serves many at once, and starts again after it was killed', async () => {
    const many = Array.from({ length: 60 }, (_, at) =>
      resident.hasLink(at % 2 === 0 ? 'eth1' : 'none', { netns: pathOf(NODE) }),
    );
    expect((await Promise.all(many)).filter(Boolean)).toHaveLength(30);
    const { pid = 0 } = batch;
    // Stopped first, so that it certainly is killed before it can answer.
    process.kill(pid, 'SIGSTOP');
    const cutOff = resident.hasLink('eth1', { netns: pathOf(NODE) });
    process.kill(pid, 'SIGKILL');
    await expect(cutOff).rejects.toThrow('cut off');
    expect(await resident.hasLink('eth1', { netns: pathOf(NODE) })).toBe(true);
    expect(batch.pid).not.toBe(pid);
  });
});
