// The slow look at the kernel: what others broke is put right, what ended without a DEL is unwired, what is not ours is left alone.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TrunklineError } from '../base/errors.ts';
import { apiFailure } from '../kube/testing/memory-objects.ts';
import { add } from './add.ts';
import { agentErrors } from './errors.ts';
import { createKernelRepair, type KernelRepair, VANISHED_MS } from './kernel-repair.ts';
import { createFakeKernel, type FakeKernel } from './testing/fake-kernel.ts';
import { callOf, createServiceWorld, podOf, type ServiceWorld } from './testing/service-world.ts';
import { eniInfoOf, pluggedOf, poolOfIps, sharedEniOf } from './testing/shared-enis.ts';
import { hostVethName } from './wiring.ts';

const never = new AbortController().signal;
const web = podOf('web', { networks: null });
const db = podOf('db', { networks: null });
const VETH = hostVethName('c-web', 'eth0');
const RULES = ['pref 512 to 10.0.35.21 lookup main', 'pref 1536 from 10.0.35.21 lookup 10002'];

let kernel: FakeKernel;
let world: ServiceWorld;
let repair: KernelRepair;
let gone: Set<string>;

beforeEach(async () => {
  kernel = createFakeKernel();
  kernel.plug({ name: 'eth2', mac: eniInfoOf(2).mac });
  world = createServiceWorld(kernel, { name: 'veth', ensure: () => Promise.resolve('') });
  world.network.offerNow({ trunk: undefined, enis: [pluggedOf(2)], message: '' });
  world.enis.put(sharedEniOf(2, poolOfIps('10.0.35.21', '10.0.35.22')));
  gone = new Set();
  const { get } = world.deps.client;
  const client: ServiceWorld['deps']['client'] = {
    get: (resource, name, options) =>
      gone.has(name) ? Promise.reject(apiFailure(404, 'NotFound')) : get(resource, name, options),
  };
  for (const pod of [web, db]) {
    world.addPod(pod);
    await add(world.deps, callOf('ADD', pod, `c-${pod.metadata.name}`), never);
  }
  repair = createKernelRepair({ ...world.deps, client });
});
afterEach(() => world.close());

const round = () => repair.round(never);
const repairs = async (kind: string): Promise<number | undefined> =>
  (await world.metrics.repairs.get()).values.find(({ labels }) => labels.kind === kind)?.value;

describe('the repair of the kernel', () => {
  it('does nothing where everything is right', async () => {
    const before = [...kernel.rulesNow];
    const { length } = kernel.lines;
    await round();
    expect(kernel.lines.slice(length)).toEqual([]);
    expect([...kernel.rulesNow]).toEqual(before);
    expect(world.deps.store.list()).toHaveLength(2);
    expect(await repairs('rule-added')).toBe(0);
  });

  it('puts back rules, routes, the filter of source addresses and the switch of IPv6 of a Pod that is wired', async () => {
    await kernel.ipBatch([...RULES.map((rule) => `rule del ${rule}`), 'route flush table main']);
    kernel.sysctls.set(`net/ipv4/conf/${VETH}/rp_filter`, '0');
    kernel.sysctls.set(`net/ipv6/conf/${VETH}/disable_ipv6`, '0');
    const from = kernel.lines.length;
    await round();
    expect([...kernel.rulesNow]).toEqual(expect.arrayContaining(RULES));
    expect(kernel.lines.slice(from)).toContain(`route replace 10.0.35.21/32 dev ${VETH} scope link`);
    expect(kernel.sysctls.get(`net/ipv4/conf/${VETH}/rp_filter`)).toBe('1');
    expect(kernel.sysctls.get(`net/ipv6/conf/${VETH}/disable_ipv6`)).toBe('1');
    expect(await repairs('rule-added')).toBe(2);
  });

  it('removes a thousand stale rules of ours in one batch, and leaves those of others alone, naming them', async () => {
    const stale = Array.from({ length: 1_000 }, (_, at) => `pref 1536 from 10.1.${at >> 8}.${at & 255} lookup 10003`);
    await kernel.ipBatch([...stale, 'pref 512 to 10.9.9.9 lookup 100'].map((rule) => `rule add ${rule}`));
    let batches = 0;
    kernel.delay(() => {
      batches += 1;
      return Promise.resolve();
    });
    await round();
    expect([...kernel.rulesNow].filter((rule) => rule.includes('10003'))).toEqual([]);
    expect([...kernel.rulesNow]).toEqual(expect.arrayContaining([...RULES, 'pref 512 to 10.9.9.9 lookup 100']));
    expect(repair.foreignRules).toEqual(['pref 512 from all to 10.9.9.9 lookup 100']);
    expect(batches).toBeLessThan(10);
  });

  it('forgets a sandbox whose namespace is gone, as after a crash of the runtime, and keeps the address of its Pod', async () => {
    kernel.unplug(VETH);
    await round();
    expect(world.deps.store.get('c-web')).toBeUndefined();
    expect([...kernel.rulesNow].filter((rule) => rule.includes('10.0.35.21'))).toEqual([]);
    expect(world.deps.addresses.book.allocations).toHaveProperty(['10.0.35.21']);
    expect(world.deps.store.get('c-db')?.phase).toBe('wired');
  });

  it('unwires a Pod that vanished without DEL once it had its time, and tells whoever frees its address', async () => {
    world.pods.remove('ns/web');
    gone.add('web');
    await round();
    await world.clock.advance(VANISHED_MS - 1);
    await round();
    expect(world.deps.store.get('c-web')?.phase).toBe('wired');
    await world.clock.advance(1);
    await round();
    expect(world.deps.store.get('c-web')).toBeUndefined();
    expect(kernel.deviceNames).not.toContain(VETH);
    expect(world.changes.at(-1)).toBe('uid-web');
    expect(world.deps.store.get('c-db')?.phase).toBe('wired');
  });

  it('unwires nobody while the server knows the Pod, whatever the watch says, as after the node was renamed', async () => {
    world.pods.remove('ns/web');
    await round();
    await world.clock.advance(2 * VANISHED_MS);
    await round();
    expect(world.deps.store.get('c-web')?.phase).toBe('wired');
  });

  it('looks after the others when an ENI was detached under a Pod', async () => {
    kernel.intercept((line) => {
      if (line.startsWith(`route replace 10.0.35.21/32`))
        throw new TrunklineError(agentErrors.kernel, 'no such device');
    });
    await kernel.ipBatch(['route flush table main', 'rule del pref 1536 from 10.0.35.22 lookup 10002']);
    await round();
    expect([...kernel.rulesNow]).toContain('pref 1536 from 10.0.35.22 lookup 10002');
    expect(world.deps.store.get('c-web')?.phase).toBe('wired');
  });

  it('waits for a DEL that is under way, and then puts nothing back', async () => {
    const release = Promise.withResolvers<void>();
    await kernel.ipBatch(RULES.map((rule) => `rule del ${rule}`));
    const deleting = world.deps.lock.hold('uid-web', async () => {
      await release.promise;
      await world.deps.store.remove('c-web');
    });
    const done = round();
    release.resolve();
    await deleting;
    await done;
    expect([...kernel.rulesNow].filter((rule) => RULES.includes(rule))).toEqual([]);
  });
});
