// Several replicas: each is told of a policy before it is stored, and one that cannot be told does not trust its watch.
import { describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../../test/fake-clock.ts';
import { silentLogger } from '../base/logger.ts';
import { ApiError } from '../kube/api-error.ts';
import type { Lease } from '../kube/resources.ts';
import type { KubeClient } from '../kube/types.ts';
import type { PolicyChange } from './expected-policies.ts';
import { createReplicas, NotTold, type Replicas } from './replicas.ts';

const change: PolicyChange = { namespace: 'shop', name: 'web', uid: 'u', generation: 1 };
const fail = (status: number, reason: string): ApiError => new ApiError({ status, reason, message: reason });

/** Leases in a map, told apart by who asks, so that one replica can be cut off from the API. */
function createApi() {
  const stored = new Map<string, Lease>();
  const cut = new Set<string>();
  let version = 0;
  const save = (lease: Lease): Lease => {
    const next = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(++version) } };
    stored.set(lease.metadata.name, next);
    return next;
  };
  const clientFor = (who: string): KubeClient => {
    const reach = (): Promise<void> =>
      cut.has(who) ? Promise.reject(fail(503, 'ServiceUnavailable')) : Promise.resolve();
    return {
      get: async (_: unknown, name: string) => {
        await reach();
        const lease = stored.get(name);
        if (lease === undefined) throw fail(404, 'NotFound');
        return lease;
      },
      list: async () => {
        await reach();
        return { items: [...stored.values()], resourceVersion: String(version) };
      },
      create: async (_: unknown, lease: Lease) => {
        await reach();
        return save(lease);
      },
      replace: async (_: unknown, lease: Lease) => {
        await reach();
        return save(lease);
      },
      delete: async (_: unknown, name: string) => {
        await reach();
        stored.delete(name);
      },
    } as unknown as KubeClient;
  };
  return { stored, cut, clientFor };
}

interface World {
  readonly clock: FakeClock;
  readonly api: ReturnType<typeof createApi>;
  /** Who was told, in order. */
  readonly told: string[];
  /** Addresses that do not answer, and addresses where nothing listens. */
  readonly silent: Set<string>;
  readonly closed: Set<string>;
  start(identity: string, url?: string | null): Promise<{ replicas: Replicas; stop: () => Promise<void> }>;
}

function createWorld(): World {
  const clock = createFakeClock();
  const api = createApi();
  const told: string[] = [];
  const silent = new Set<string>();
  const closed = new Set<string>();
  return {
    clock,
    api,
    told,
    silent,
    closed,
    start: async (identity, url = `https://${identity}`) => {
      const replicas = createReplicas({
        client: api.clientFor(identity),
        clock,
        logger: silentLogger,
        namespace: 'system',
        service: 'webhook',
        identity,
        url: () => Promise.resolve(url ?? undefined),
        tell: (to) => {
          if (closed.has(to)) return Promise.resolve('refused');
          if (silent.has(to)) return Promise.reject(new Error('no answer'));
          told.push(to);
          return Promise.resolve('told');
        },
      });
      const stop = new AbortController();
      const ended = replicas.run(stop.signal);
      await clock.settle();
      return { replicas, stop: () => (stop.abort(), ended) };
    },
  };
}

describe('a replica', () => {
  it('alone is told of everything as soon as it is registered, and tells nobody', async () => {
    const world = createWorld();
    const { replicas, stop } = await world.start('a');
    expect(replicas.toldOfAll).toBe(true);
    await replicas.announce(change);
    expect(world.told).toEqual([]);
    await stop();
    expect(world.api.stored.size).toBe(0);
  });

  it('that joins others asks the API itself until what they admitted before is stored', async () => {
    const world = createWorld();
    await world.start('a');
    const { replicas } = await world.start('b');
    expect(replicas.toldOfAll).toBe(false);
    await world.clock.advance(59_000);
    expect(replicas.toldOfAll).toBe(false);
    await world.clock.advance(2_000);
    expect(replicas.toldOfAll).toBe(true);
  });

  it('tells every other one before a policy is stored', async () => {
    const world = createWorld();
    const { replicas } = await world.start('a');
    await world.start('b');
    await world.start('c');
    await replicas.announce(change);
    expect(world.told.toSorted()).toEqual(['https://b', 'https://c']);
  });

  it('refuses a policy while another replica does not answer, naming it', async () => {
    const world = createWorld();
    const { replicas } = await world.start('a');
    await world.start('b');
    world.silent.add('https://b');
    await expect(replicas.announce(change)).rejects.toThrow(NotTold);
    await expect(replicas.announce(change)).rejects.toThrow(/webhook-b at https:\/\/b cannot be told.*no answer/);
  });

  it('goes on without one where nothing listens any more', async () => {
    const world = createWorld();
    const { replicas } = await world.start('a');
    await world.start('b');
    world.closed.add('https://b');
    await replicas.announce(change);
  });

  it('that cannot renew stops trusting its watch before the others stop waiting for it', async () => {
    const world = createWorld();
    const a = (await world.start('a')).replicas;
    const b = (await world.start('b')).replicas;
    await world.clock.advance(61_000);
    expect(b.toldOfAll).toBe(true);
    world.api.cut.add('b');
    world.silent.add('https://b');
    for (let second = 0; second < 30; second += 1) {
      await world.clock.advance(1_000);
      const goesOn = await a.announce(change).then(
        () => true,
        () => false,
      );
      // Never both: a policy that b was not told of, and a b that decides by its watch.
      expect([goesOn, b.toldOfAll]).not.toEqual([true, true]);
    }
    await a.announce(change);
    world.api.cut.delete('b');
    await world.clock.advance(5_000);
    expect(b.toldOfAll).toBe(false);
    await world.clock.advance(61_000);
    expect(b.toldOfAll).toBe(true);
  });

  it('takes a registration of its own address for a former self', async () => {
    const world = createWorld();
    const former = await world.start('a', 'https://same');
    world.api.cut.add('a');
    await former.stop();
    world.silent.add('https://same');
    const { replicas } = await world.start('b', 'https://same');
    expect(replicas.toldOfAll).toBe(true);
    await replicas.announce(change);
  });

  it('without an address never trusts its watch, and holds nobody up', async () => {
    const world = createWorld();
    const { replicas } = await world.start('a');
    const mute = (await world.start('b', null)).replicas;
    await world.clock.advance(120_000);
    expect(mute.toldOfAll).toBe(false);
    await replicas.announce(change);
  });

  it('sweeps what a killed one left', async () => {
    const world = createWorld();
    const dead = await world.start('dead');
    world.api.cut.add('dead');
    await dead.stop();
    await world.start('a');
    await world.clock.advance(700_000);
    expect([...world.api.stored.keys()]).toEqual(['webhook-a']);
  });
});
