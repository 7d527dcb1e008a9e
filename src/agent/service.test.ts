// The CNI service on a kernel and a clock that the test moves: waiting, repeating, ordering, refusing.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import type { CniCall } from '../cni/call.ts';
import { type CniService, createCniService } from './service.ts';
import { asCniError } from './errors.ts';
import { createVethDriver } from './link-driver.ts';
import { createLinkWatch } from './link-watch.ts';
import { createFakeKernel, type FakeKernel } from './testing/fake-kernel.ts';
import { callOf, createServiceWorld, eniOf, podOf, type ServiceWorld } from './testing/service-world.ts';
import { createTombstones } from './tombstones.ts';
import { hostVethName } from './wiring.ts';

const web = podOf('web');
const db = podOf('db');
const WEB = { mac: '20:90:6f:00:01:01', ip: '10.0.36.21', vlanId: 101 };
const DB = { mac: '20:90:6f:00:01:02', ip: '10.0.36.22', vlanId: 102 };
const never = new AbortController().signal;

let kernel: FakeKernel;
let world: ServiceWorld;
let service: CniService;

const start = (options: { readonly ready?: boolean } = {}): void => {
  kernel = createFakeKernel();
  // The clock of the watch is the world's, which does not exist yet; the fake kernel's plugs wake it anyway.
  const clock = {
    now: () => new Date(0),
    monotonicMs: () => 0,
    sleep: () => Promise.resolve(),
    after: () => () => undefined,
  };
  const watch = createLinkWatch({ kernel, clock, logger: silentLogger });
  world = createServiceWorld(kernel, createVethDriver({ kernel, watch }), options);
  service = createCniService(
    world.deps,
    createTombstones({ directory: join(world.stateDir, 'tombstones'), logger: silentLogger }),
  );
  kernel.plug({ name: 'sub101x1', mac: WEB.mac });
  kernel.plug({ name: 'sub102x1', mac: DB.mac });
};

/** What the runtime is told: the result, or the error's code and message. */
const ask = async (call: CniCall, signal = never): Promise<unknown> => {
  try {
    return await service.handle(call, signal);
  } catch (error) {
    const { code, message } = asCniError(error);
    return { code, message };
  }
};
/** Lets file writes, which no clock governs, come to their end. */
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise<void>((resolve) => setImmediate(resolve));
};
const waits = async (answer: Promise<unknown>): Promise<boolean> => {
  const pending = Symbol('pending');
  await world.clock.settle();
  return (await Promise.race([answer, Promise.resolve(pending)])) === pending;
};
const ready = (): void => {
  world.addPod(web);
  world.enis.put(eniOf(web, WEB));
};

beforeEach(() => start());
afterEach(() => world.close());

describe('ADD', () => {
  it('waits on the watch, and answers when the sub-ENI is ready', async () => {
    world.addPod(web);
    const answer = ask(callOf('ADD', web, 'c1'));
    world.enis.put(eniOf(web, undefined));
    await until(() => world.clock.pendingTimers > 0);
    expect(await waits(answer)).toBe(true);
    world.enis.put(eniOf(web, WEB));
    expect(await answer).toMatchObject({
      cniVersion: '1.0.0',
      ips: [{ address: '10.0.36.21/32', gateway: '169.254.1.1', interface: 1 }],
    });
    expect(kernel.deviceNames).toContain('eth1.101');
    expect(kernel.rulesNow).toContain('pref 10 iif eth1.101 lookup 20101');
    expect(world.changes).toEqual(['uid-web']);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it.each([
    ['there is no VpcENI', undefined, 'no VpcENI sub-uid-web yet'],
    ['the cloud refuses', 'SubENI quota exceeded', 'VpcENI sub-uid-web is Creating: SubENI quota exceeded'],
  ])('says after 45 s that %s, with code 11', async (_, condition, reason) => {
    world.addPod(web);
    const answer = ask(callOf('ADD', web, 'c1'));
    if (condition !== undefined) {
      const eni = eniOf(web, undefined);
      const conditions = [
        {
          type: 'Ready',
          status: 'False' as const,
          reason: 'X',
          message: condition,
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ];
      world.enis.put({ ...eni, status: { ...eni.status, conditions } });
    }
    await until(() => world.clock.pendingTimers > 0);
    await world.clock.advance(44_999);
    expect(await waits(answer)).toBe(true);
    await world.clock.advance(1);
    expect(await answer).toEqual({ code: 11, message: `Pod ns/web: no network within 45 s: ${reason}` });
    expect(kernel.lines).toEqual([]);
  });

  it('waits for the node, and says what it lacks', async () => {
    world.close();
    start({ ready: false });
    ready();
    world.network.offerNow({ trunk: undefined, enis: [], message: 'the trunk ENI is not plugged' });
    const answer = ask(callOf('ADD', web, 'c1'));
    await until(() => world.clock.pendingTimers > 0);
    await world.clock.advance(45_000);
    expect(await answer).toMatchObject({ code: 11, message: expect.stringContaining('the trunk ENI is not plugged') });
  });

  it('gives the same answer to the same container and wires once', async () => {
    ready();
    const first = await ask(callOf('ADD', web, 'c1'));
    const lines = kernel.lines.length;
    expect(await ask(callOf('ADD', web, 'c1'))).toEqual(first);
    expect(kernel.lines.length).toBe(lines);
  });

  it('moves the Pod to a new sandbox, and a late DEL of the old one touches nothing', async () => {
    ready();
    await ask(callOf('ADD', web, 'c1'));
    await ask(callOf('ADD', web, 'c2'));
    expect(kernel.deviceNames).not.toContain(hostVethName('c1', 'eth0'));
    const lines = kernel.lines.length;
    expect(await ask(callOf('DEL', web, 'c1'))).toBeUndefined();
    expect(kernel.lines.length).toBe(lines);
    expect(kernel.deviceNames).toContain(hostVethName('c2', 'eth0'));
    expect(kernel.rulesNow.size).toBe(3);
  });

  it('reads a Pod that the watch has not told yet from the server', async () => {
    ready();
    world.pods.remove('ns/web');
    expect(await ask(callOf('ADD', web, 'c1'))).toMatchObject({ ips: [{ address: '10.0.36.21/32' }] });
  });

  it('ends at once when the Pod goes away meanwhile', async () => {
    world.addPod(web);
    const answer = ask(callOf('ADD', web, 'c1'));
    await until(() => world.clock.pendingTimers > 0);
    await world.clock.settle();
    world.pods.remove('ns/web');
    expect(await answer).toMatchObject({
      code: 100,
      message: expect.stringContaining('deleted while its network was made'),
    });
  });

  it('ends at once when the Pod is evicted meanwhile', async () => {
    world.addPod(web);
    const answer = ask(callOf('ADD', web, 'c1'));
    await until(() => world.clock.pendingTimers > 0);
    await world.clock.settle();
    world.addPod(podOf('web', { phase: 'Failed' }));
    expect(await answer).toMatchObject({ code: 100, message: expect.stringContaining('became Failed') });
  });

  it('ends at once when the runtime hangs up', async () => {
    world.addPod(web);
    const hangUp = new AbortController();
    const answer = ask(callOf('ADD', web, 'c1'), hangUp.signal);
    await until(() => world.clock.pendingTimers > 0);
    hangUp.abort(new Error('hung up'));
    expect(await answer).toMatchObject({ message: 'hung up' });
  });

  it.each([
    [
      'a Pod with another network',
      podOf('web', { networks: 'tke-direct-eni' }),
      {},
      'asks for network tke-direct-eni: exclusive ENIs have no data path in this version; use tke-route-eni',
    ],
    [
      'a Pod with a network that nobody knows',
      podOf('web', { networks: 'tke-other' }),
      {},
      'asks for network tke-other',
    ],
    ['an ended Pod', podOf('web', { phase: 'Failed' }), {}, 'its phase is Failed'],
    ['another Pod of the name', podOf('web', { uid: 'uid-new' }), {}, 'is another one (uid uid-new)'],
  ])('refuses %s by name', async (_, pod, spec, message) => {
    world.addPod(pod);
    world.enis.put(eniOf(web, WEB, spec));
    expect(await ask(callOf('ADD', web, 'c1'))).toMatchObject({ code: 100, message: expect.stringContaining(message) });
    expect(kernel.lines).toEqual([]);
  });

  it('never wires a UID that was told torn down, by memory or by record', async () => {
    ready();
    world.tornDown.add('uid-web');
    expect(await ask(callOf('ADD', web, 'c1'))).toMatchObject({ code: 100 });
    world.tornDown.clear();
    const eni = eniOf(web, WEB);
    world.enis.put({
      ...eni,
      status: { ...eni.status, agent: { state: 'TornDown', podUID: 'uid-web', observedAt: '2026-01-01T00:00:00Z' } },
    });
    expect(await ask(callOf('ADD', web, 'c1'))).toMatchObject({ code: 100 });
    expect(kernel.lines).toEqual([]);
  });

  it('clears what is in the way and tries once more', async () => {
    ready();
    await kernel.ipBatch(['rule add pref 512 to 10.0.36.21 lookup main']);
    expect(await ask(callOf('ADD', web, 'c1'))).toMatchObject({ ips: [{ address: '10.0.36.21/32' }] });
    expect(kernel.rulesNow.size).toBe(3);
  });

  it('leaves nothing behind when the kernel refuses', async () => {
    ready();
    kernel.intercept((line) => {
      if (line.startsWith('neighbour')) throw new Error(`${line}: refused`);
    });
    expect(await ask(callOf('ADD', web, 'c1'))).toMatchObject({ message: expect.stringContaining('refused') });
    expect(kernel.rulesNow.size).toBe(0);
    expect(kernel.deviceNames).not.toContain(hostVethName('c1', 'eth0'));
    expect(readdirSync(join(world.stateDir, 'wired'))).toEqual([]);
  });

  it('does recorded deletions first', async () => {
    ready();
    await ask(callOf('ADD', web, 'c1'));
    world.addPod(db);
    world.enis.put(eniOf(db, DB));
    const directory = join(world.stateDir, 'tombstones');
    mkdirSync(directory);
    writeFileSync(join(directory, 'c1'), `X-CNI-Command: DEL\r\nX-CNI-ContainerID: c1\r\nX-CNI-IfName: eth0\r\n\r\n{}`);
    await ask(callOf('ADD', db, 'c2'));
    const at = (line: string): number => kernel.lines.indexOf(line);
    expect(at('rule del pref 1536 from 10.0.36.21 lookup 20101')).toBeGreaterThan(-1);
    expect(at('rule del pref 1536 from 10.0.36.21 lookup 20101')).toBeLessThan(at('link set eth1.102 up'));
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe('calls for one Pod', () => {
  it('run one after the other: DEL waits for the ADD of the same Pod', async () => {
    ready();
    const held = Promise.withResolvers<void>();
    kernel.delay(() => held.promise);
    const added = ask(callOf('ADD', web, 'c1'));
    await until(() => world.clock.pendingTimers > 0);
    const deleted = ask(callOf('DEL', web, 'c1'));
    expect(await waits(deleted)).toBe(true);
    held.resolve();
    await Promise.all([added, deleted]);
    expect(kernel.rulesNow.size).toBe(0);
  });

  it('do not hold up another Pod', async () => {
    world.addPod(web);
    const waiting = ask(callOf('ADD', web, 'c1'));
    world.addPod(db);
    world.enis.put(eniOf(db, DB));
    expect(await ask(callOf('ADD', db, 'c2'))).toMatchObject({ ips: [{ address: '10.0.36.22/32' }] });
    expect(await waits(waiting)).toBe(true);
    await world.clock.advance(45_000);
    await waiting;
  });
});

describe('DEL', () => {
  it('takes everything back, leaves the platform its device, and succeeds again', async () => {
    ready();
    await ask(callOf('ADD', web, 'c1'));
    for (const _ of [1, 2]) expect(await ask(callOf('DEL', web, 'c1'))).toBeUndefined();
    expect(kernel.rulesNow.size).toBe(0);
    expect(kernel.deviceNames).toEqual(expect.arrayContaining(['eth1.101']));
    expect(kernel.deviceNames).not.toContain(hostVethName('c1', 'eth0'));
    expect(kernel.lines.at(-1)).toBe('link set eth1.101 down');
  });
});

describe('GC', () => {
  it('unwires what the runtime does not list, and needs the list', async () => {
    ready();
    await ask(callOf('ADD', web, 'c1'));
    const gc = (more: object): CniCall => ({
      ...callOf('GC', web, ''),
      stdin: JSON.stringify({ cniVersion: '1.1.0', name: 'tke-eni', type: 'tke-route-eni', ...more }),
    });
    expect(await ask(gc({}))).toMatchObject({ code: 7 });
    await ask(gc({ 'cni.dev/valid-attachments': [{ containerID: 'c1', ifname: 'eth0' }] }));
    expect(kernel.rulesNow.size).toBe(3);
    await ask(gc({ 'cni.dev/valid-attachments': [] }));
    expect(kernel.rulesNow.size).toBe(0);
  });
});

describe('STATUS', () => {
  it('is error 50 with the reason until the node is ready', async () => {
    world.network.offerNow({ trunk: undefined, enis: [], message: 'no trunk' });
    expect(await ask(callOf('STATUS', web, ''))).toMatchObject({
      code: 50,
      message: expect.stringContaining('no trunk'),
    });
    const { deps } = world;
    const driver = createVethDriver({ kernel, watch: createLinkWatch(deps) });
    world.network.offerNow({ trunk: { device: 'eth1', driver }, enis: [], message: '' });
    expect(await ask(callOf('STATUS', web, ''))).toBeUndefined();
  });
});
