// Strict Pods through the CNI service, on a kernel that the test can make refuse: order, both drivers, crashes, refusals.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import { TrunklineError } from '../base/errors.ts';
import { add } from './add.ts';
import { del } from './commands.ts';
import { agentErrors } from './errors.ts';
import { createVlanDriver, type LinkDriver } from './link-driver.ts';
import { createLinkWatch } from './link-watch.ts';
import { createNodeRouting } from './node-routing.ts';
import { startUp } from './start-up.ts';
import { createFakeKernel, type FakeKernel } from './testing/fake-kernel.ts';
import { callOf, createServiceWorld, eniOf, podOf, type ServiceWorld } from './testing/service-world.ts';
import { createWiredStore } from './wired-store.ts';
import { hostVethName } from './wiring.ts';

const web = podOf('web');
const db = podOf('db');
const WEB = { mac: '20:90:6f:00:01:01', ip: '10.0.36.21', vlanId: 101 };
const DB = { mac: '20:90:6f:00:01:02', ip: '10.0.36.22', vlanId: 102 };
const VETH = hostVethName('c-web', 'eth0');
const never = new AbortController().signal;
const strict = { enforcingMode: 'strict' } as const;

let kernel: FakeKernel;
let world: ServiceWorld;

const begin = (driver: (kernel: FakeKernel) => LinkDriver, vlan = false): void => {
  world?.close();
  kernel = createFakeKernel({ vlan });
  kernel.plug({ name: 'eth1', mac: '20:90:6f:00:00:01' });
  world = createServiceWorld(kernel, driver(kernel));
  for (const [pod, facts] of [
    [web, WEB],
    [db, DB],
  ] as const) {
    world.addPod(pod);
    world.enis.put(eniOf(pod, facts, strict));
  }
};
const plugged = (own: FakeKernel): LinkDriver => ({
  name: 'veth',
  ensure: ({ vlanId, mac }) => {
    own.plug({ name: `eth1.${vlanId}`, mac });
    return Promise.resolve(`eth1.${vlanId}`);
  },
});
const tagged = (own: FakeKernel): LinkDriver =>
  createVlanDriver({
    kernel: own,
    watch: createLinkWatch({ kernel: own, clock: world.clock, logger: silentLogger }),
  });
const refuse = (what: RegExp): void =>
  kernel.intercept((line) => {
    if (what.test(line)) throw new TrunklineError(agentErrors.kernel, `refused: ${line}`);
  });

beforeEach(() => begin(plugged));
afterEach(() => world.close());

describe('a Pod with strict routing', () => {
  it.each([
    ['veth', plugged, false],
    ['vlan', tagged, true],
  ] as const)('is wired after the rule of local was moved, on a link of driver %s', async (_, driver, vlan) => {
    world.close();
    begin(driver, vlan);
    await add(world.deps, callOf('ADD', web, 'c-web'), never);
    const at = (line: string): number => kernel.lines.indexOf(line);
    expect(at('rule add pref 20 lookup local')).toBeGreaterThanOrEqual(0);
    expect(at('rule del pref 0 lookup local')).toBe(at('rule add pref 20 lookup local') + 1);
    expect(at(`rule add pref 10 from ${WEB.ip} iif ${VETH} lookup 20101`)).toBeGreaterThan(
      at('rule del pref 0 lookup local'),
    );
    expect([...kernel.rulesNow]).toEqual([
      'pref 10 iif eth1.101 lookup 20101',
      `pref 10 from ${WEB.ip} iif ${VETH} lookup 20101`,
      `pref 11 iif ${VETH} blackhole`,
    ]);
    expect([...kernel.localNow]).toEqual([20]);
    await del(world.deps, callOf('DEL', web, 'c-web'));
    expect([...kernel.rulesNow]).toEqual([]);
    expect([...kernel.localNow]).toEqual([0]);
  });

  it('leaves nothing of itself, and local where it was, when the kernel refuses it', async () => {
    refuse(new RegExp(`rule add pref 10 from .* iif ${VETH}`));
    await expect(add(world.deps, callOf('ADD', web, 'c-web'), never)).rejects.toThrow('refused');
    expect([...kernel.rulesNow]).toEqual([]);
    expect([...kernel.localNow]).toEqual([0]);
    expect(world.deps.store.list()).toEqual([]);
  });

  it('is not wired when local cannot be moved: it would not be enforced', async () => {
    refuse(/rule add pref 20/);
    await expect(add(world.deps, callOf('ADD', web, 'c-web'), never)).rejects.toThrow('pref 20');
    expect(kernel.lines.some((line) => line.startsWith('link add tke'))).toBe(false);
    expect(world.deps.store.list()).toEqual([]);
  });

  it('is unwired even when local cannot be moved back; the next one does that', async () => {
    await add(world.deps, callOf('ADD', web, 'c-web'), never);
    refuse(/pref 0 lookup local/);
    await del(world.deps, callOf('DEL', web, 'c-web'));
    expect(world.deps.store.list()).toEqual([]);
    expect([...kernel.localNow]).toEqual([20]);
    expect(await world.routing.observe()).toMatchObject({ strict: false, message: expect.stringContaining('20') });
    kernel.intercept(undefined);
    await add(world.deps, callOf('ADD', db, 'c-db'), never);
    await del(world.deps, callOf('DEL', db, 'c-db'));
    expect([...kernel.localNow]).toEqual([0]);
  });

  it('that comes while the last one goes finds local in its place', async () => {
    await add(world.deps, callOf('ADD', web, 'c-web'), never);
    await Promise.all([
      del(world.deps, callOf('DEL', web, 'c-web')),
      add(world.deps, callOf('ADD', db, 'c-db'), never),
    ]);
    expect([...kernel.localNow]).toEqual([20]);
  });

  it('keeps its routing over a restart, whatever is configured by then', async () => {
    await add(world.deps, callOf('ADD', web, 'c-web'), never);
    const before = [...kernel.rulesNow];
    world.enis.put(eniOf(web, WEB, { enforcingMode: 'standard' }));
    const store = createWiredStore({ directory: join(world.stateDir, 'wired'), logger: silentLogger });
    const path = join(world.stateDir, 'early-demux.json');
    const routing = createNodeRouting({ kernel, store, path, logger: silentLogger });
    const from = kernel.lines.length;
    await startUp({ ...world.deps, store, routing }, () => Promise.resolve());
    expect([...kernel.rulesNow]).toEqual(before);
    expect([...kernel.localNow]).toEqual([20]);
    expect(kernel.lines.slice(from).filter((line) => line.startsWith('rule'))).toEqual([]);
  });

  it('is taken back with local when a crash left it half-done', async () => {
    await add(world.deps, callOf('ADD', web, 'c-web'), never);
    const file = join(world.stateDir, 'wired', 'c-web.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"wired"', '"wiring"'));
    const store = createWiredStore({ directory: join(world.stateDir, 'wired'), logger: silentLogger });
    const path = join(world.stateDir, 'early-demux.json');
    const routing = createNodeRouting({ kernel, store, path, logger: silentLogger });
    await startUp({ ...world.deps, store, routing }, () => Promise.resolve());
    expect([...kernel.rulesNow]).toEqual([]);
    expect([...kernel.localNow]).toEqual([0]);
  });
});

describe('a record of a release without modes', () => {
  it('is one of standard routing', async () => {
    world.enis.put(eniOf(web, WEB, { enforcingMode: 'standard' }));
    await add(world.deps, callOf('ADD', web, 'c-web'), never);
    const file = join(world.stateDir, 'wired', 'c-web.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(',"mode":"standard"', ''));
    const store = createWiredStore({ directory: join(world.stateDir, 'wired'), logger: silentLogger });
    await store.load();
    expect(store.get('c-web')).toEqual(world.deps.store.get('c-web'));
  });
});
