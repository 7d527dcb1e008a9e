// VpcENI.status.use: what is told, when, and that nothing is given back before the disk knows.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VpcEni } from '../api/vpc-eni.ts';
import { silentLogger } from '../base/logger.ts';
import { apiFailure } from '../kube/testing/memory-objects.ts';
import type { KubeClient } from '../kube/types.ts';
import type { AddressPool, AddressUse } from '../planning/address-pool.ts';
import { allocate, pick } from './address-book.ts';
import { createAddressControllers } from './address-controllers.ts';
import { reportUse } from './report-use.ts';
import { createFakeKernel } from './testing/fake-kernel.ts';
import { createServiceWorld, NODE, podOf, type ServiceWorld } from './testing/service-world.ts';
import { pluggedOf, poolOfIps, sharedEniOf } from './testing/shared-enis.ts';
import { sharedWiringOf } from './testing/wirings.ts';

const NAME = `shared-${NODE}-2`;
const UID = 'uid-shared-2';
const never = new AbortController().signal;

let world: ServiceWorld;
let written: { name: string; by: string | undefined; uid: string; use: AddressUse }[];
let onWrite: () => void;

const client: Pick<KubeClient, 'get' | 'list' | 'patch'> = {
  get: () => Promise.reject(apiFailure(404, 'NotFound')),
  list: () => Promise.resolve({ items: [], resourceVersion: '1' }),
  patch: (_resource, name, patch, options) => {
    onWrite();
    const { metadata, status } = patch.body as { metadata: { uid: string }; status: { use: AddressUse } };
    expect(Object.keys(status)).toEqual(['use']);
    written.push({ name, by: options?.fieldManager, uid: metadata.uid, use: status.use });
    return Promise.resolve(patch.body as never);
  },
};

beforeEach(() => {
  world = createServiceWorld(createFakeKernel(), { name: 'veth', ensure: () => Promise.resolve('') });
  written = [];
  onWrite = () => undefined;
});
afterEach(() => world.close());

const report = (name = NAME): Promise<void> => reportUse({ ...world.deps, client }, name, never);
const put = (pool: AddressPool, use?: AddressUse): void =>
  world.enis.put(sharedEniOf(2, pool, use === undefined ? {} : { use }));
const take = (ip: string, uid: string): void => world.deps.addresses.change((book) => allocate(book, UID, ip, uid));
const asked = (generation: number, ...ips: readonly string[]): AddressPool => ({
  ...poolOfIps('10.0.35.21', '10.0.35.22'),
  generation,
  release: { generation, addresses: [...ips] },
});
const observedAt = '2026-01-01T00:00:00Z';

describe('the report of use', () => {
  it('names the Pods by address, in the name of the agent and for this very object, once', async () => {
    take('10.0.35.21', 'uid-web');
    put(poolOfIps('10.0.35.21', '10.0.35.22'));
    await report();
    const use = {
      generation: 1,
      inUse: [{ ip: '10.0.35.21', podUID: 'uid-web' }],
      released: [],
      refused: [],
      observedAt,
    };
    expect(written).toEqual([{ name: NAME, by: 'tke-eni-agent', uid: UID, use }]);
    put(poolOfIps('10.0.35.21', '10.0.35.22'), use);
    await report();
    expect(written).toHaveLength(1);
  });

  it('refuses what is in use, and gives back what is not', async () => {
    take('10.0.35.21', 'uid-web');
    put(asked(2, '10.0.35.21', '10.0.35.22'));
    await report();
    expect(written[0]?.use).toMatchObject({
      generation: 2,
      refused: ['10.0.35.21'],
      released: [{ ip: '10.0.35.22', generation: 2 }],
    });
  });

  it('has what it gives back on disk before it says so', async () => {
    put(asked(2, '10.0.35.22'));
    let onDisk: unknown;
    onWrite = () => {
      onDisk = JSON.parse(readFileSync(join(world.stateDir, 'addresses.json'), 'utf8'));
    };
    await report();
    expect(onDisk).toMatchObject({
      book: { enis: { [UID]: { generation: 2, released: [{ ip: '10.0.35.22', generation: 2 }] } } },
    });
  });

  it('says nothing when the disk fails, and does not hand out what it meant to give back', async () => {
    put(asked(2, '10.0.35.21', '10.0.35.22'));
    const addresses = { ...world.deps.addresses, saved: () => Promise.reject(new Error('disk full')) };
    await expect(reportUse({ ...world.deps, addresses, client }, NAME, never)).rejects.toThrow('disk full');
    expect(written).toEqual([]);
    const view = { eni: UID, pool: asked(2, '10.0.35.21', '10.0.35.22') };
    expect(pick([view], world.deps.addresses.book, 0, 0)).toMatchObject({ ok: false, givenBack: 2 });
  });

  it('takes over, when its disk was lost, what it had told', async () => {
    const use = {
      generation: 3,
      inUse: [{ ip: '10.0.35.21', podUID: 'uid-web' }],
      released: [{ ip: '10.0.35.22', generation: 3 }],
      refused: [],
      observedAt,
    };
    put(asked(3, '10.0.35.22'), use);
    await report();
    expect(written).toEqual([]);
    expect(world.deps.addresses.book.allocations).toEqual({ '10.0.35.21': { eni: UID, podUID: 'uid-web' } });
    expect(world.deps.addresses.book.enis[UID]?.released).toEqual([{ ip: '10.0.35.22', generation: 3 }]);
  });

  it('names a Pod whose VpcENI was made anew under another UID, and refuses its address', async () => {
    world.deps.addresses.change((book) => allocate(book, 'uid-before', '10.0.35.21', 'uid-web'));
    put(asked(2, '10.0.35.21'));
    await report();
    expect(written[0]?.use).toMatchObject({
      inUse: [{ ip: '10.0.35.21', podUID: 'uid-web' }],
      refused: ['10.0.35.21'],
      released: [],
    });
  });

  it('leaves an address where it is while its VpcENI exists, and where two list it', async () => {
    take('10.0.35.21', 'uid-web');
    world.deps.addresses.change((book) => allocate(book, 'uid-before', '10.0.35.22', 'uid-db'));
    world.enis.put(sharedEniOf(1, poolOfIps('10.0.35.21', '10.0.35.22')));
    put(poolOfIps('10.0.35.21', '10.0.35.22'));
    await report();
    expect(world.deps.addresses.book.allocations).toEqual({
      '10.0.35.21': { eni: UID, podUID: 'uid-web' },
      '10.0.35.22': { eni: 'uid-before', podUID: 'uid-db' },
    });
  });

  it('is not made for sub-ENIs, for other nodes, and for ENIs without a pool', async () => {
    world.enis.put(sharedEniOf(2, poolOfIps('10.0.35.21'), { nodeName: 'other' }));
    await report('shared-other-2');
    world.enis.put(sharedEniOf(2, undefined));
    await report();
    expect(written).toEqual([]);
  });

  it('is not an error when the VpcENI is gone', async () => {
    put(poolOfIps('10.0.35.21'));
    onWrite = () => {
      throw apiFailure(404, 'NotFound');
    };
    await report();
  });
});

describe('the loops around shared addresses', () => {
  /** What the server holds comes back by the watch, as it does in a cluster. */
  const start = (
    logger = silentLogger,
  ): { readonly stop: () => Promise<void>; readonly changed: (uid: string) => void } => {
    const echo: KubeClient['patch'] = async (resource, name, patch, options) => {
      const answered = await client.patch(resource, name, patch, options);
      const before = world.enis.get(name) as VpcEni;
      const { use } = (patch.body as { status: { use: AddressUse } }).status;
      world.enis.put({ ...before, status: { ...before.status, use } });
      return answered as never;
    };
    const loops = createAddressControllers({
      ...world.deps,
      logger,
      pods: world.pods,
      enis: world.enis,
      client: { ...client, patch: echo },
    });
    const stop = new AbortController();
    const done = Promise.all(loops.controllers.map((controller) => controller.run(stop.signal)));
    return {
      changed: (uid) => loops.changed(uid),
      stop: async () => {
        stop.abort();
        await done;
      },
    };
  };
  /** Files are synced meanwhile, which takes any number of turns of the event loop. */
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await world.clock.settle();
  };

  it('tell a burst of thirty Pods in one write', async () => {
    put({ generation: 1, addresses: Array.from({ length: 30 }, (_, at) => ({ ip: `10.0.35.${at + 21}`, since: 1 })) });
    const loops = start();
    await until(() => written.length === 1);
    for (let pod = 0; pod < 30; pod++) {
      take(`10.0.35.${pod + 21}`, `uid-${pod}`);
      await world.clock.advance(20);
    }
    expect(written).toHaveLength(1);
    await world.clock.advance(1_000);
    await until(() => written.length === 2);
    await world.clock.advance(10_000);
    expect(written).toHaveLength(2);
    expect(written[1]?.use.inUse).toHaveLength(30);
    await loops.stop();
  });

  it('answer what ipamd asks at once', async () => {
    put(asked(2, '10.0.35.22'));
    const loops = start();
    await until(() => written.length === 1);
    expect(written[0]?.use.released).toEqual([{ ip: '10.0.35.22', generation: 2 }]);
    await loops.stop();
  });

  it('free the address of a Pod that went away while the agent was away, and tell it', async () => {
    take('10.0.35.21', 'uid-gone');
    world.deps.addresses.setName('uid-gone', { namespace: 'ns', name: 'gone' });
    put(poolOfIps('10.0.35.21'));
    const loops = start();
    await until(() => Object.keys(world.deps.addresses.book.allocations).length === 0);
    await world.clock.advance(1_000);
    await until(() => written.at(-1)?.use.inUse.length === 0);
    await loops.stop();
  });

  it('free the address of a Pod when the watch tells its end', async () => {
    const web = podOf('web', { networks: null });
    world.addPod(web);
    take('10.0.35.21', 'uid-web');
    world.deps.addresses.setName('uid-web', { namespace: 'ns', name: 'web' });
    const loops = start();
    await world.clock.settle();
    expect(world.deps.addresses.book.allocations).toHaveProperty(['10.0.35.21']);
    world.pods.remove('ns/web');
    await until(() => Object.keys(world.deps.addresses.book.allocations).length === 0);
    await loops.stop();
  });

  it('believe no old view of a VpcENI that is gone', async () => {
    put(poolOfIps('10.0.35.21'));
    const loops = start();
    await until(() => written.length === 1);
    world.enis.remove(NAME);
    const view = { eni: UID, pool: poolOfIps('10.0.35.21') };
    expect(pick([view], world.deps.addresses.book, 0, 0)).toMatchObject({ ok: false, listed: 0 });
    await loops.stop();
  });

  it('log once what makes no sense in a pool, and again when it comes back', async () => {
    const lines: object[] = [];
    const logger = { ...silentLogger, warn: (fields: object) => lines.push(fields), child: () => silentLogger };
    world.network.offerNow({ trunk: undefined, enis: [pluggedOf(2)], message: '' });
    const loops = start(logger);
    const bad =
      'address "10.9.0.1" of VpcENI shared-10.0.32.11-2 is not used: it is not in the subnet 10.0.35.0/24 of ENI eni-node0002';
    for (const [at, ip] of ['10.9.0.1', '10.9.0.1', '10.0.35.21', '10.9.0.1'].entries()) {
      const generation = at + 1;
      put({ generation, addresses: [{ ip, since: 1 }] });
      await until(() => written.at(-1)?.use.generation === generation);
    }
    expect(lines).toEqual([{ problem: bad }, { problem: bad }]);
    await loops.stop();
  });

  it('look again at a Pod whose wiring changed', async () => {
    take('10.0.35.21', 'uid-web');
    world.deps.addresses.setName('uid-web', { namespace: 'ns', name: 'web' });
    await world.deps.store.put({
      sequence: 1,
      phase: 'wired',
      containerId: 'c1',
      pod: { namespace: 'ns', name: 'web', uid: 'uid-web' },
      wiring: sharedWiringOf(),
    });
    const loops = start();
    await world.clock.settle();
    expect(world.deps.addresses.book.allocations).toHaveProperty(['10.0.35.21']);
    await world.deps.store.remove('c1');
    loops.changed('uid-web');
    await until(() => Object.keys(world.deps.addresses.book.allocations).length === 0);
    await loops.stop();
  });
});
