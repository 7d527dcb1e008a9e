// Somebody sets the node's wall clock, by a day and either way: nothing is free earlier for it, and nothing is kept for ever.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import { apiFailure } from '../kube/testing/memory-objects.ts';
import { add } from './add.ts';
import { createAddressStore } from './address-store.ts';
import { del } from './commands.ts';
import { asCniError } from './errors.ts';
import { freeAddress } from './free-addresses.ts';
import { createKernelRepair, VANISHED_MS } from './kernel-repair.ts';
import { startUp } from './start-up.ts';
import { createFakeKernel, type FakeKernel } from './testing/fake-kernel.ts';
import { callOf, createServiceWorld, podOf, type ServiceWorld } from './testing/service-world.ts';
import { eniInfoOf, pluggedOf, poolOfIps, sharedEniOf } from './testing/shared-enis.ts';
import { hostVethName } from './wiring.ts';

const DAY_MS = 24 * 60 * 60_000;
const IP = '10.0.35.21';
const never = new AbortController().signal;
const web = podOf('web', { networks: null });
const db = podOf('db', { networks: null });
const JUMPS = [
  ['forward', DAY_MS],
  ['back', -DAY_MS],
] as const;

let kernel: FakeKernel;
let world: ServiceWorld;

beforeEach(() => {
  kernel = createFakeKernel();
  kernel.plug({ name: 'eth2', mac: eniInfoOf(2).mac });
  world = createServiceWorld(kernel, { name: 'veth', ensure: () => Promise.resolve('') });
  world.network.offerNow({ trunk: undefined, enis: [pluggedOf(2)], message: '' });
  world.enis.put(sharedEniOf(2, poolOfIps(IP)));
  for (const pod of [web, db]) world.addPod(pod);
});
afterEach(() => world.close());

/** The wall clock alone; timers and the monotonic clock know nothing of it. */
const jump = (byMs: number): void => {
  const { clock } = world;
  const now = clock.now.bind(clock);
  Object.assign(clock, { now: () => new Date(now().getTime() + byMs) });
};
const wire = (pod: typeof web, deps = world.deps): Promise<unknown> =>
  add(deps, callOf('ADD', pod, `c-${pod.metadata.name}`), never).then(
    ({ ips }) => ips[0]?.address,
    (error: unknown) => asCniError(error).code,
  );
const gone = {
  get: () => Promise.reject(apiFailure(404, 'NotFound')),
  list: () => Promise.reject(new Error('unused')),
};
/** Once it is known; undefined while it is not. */
const watched = <T>(promise: Promise<T>): (() => T | undefined) => {
  let value: T | undefined;
  void promise.then((result) => {
    value = result;
  });
  return () => value;
};

describe.each(JUMPS)('a wall clock that jumps %s by a day', (_, byMs) => {
  it('neither ends nor prolongs the rest of an address that was freed', async () => {
    expect(await wire(web)).toBe(`${IP}/32`);
    await del(world.deps, callOf('DEL', web, 'c-web'));
    world.pods.remove('ns/web');
    await freeAddress({ ...world.deps, client: gone }, 'uid-web', never);
    jump(byMs);
    const answer = watched(wire(db));
    await world.clock.advance(world.deps.addressRestMs - 1);
    expect(answer()).toBeUndefined();
    await world.clock.advance(1);
    await world.clock.settle();
    expect(answer()).toBe(`${IP}/32`);
  });

  it('neither ends nor prolongs the time that an ADD waits', async () => {
    world.enis.put(sharedEniOf(2, poolOfIps()));
    const answer = watched(wire(web));
    await world.clock.settle();
    jump(byMs);
    await world.clock.advance(world.deps.addTimeoutMs - 1);
    expect(answer()).toBeUndefined();
    await world.clock.advance(1);
    await world.clock.settle();
    expect(answer()).toBe(11);
  });

  it('neither shortens nor prolongs the time that a Pod which vanished has for its DEL', async () => {
    await wire(web);
    world.pods.remove('ns/web');
    const repair = createKernelRepair({ ...world.deps, client: gone });
    await repair.round(never);
    jump(byMs);
    await world.clock.advance(VANISHED_MS - 1);
    await repair.round(never);
    expect(world.deps.store.get('c-web')?.phase).toBe('wired');
    await world.clock.advance(1);
    await repair.round(never);
    expect(world.deps.store.get('c-web')).toBeUndefined();
  });

  it('does not keep the kernel from being looked at every minute', async () => {
    await wire(web);
    const stop = new AbortController();
    const running = createKernelRepair({ ...world.deps, client: gone }).controller.run(stop.signal);
    await world.clock.settle();
    jump(byMs);
    const rule = `pref 1536 from ${IP} lookup 10002`;
    await kernel.ipBatch([`rule del ${rule}`]);
    await world.clock.advance(60_000);
    while (!kernel.rulesNow.has(rule)) await world.clock.settle();
    stop.abort();
    await running;
    expect(kernel.deviceNames).toContain(hostVethName('c-web', 'eth0'));
  });
});

describe('a wall clock that was set back while the agent was away', () => {
  it('lets an address rest from the start of the agent, not a day and not at all', async () => {
    const path = join(world.stateDir, 'addresses.json');
    mkdirSync(dirname(path), { recursive: true });
    const book = { allocations: {}, enis: {}, freedAt: { [IP]: world.clock.now().getTime() + DAY_MS } };
    writeFileSync(path, JSON.stringify({ book, pods: {} }));
    const deps = { ...world.deps, addresses: createAddressStore({ path, logger: silentLogger }) };
    await startUp(deps, () => Promise.resolve());
    const answer = watched(wire(web, deps));
    await world.clock.advance(deps.addressRestMs - 1);
    expect(answer()).toBeUndefined();
    await world.clock.advance(1);
    await world.clock.settle();
    expect(answer()).toBe(`${IP}/32`);
  });
});
