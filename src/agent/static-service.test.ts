// ADD and DEL of ordinary Pods in static mode: only the address that ipamd bound for this UID counts, and it is waited for.
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VpcIp } from '../api/vpc-ip.ts';
import { silentLogger } from '../base/logger.ts';
import type { CniCall } from '../cni/call.ts';
import { createAddressStore } from './address-store.ts';
import { asCniError } from './errors.ts';
import { reportStatic } from './report-static.ts';
import { type CniService, createCniService } from './service.ts';
import { createFakeKernel, type FakeKernel } from './testing/fake-kernel.ts';
import { callOf, createServiceWorld, NODE, podOf, type ServiceWorld } from './testing/service-world.ts';
import { necWithQuota, pluggedOf, poolOfIps, sharedEniOf } from './testing/shared-enis.ts';
import { necInStaticMode, vpcIpOf } from './testing/static-addresses.ts';
import { createTombstones } from './tombstones.ts';

const IP = '10.0.35.21';
const web = podOf('web-0', { networks: null });
const again = podOf('web-0', { networks: null, uid: 'uid-web-0-again' });
const never = new AbortController().signal;

let kernel: FakeKernel;
let world: ServiceWorld;
let service: CniService;

beforeEach(() => {
  kernel = createFakeKernel();
  kernel.plug({ name: 'eth2', mac: '20:90:6f:00:00:02' });
  world = createServiceWorld(kernel, { name: 'veth', ensure: () => Promise.reject(new Error('no sub-ENI here')) });
  world.network.offerNow({ trunk: undefined, enis: [pluggedOf(2)], message: 'no trunk' });
  world.configs.put(necInStaticMode());
  world.enis.put(sharedEniOf(2, undefined));
  service = createCniService(
    world.deps,
    createTombstones({ directory: join(world.stateDir, 'tombstones'), logger: silentLogger }),
  );
  world.addPod(web);
});
afterEach(() => world.close());

/** What the runtime is told: the address, or the error's code and message. */
const ask = async (call: CniCall): Promise<unknown> => {
  try {
    const result = await service.handle(call, never);
    return (result as { ips: { address: string }[] } | undefined)?.ips[0]?.address;
  } catch (error) {
    const { code, message } = asCniError(error);
    return { code, message };
  }
};
const add = (pod: typeof web, containerId: string): Promise<unknown> => ask(callOf('ADD', pod, containerId));
const untilWaiting = async (calls = 1): Promise<void> => {
  while (world.clock.pendingTimers < calls) await new Promise<void>((resolve) => setImmediate(resolve));
  // The time limit is set before the first look.
  for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
};
/** ADD that ends by its time-out: its error. */
const timeOut = async (pod: typeof web): Promise<unknown> => {
  const answer = add(pod, `late-${pod.metadata.name}`);
  await untilWaiting();
  await world.clock.advance(45_000);
  return answer;
};
const says = (why: string): unknown => ({ code: 11, message: `Pod ns/web-0: no network within 45 s: ${why}` });

describe('ADD of an ordinary Pod in static mode', () => {
  it('wires the address that ipamd bound for it, through the table of its ENI, and takes it into no pool', async () => {
    world.ips.put(vpcIpOf(IP, web));
    expect(await add(web, 'c1')).toBe(`${IP}/32`);
    expect([...kernel.rulesNow]).toEqual([`pref 512 to ${IP} lookup main`, `pref 1536 from ${IP} lookup 10002`]);
    expect(world.deps.addresses.book.allocations).toEqual({});
    const addresses = createAddressStore({ path: join(world.stateDir, 'addresses.json'), logger: silentLogger });
    await addresses.load(world.deps.store.list());
    expect(addresses.book.allocations).toEqual({});
  });

  it('waits until the address is Assigned, woken by the watch', async () => {
    world.ips.put(vpcIpOf(IP, web, { phase: 'Attaching' }));
    const answer = add(web, 'c1');
    await untilWaiting();
    expect(kernel.lines).toEqual([]);
    world.ips.put(vpcIpOf(IP, web));
    expect(await answer).toBe(`${IP}/32`);
  });

  it('waits for the mode too: a node whose nec says nothing yet may be in either', async () => {
    world.configs.put(necWithQuota(9));
    const answer = add(web, 'c1');
    await untilWaiting();
    world.ips.put(vpcIpOf(IP, web));
    world.configs.put(necInStaticMode());
    expect(await answer).toBe(`${IP}/32`);
  });

  it('does not take an address of a pool in static mode', async () => {
    world.enis.put(sharedEniOf(2, poolOfIps('10.0.35.40')));
    expect(await timeOut(web)).toEqual(says(`ipamd has bound no address for it on node ${NODE} yet`));
  });

  it('never takes the address of the former Pod of its name, and gets it once ipamd names its own UID', async () => {
    world.ips.put(vpcIpOf(IP, web));
    world.addPod(again);
    const answer = add(again, 'c2');
    await untilWaiting();
    expect(kernel.lines).toEqual([]);
    world.ips.put(vpcIpOf(IP, again));
    expect(await answer).toBe(`${IP}/32`);
  });

  it('does not wire an address that a sandbox of another Pod still has, and goes on once that is gone', async () => {
    world.ips.put(vpcIpOf(IP, web));
    await add(web, 'c1');
    const other = podOf('other', { networks: null });
    world.addPod(other);
    world.ips.put(vpcIpOf(IP, other));
    const answer = add(other, 'c2');
    await untilWaiting(2);
    expect(world.deps.store.ofPod('uid-other')).toEqual([]);
    await ask(callOf('DEL', web, 'c1'));
    await world.clock.advance(1_000);
    expect(await answer).toBe(`${IP}/32`);
  });

  it('refuses a UID whose network was taken down for good', async () => {
    const agent = { state: 'TornDown' as const, podUID: 'uid-web-0', observedAt: '2026-01-01T00:00:00Z' };
    world.ips.put(vpcIpOf(IP, web, { agent }));
    expect(await add(web, 'c1')).toMatchObject({ code: 100, message: expect.stringContaining('taken down for good') });
  });

  it('serves a living Pod whose VpcIP somebody deleted', async () => {
    const object = vpcIpOf(IP, web);
    world.ips.put({ ...object, metadata: { ...object.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } });
    expect(await add(web, 'c1')).toBe(`${IP}/32`);
  });

  it('serves a Pod by the address that is assigned, whatever else still names it since its claim was deleted on the way', async () => {
    const other = '10.0.35.20';
    const object = vpcIpOf(other, web, { phase: 'Attaching' });
    world.ips.put({ ...object, metadata: { ...object.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } });
    world.ips.put(vpcIpOf(IP, web));
    expect(await add(web, 'c1')).toBe(`${IP}/32`);
  });

  it('gives the next sandbox of the Pod the same address', async () => {
    world.ips.put(vpcIpOf(IP, web));
    await add(web, 'c1');
    expect(await add(web, 'c2')).toBe(`${IP}/32`);
    expect(world.deps.store.ofPod('uid-web-0').map(({ containerId }) => containerId)).toEqual(['c2']);
  });

  it.each([
    [
      'it is not assigned, with what is in the way',
      vpcIpOf(IP, web, {
        phase: 'Attaching',
        conditions: [
          {
            type: 'Assigned',
            status: 'False',
            reason: 'InsufficientIPOrENI',
            message: 'no ENI of the node has room',
            lastTransitionTime: '2026-01-01T00:00:00Z',
          },
        ],
      }),
      `VpcIP ${IP} is Attaching: no ENI of the node has room`,
    ],
    [
      'its ENI is not in the node',
      vpcIpOf(IP, web, {}, 3),
      `VpcIP ${IP} is on ENI eni-node0003, which is not plugged into node ${NODE}`,
    ],
    [
      'it is bound to another node',
      vpcIpOf(IP, web, { nodeName: '10.0.32.12' }),
      `ipamd has bound no address for it on node ${NODE} yet`,
    ],
  ])('says why it waits: %s', async (_, object, why) => {
    world.ips.put(object);
    expect(await timeOut(web)).toEqual(says(why));
  });
});

describe('a Pod of the same name that comes before the former one is unwired', () => {
  it('does not hold up the DEL that it waits for', async () => {
    world.ips.put(vpcIpOf(IP, web));
    await add(web, 'c1');
    world.addPod(again);
    const answer = add(again, 'c2');
    await untilWaiting();
    expect(await ask(callOf('DEL', web, 'c1'))).toBeUndefined();
    expect(kernel.rulesNow.size).toBe(0);
    world.ips.put(vpcIpOf(IP, again));
    expect(await answer).toBe(`${IP}/32`);
  });

  it('does not hold up the report that it waits for', async () => {
    world.ips.put(vpcIpOf(IP, web));
    world.addPod(again);
    const answer = add(again, 'c2');
    await untilWaiting();
    const told: unknown[] = [];
    const patch = <T>(_resource: unknown, _name: string, { body }: { body: unknown }): Promise<T> => {
      told.push((body as VpcIp).status?.agent?.state);
      return Promise.resolve(body as T);
    };
    await reportStatic({ ...world.deps, client: { get: world.deps.client.get, patch } }, IP, never);
    expect(told).toEqual(['TornDown']);
    world.ips.put(vpcIpOf(IP, again));
    expect(await answer).toBe(`${IP}/32`);
  });

  it('is wired after the former one even when the runtime names no UID', async () => {
    const nameless = (call: CniCall): CniCall => ({ ...call, args: call.args.replace(/;K8S_POD_UID=.*/, '') });
    world.ips.put(vpcIpOf(IP, web));
    expect(await ask(nameless(callOf('ADD', web, 'c1')))).toBe(`${IP}/32`);
    const both = [ask(nameless(callOf('DEL', web, 'c1'))), ask(nameless(callOf('ADD', web, 'c2')))];
    expect(await Promise.all(both)).toEqual([undefined, `${IP}/32`]);
    expect(world.deps.store.list().map(({ containerId }) => containerId)).toEqual(['c2']);
    expect(kernel.rulesNow.size).toBe(2);
  });
});

describe('CHECK and DEL of a static address', () => {
  it('CHECK names what the kernel lost; DEL takes rules and routes away and keeps the ENI', async () => {
    await kernel.ipBatch(['link set eth2 up']);
    world.ips.put(vpcIpOf(IP, web));
    await add(web, 'c1');
    await kernel.ipBatch([`rule del pref 512 to ${IP} lookup main`]);
    expect(await ask(callOf('CHECK', web, 'c1'))).toMatchObject({
      code: 101,
      message: expect.stringContaining(`the node has no rule pref 512 to ${IP}`),
    });
    await ask(callOf('DEL', web, 'c1'));
    expect([kernel.rulesNow.size, world.deps.store.list()]).toEqual([0, []]);
    expect(kernel.lines.filter((line) => line.startsWith('link delete eth2'))).toEqual([]);
    expect(world.changes.at(-1)).toBe('uid-web-0');
  });
});
