// ADD and DEL of Pods that share addresses, on a kernel and a clock that the test moves: what is taken, what is waited for, what is refused.
import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import type { CniCall } from '../cni/call.ts';
import { freed } from './address-book.ts';
import { createAddressStore } from './address-store.ts';
import { createWiredStore } from './wired-store.ts';
import { asCniError } from './errors.ts';
import { type CniService, createCniService } from './service.ts';
import { createFakeKernel, type FakeKernel } from './testing/fake-kernel.ts';
import { callOf, createServiceWorld, NODE, podOf, type ServiceWorld } from './testing/service-world.ts';
import { necWithCondition, necWithQuota, pluggedOf, poolOfIps, sharedEniOf } from './testing/shared-enis.ts';
import { createTombstones } from './tombstones.ts';

const web = podOf('web', { networks: null });
const db = podOf('db', { networks: 'tke-route-eni' });
const never = new AbortController().signal;

let kernel: FakeKernel;
let world: ServiceWorld;
let service: CniService;

beforeEach(() => {
  kernel = createFakeKernel();
  kernel.plug({ name: 'eth1', mac: '20:90:6f:00:00:01' });
  kernel.plug({ name: 'eth2', mac: '20:90:6f:00:00:02' });
  world = createServiceWorld(kernel, { name: 'veth', ensure: () => Promise.reject(new Error('no sub-ENI here')) });
  world.network.offerNow({ trunk: undefined, enis: [pluggedOf(1), pluggedOf(2)], message: 'no trunk' });
  service = createCniService(
    world.deps,
    createTombstones({ directory: join(world.stateDir, 'tombstones'), logger: silentLogger }),
  );
  for (const pod of [web, db]) world.addPod(pod);
});
afterEach(() => world.close());

/** What the runtime is told: the address, or the error's code and message. */
const ask = async (call: CniCall, signal = never): Promise<unknown> => {
  try {
    const result = await service.handle(call, signal);
    return (result as { ips: { address: string }[] } | undefined)?.ips[0]?.address;
  } catch (error) {
    const { code, message } = asCniError(error);
    return { code, message };
  }
};
const add = (pod: typeof web, containerId: string): Promise<unknown> => ask(callOf('ADD', pod, containerId));
const del = (pod: typeof web, containerId: string): Promise<unknown> => ask(callOf('DEL', pod, containerId));
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise<void>((resolve) => setImmediate(resolve));
};
/** ADD that ends by its time-out: its error. */
const timeOut = async (pod: typeof web): Promise<unknown> => {
  const answer = add(pod, `late-${pod.metadata.name}`);
  await until(() => world.clock.pendingTimers > 0);
  await world.clock.advance(45_000);
  return answer;
};
const free = (pod: typeof web): void =>
  world.deps.addresses.change((book) => freed(book, pod.metadata.uid ?? '', world.clock.now().getTime()));

describe('ADD of a Pod with a shared address', () => {
  it('wires a free address of the pool through the table of its ENI', async () => {
    world.enis.put(sharedEniOf(2, poolOfIps('10.0.35.21')));
    expect(await add(web, 'c1')).toBe('10.0.35.21/32');
    expect([...kernel.rulesNow]).toEqual([
      'pref 512 to 10.0.35.21 lookup main',
      'pref 1536 from 10.0.35.21 lookup 10002',
    ]);
    expect(world.deps.store.get('c1')).toMatchObject({ wiring: { kind: 'shared', index: 2, link: 'eth2' } });
    expect(world.deps.store.get('c1')).not.toHaveProperty('linkDriver');
  });

  it('takes one of the trunk as well', async () => {
    world.enis.put(sharedEniOf(1, poolOfIps('10.0.35.21'), { type: 'Trunk' }));
    expect(await add(web, 'c1')).toBe('10.0.35.21/32');
  });

  it('has the address on disk before the kernel is touched, so that the next run of the agent knows whose it is', async () => {
    world.enis.put(sharedEniOf(2, poolOfIps('10.0.35.21')));
    const next = createAddressStore({ path: join(world.stateDir, 'addresses.json'), logger: silentLogger });
    let known: Promise<void> | undefined;
    kernel.intercept((line) => {
      if (!line.startsWith('link add')) return;
      // As a power cut would leave it: the agent goes on meanwhile.
      const directory = join(world.stateDir, 'as-it-was');
      cpSync(join(world.stateDir, 'wired'), directory, { recursive: true });
      const wired = createWiredStore({ directory, logger: silentLogger });
      known ??= wired.load().then(() => next.load(wired.list()));
    });
    await add(web, 'c1');
    await known;
    expect(next.book.allocations).toEqual({ '10.0.35.21': { eni: 'uid-shared-2', podUID: 'uid-web' } });
    expect(next.nameOf('uid-web')).toEqual({ namespace: 'ns', name: 'web' });
  });

  it('gives the next sandbox of the Pod the same address, also after DEL and after a restart', async () => {
    world.enis.put(sharedEniOf(2, poolOfIps('10.0.35.21', '10.0.35.22', '10.0.35.23')));
    const first = await add(web, 'c1');
    expect(await add(web, 'c2')).toBe(first);
    await del(web, 'c2');
    expect(kernel.rulesNow.size).toBe(0);
    const addresses = createAddressStore({ path: join(world.stateDir, 'addresses.json'), logger: silentLogger });
    await addresses.load([]);
    service = createCniService({ ...world.deps, addresses }, { process: () => Promise.resolve() } as never);
    expect(await add(db, 'c3')).not.toBe(first);
    expect(await add(web, 'c4')).toBe(first);
  });

  it('gives thirty Pods that come at once thirty addresses', async () => {
    const ips = Array.from({ length: 15 }, (_, at) => at + 21);
    world.enis.put(sharedEniOf(1, poolOfIps(...ips.map((at) => `10.0.35.${at}`))));
    world.enis.put(sharedEniOf(2, poolOfIps(...ips.map((at) => `10.0.35.${at + 100}`))));
    const pods = Array.from({ length: 30 }, (_, at) => podOf(`burst-${at}`, { networks: null }));
    for (const pod of pods) world.addPod(pod);
    const answers = await Promise.all(pods.map((pod) => add(pod, `c-${pod.metadata.name}`)));
    expect(new Set(answers).size).toBe(30);
    expect(answers.every((answer) => typeof answer === 'string')).toBe(true);
  });

  it('waits for the pool to grow, and says meanwhile how full it is and what it works towards', async () => {
    world.configs.put(necWithQuota(27, '1 Pod needs an address; 6 are being bound'));
    world.enis.put(sharedEniOf(2, poolOfIps('10.0.35.21')));
    await add(db, 'c1');
    const answer = add(web, 'c2');
    await until(() => world.clock.pendingTimers > 0);
    world.enis.put(
      sharedEniOf(2, {
        generation: 2,
        addresses: [...poolOfIps('10.0.35.21').addresses, { ip: '10.0.35.22', since: 2 }],
      }),
    );
    expect(await answer).toBe('10.0.35.22/32');
    const late = podOf('late', { networks: null });
    world.addPod(late);
    expect(await timeOut(late)).toEqual({
      code: 11,
      message: `Pod ns/late: no network within 45 s: no shared address is free on node ${NODE}: 2 of 2 in use; 1 Pod needs an address; 6 are being bound`,
    });
  });

  it('leaves a freed address alone for 30 s, and gives it to who waits then', async () => {
    world.enis.put(sharedEniOf(2, poolOfIps('10.0.35.21')));
    await add(web, 'c1');
    await del(web, 'c1');
    free(web);
    const answer = add(db, 'c2');
    await until(() => world.clock.pendingTimers > 1);
    await world.clock.advance(29_999);
    expect(world.deps.store.ofPod('uid-db')).toEqual([]);
    await world.clock.advance(1);
    expect(await answer).toBe('10.0.35.21/32');
  });

  it('is woken when a Pod gives its address up', async () => {
    world.enis.put(sharedEniOf(2, poolOfIps('10.0.35.21')));
    await add(web, 'c1');
    const answer = add(db, 'c2');
    await until(() => world.clock.pendingTimers > 0);
    await del(web, 'c1');
    free(web);
    await world.clock.advance(30_000);
    expect(await answer).toBe('10.0.35.21/32');
  });

  it('serves those first who came first', async () => {
    world.enis.put(sharedEniOf(2, poolOfIps()));
    const first = add(db, 'c1');
    await until(() => world.clock.pendingTimers > 0);
    const second = add(web, 'c2');
    await until(() => world.clock.pendingTimers > 1);
    world.enis.put(sharedEniOf(2, poolOfIps('10.0.35.21')));
    expect(await first).toBe('10.0.35.21/32');
    await world.clock.advance(45_000);
    expect(await second).toMatchObject({ code: 11 });
  });

  it('does not hand out what it gave back, until ipamd lists it as new', async () => {
    world.enis.put(sharedEniOf(2, poolOfIps('10.0.35.21')));
    world.deps.addresses.change((book) => ({
      ...book,
      enis: { 'uid-shared-2': { generation: 1, released: [{ ip: '10.0.35.21', generation: 2 }] } },
    }));
    const answer = add(web, 'c1');
    await until(() => world.clock.pendingTimers > 0);
    expect(world.deps.store.ofPod('uid-web')).toEqual([]);
    world.enis.put(sharedEniOf(2, { generation: 3, addresses: [{ ip: '10.0.35.21', since: 3 }] }));
    expect(await answer).toBe('10.0.35.21/32');
  });

  it('gives the Pod another address when ipamd lists its own no more', async () => {
    world.enis.put(sharedEniOf(2, poolOfIps('10.0.35.21')));
    await add(web, 'c1');
    world.enis.put(sharedEniOf(2, { generation: 2, addresses: [{ ip: '10.0.35.22', since: 2 }] }));
    let wiredThen: unknown;
    world.deps.addresses.onFreed(() => {
      wiredThen = [...kernel.rulesNow];
    });
    expect(await add(web, 'c2')).toBe('10.0.35.22/32');
    expect(wiredThen).toEqual([]);
    expect(kernel.rulesNow.size).toBe(2);
  });

  it('keeps the address of the Pod while it sees an older pool than the one that it answered', async () => {
    world.enis.put(sharedEniOf(2, poolOfIps('10.0.35.21')));
    await add(web, 'c1');
    world.deps.addresses.change((book) => ({ ...book, enis: { 'uid-shared-2': { generation: 7, released: [] } } }));
    world.enis.put(sharedEniOf(2, { generation: 6, addresses: [{ ip: '10.0.35.22', since: 2 }] }));
    expect(await add(web, 'c2')).toBe('10.0.35.21/32');
  });

  it.skipIf(process.getuid?.() !== 0)(
    'is refused whole while the disk is full; DEL goes on, and so does ADD once there is room',
    async () => {
      world.enis.put(sharedEniOf(2, poolOfIps('10.0.35.21', '10.0.35.22')));
      await add(db, 'c0');
      // A disk of two pages: a record, and the one that takes its place.
      const small = (script: string): void => void execFileSync('sh', ['-ec', script], { cwd: world.stateDir });
      small('mount -t tmpfs -o size=8k none wired; head -c 8192 /dev/zero >wired/full');
      try {
        const before = [...kernel.rulesNow];
        expect(await add(web, 'c1')).toMatchObject({ code: 5, message: expect.stringContaining('ENOSPC') });
        expect([...kernel.rulesNow]).toEqual(before);
        expect(world.deps.store.get('c1')).toBeUndefined();
        expect(await del(db, 'c0')).toBeUndefined();
        expect(kernel.rulesNow.size).toBe(0);
        small('rm wired/full');
        expect(await add(web, 'c1')).toMatch(/^10\.0\.35\.2[12]\/32$/);
      } finally {
        small('umount wired');
      }
    },
  );

  it('tells whoever frees addresses when the Pod went away at the moment at which it got one', async () => {
    world.enis.put(sharedEniOf(2, poolOfIps('10.0.35.21')));
    world.deps.addresses.onChange(() => world.pods.remove('ns/web'));
    expect(await add(web, 'c1')).toMatchObject({ code: 100, message: expect.stringContaining('deleted while') });
    expect(world.changes).toEqual(['uid-web']);
    expect(kernel.lines).toEqual([]);
  });

  it('is served while the API is away, from what the watch told before', async () => {
    world.enis.put(sharedEniOf(2, poolOfIps('10.0.35.21')));
    world.deps.client.get = () => Promise.reject(new Error('the API is away'));
    expect(await add(web, 'c1')).toBe('10.0.35.21/32');
    expect(await del(web, 'c1')).toBeUndefined();
    expect(world.deps.addresses.book.allocations).toHaveProperty(['10.0.35.21']);
  });

  it.each([
    [
      'the model has no ENI to share',
      necWithQuota(0, '', 'model S5.SMALL1 has one ENI'),
      'model S5.SMALL1 has one ENI',
    ],
  ])('refuses by name where %s', async (_, config, why) => {
    world.configs.put(config);
    world.enis.put(sharedEniOf(2, poolOfIps('10.0.35.21')));
    expect(await add(web, 'c1')).toEqual({
      code: 100,
      message: `Pod ns/web asks for a shared address, and node ${NODE} has none to give: ${why}`,
    });
  });

  it('says what is in the way of binding more', async () => {
    world.configs.put(necWithCondition('SubnetDry', 'subnet-12345678 has no free address'));
    world.enis.put(sharedEniOf(2, poolOfIps()));
    expect(await timeOut(web)).toMatchObject({
      code: 11,
      message: expect.stringContaining('ipamd has listed none yet; subnet-12345678 has no free address'),
    });
  });
});

describe('a pool that makes no sense', () => {
  it.each([
    ['an address outside the subnet', '10.9.0.1', 'it is not in the subnet 10.0.35.0/24 of ENI eni-node0002'],
    ['a word', 'none', 'it is not an IPv4 address'],
    ['the gateway', '10.0.35.1', 'it is the gateway of ENI eni-node0002'],
  ])('%s is not handed out, and named', async (_, ip, why) => {
    world.enis.put(sharedEniOf(2, poolOfIps(ip)));
    expect(await timeOut(web)).toMatchObject({
      code: 11,
      message: expect.stringContaining(`address "${ip}" of VpcENI shared-${NODE}-2 is not used: ${why}`),
    });
    expect(kernel.lines).toEqual([]);
  });

  it('an address on two ENIs is not handed out, and named', async () => {
    world.enis.put(sharedEniOf(1, poolOfIps('10.0.35.21')));
    world.enis.put(sharedEniOf(2, poolOfIps('10.0.35.21', '10.0.35.22')));
    expect(await add(web, 'c1')).toBe('10.0.35.22/32');
    expect(await timeOut(db)).toMatchObject({
      message: expect.stringContaining(
        `address 10.0.35.21 is not used: VpcENIs shared-${NODE}-1 and shared-${NODE}-2 both list it`,
      ),
    });
  });

  it('an address that an ENI without a device has too is not handed out', async () => {
    world.enis.put(sharedEniOf(2, poolOfIps('10.0.35.21')));
    world.enis.put(sharedEniOf(3, poolOfIps('10.0.35.21')));
    expect(await timeOut(web)).toMatchObject({ message: expect.stringContaining('no shared address is free') });
  });

  it('an ENI whose MAC is another one in the NodeENIConfig is not used', async () => {
    world.enis.put(sharedEniOf(2, poolOfIps('10.0.35.21'), { mac: '20:90:6f:00:00:99' }));
    expect(await timeOut(web)).toMatchObject({ message: expect.stringContaining('its MAC is 20:90:6f:00:00:99') });
  });
});
