// What strict Pods change on their node, for as long as they are there, and what others find afterwards.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import { createNodeRouting, type NodeRouting } from './node-routing.ts';
import { createFakeKernel, type FakeKernel } from './testing/fake-kernel.ts';
import { wiringOf } from './testing/wirings.ts';
import type { Wired } from './wired-store.ts';

const TCP = 'net/ipv4/tcp_early_demux';
const UDP = 'net/ipv4/udp_early_demux';
const keys = (tcp: string, udp = tcp) => ({
  data: { 'agent.config.disableTcpEarlyDemux': tcp, 'agent.config.disableUdpEarlyDemux': udp },
});

let directory: string;
let kernel: FakeKernel;
let records: Wired[];
let routing: NodeRouting;
const path = (): string => join(directory, 'early-demux.json');
const demux = (): readonly (string | undefined)[] => [kernel.sysctls.get(TCP), kernel.sysctls.get(UDP)];
const start = (): NodeRouting =>
  createNodeRouting({ kernel, store: { list: () => records }, path: path(), logger: silentLogger });
const strictPod = (name: string): Wired => ({
  sequence: 1,
  phase: 'wired',
  containerId: name,
  pod: { namespace: 'ns', name, uid: `uid-${name}` },
  linkDriver: 'veth',
  wiring: wiringOf({ mode: 'strict' }),
});

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tke-routing-'));
  kernel = createFakeKernel();
  records = [];
  routing = start();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('the rule of local', () => {
  it('is moved as long as a strict Pod is there, over a restart', async () => {
    await routing.settle();
    expect([...kernel.localNow]).toEqual([0]);
    records = [strictPod('a'), strictPod('b')];
    await routing.settle();
    expect([...kernel.localNow]).toEqual([20]);
    routing = start();
    records = [strictPod('b')];
    await routing.settle();
    expect([...kernel.localNow]).toEqual([20]);
    records = [];
    await routing.settle();
    expect([...kernel.localNow]).toEqual([0]);
  });

  it('that another program moved is reported, and left alone until the last strict Pod is gone', async () => {
    records = [strictPod('a')];
    await routing.settle();
    kernel.localNow.add(0);
    kernel.localNow.delete(20);
    records.push(strictPod('b'));
    await routing.settle();
    expect([...kernel.localNow]).toEqual([0]);
    expect(await routing.observe()).toMatchObject({ strict: true, message: expect.stringContaining('preference 0') });
    records = [];
    await routing.settle();
    expect([...kernel.localNow]).toEqual([0]);
    expect(await routing.observe()).not.toHaveProperty('message');
  });

  it('is not asked for on a node without strict Pods', async () => {
    await routing.settle();
    kernel.localNow.add(100);
    expect(await routing.observe()).toEqual({
      strict: false,
      tcpEarlyDemux: true,
      udpEarlyDemux: true,
      ipvs: false,
      nodeLocalDNS: false,
    });
  });

  it('is moved once when many Pods come at the same time', async () => {
    records = [strictPod('a'), strictPod('b'), strictPod('c')];
    await Promise.all([routing.settle(), routing.settle(), routing.settle()]);
    expect(kernel.lines).toEqual(['rule add pref 20 lookup local', 'rule del pref 0 lookup local']);
  });
});

describe('early demux', () => {
  it('stays on under strict Pods while the keys do not say otherwise, and that is visible', async () => {
    records = [strictPod('a')];
    await routing.configure(keys('false'));
    expect(demux()).toEqual(['1', '1']);
    expect(await routing.observe()).toMatchObject({ strict: true, tcpEarlyDemux: true, udpEarlyDemux: true });
  });

  it('goes off and comes back with its key alone, each protocol for itself', async () => {
    await routing.configure(keys('true', 'false'));
    expect(demux()).toEqual(['0', '1']);
    expect(await routing.observe()).toMatchObject({ tcpEarlyDemux: false, udpEarlyDemux: true });
    await routing.configure(keys('false', 'true'));
    expect(demux()).toEqual(['1', '0']);
    await routing.configure(undefined);
    expect(demux()).toEqual(['1', '1']);
    expect(existsSync(path())).toBe(false);
  });

  it('that was off before is off afterwards', async () => {
    kernel.sysctls.set(TCP, '0');
    await routing.configure(keys('true'));
    await routing.configure(keys('false'));
    expect(demux()).toEqual(['0', '1']);
  });

  it('is restored by the next run of the agent to what the first one found, and not before that knows the keys', async () => {
    await routing.configure(keys('true'));
    expect(JSON.parse(readFileSync(path(), 'utf8'))).toEqual({ tcp: '1', udp: '1' });
    routing = start();
    await routing.settle();
    expect(demux()).toEqual(['0', '0']);
    await routing.configure(keys('false'));
    expect(demux()).toEqual(['1', '1']);
  });

  it('that somebody set meanwhile is not restored over', async () => {
    kernel.sysctls.set(TCP, '2');
    await routing.configure(keys('true'));
    kernel.sysctls.set(TCP, '1');
    await routing.configure(keys('false'));
    expect(kernel.sysctls.get(TCP)).toBe('1');
  });

  it('goes by the strict Pods of the node with auto', async () => {
    await routing.configure(keys('auto'));
    expect(demux()).toEqual(['1', '1']);
    records = [strictPod('a')];
    await routing.settle();
    expect(demux()).toEqual(['0', '0']);
    records = [];
    await routing.settle();
    expect(demux()).toEqual(['1', '1']);
  });

  it('keeps the last good key when the value cannot be used', async () => {
    await routing.configure(keys('true'));
    await routing.configure(keys('yes', 'false'));
    expect(demux()).toEqual(['0', '1']);
  });

  it('counts as off when the switch above both is off, and is left alone by a kernel without the switches', async () => {
    kernel.sysctls.set('net/ipv4/ip_early_demux', '0');
    expect(await routing.observe()).toMatchObject({ tcpEarlyDemux: false, udpEarlyDemux: false });
    kernel.sysctls.delete(TCP);
    await routing.configure(keys('true', 'false'));
    expect(await routing.observe()).not.toHaveProperty('tcpEarlyDemux');
    expect(kernel.sysctls.has(TCP)).toBe(false);
  });
});

describe('the limits that the kernel shows', () => {
  it.each([
    ['kube-ipvs0', { ipvs: true, nodeLocalDNS: false }],
    ['nodelocaldns', { ipvs: false, nodeLocalDNS: true }],
  ])('by the device %s', async (name, expected) => {
    kernel.plug({ name, mac: '02:00:00:00:00:09' });
    expect(await routing.observe()).toMatchObject(expected);
  });

  it('are told when they may have changed, and only then', async () => {
    let told = 0;
    routing.onChange(() => {
      told += 1;
    });
    await routing.settle();
    await routing.settle();
    expect(told).toBe(1);
    records = [strictPod('a')];
    await routing.settle();
    expect(told).toBe(2);
  });
});
