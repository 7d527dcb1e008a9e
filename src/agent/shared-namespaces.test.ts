// Shared addresses in a real kernel: two nodes, two ENIs on one of them, sub-ENI Pods beside, and real packets between all.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/fake-clock.ts';
import type { NodeEniConfig } from '../api/node-eni-config.ts';
import { silentLogger } from '../base/logger.ts';
import type { Pod } from '../kube/resources.ts';
import { add } from './add.ts';
import { createAddressStore } from './address-store.ts';
import { check, del } from './commands.ts';
import type { Kernel } from './kernel.ts';
import { createVethDriver } from './link-driver.ts';
import { createLinkWatch } from './link-watch.ts';
import { prepareNode } from './prepare-node.ts';
import { startUp } from './start-up.ts';
import { canMakeNamespaces, CLIENT_IP, createNetnsWorld, NODE_IP, type NetnsWorld } from './testing/netns-world.ts';
import { callOf, createServiceWorld, eniOf, NODE, podOf, type ServiceWorld } from './testing/service-world.ts';
import { eniInfoOf, poolOfIps, sharedEniOf } from './testing/shared-enis.ts';
import { createWiredStore } from './wired-store.ts';

const NODE2_IP = '10.0.32.12';
const SUB = { mac: '20:90:6f:00:01:01', ip: '10.0.36.21', vlanId: 101 };
const shared = (name: string): Pod => podOf(name, { networks: null });
const never = new AbortController().signal;

describe.skipIf(!canMakeNamespaces())('Pods that share addresses, in a real kernel', () => {
  let world: NetnsWorld;
  let node: ServiceWorld;
  let node2: ServiceWorld;
  let before: readonly string[];
  const stop = new AbortController();
  const ports = new Map<string, string>();

  /** Everything of the node that wiring may change; a carrier comes in its own time. */
  const nodeState = (): readonly string[] => {
    const lines = (command: string): string[] => world.run('node', command.split(' ')).stdout.trim().split('\n');
    return [
      ...lines('ip -br link').flatMap((line) => line.match(/^(?!plug|eth1\.)[^ @]+/) ?? []),
      ...lines('ip rule'),
      ...lines('ip -4 route show table all').map((line) => line.replace(/ linkdown/, '').trim()),
    ];
  };
  const ping = (from: string, to: string, seconds = '2'): number | null =>
    world.run(from, ['busybox', 'ping', '-c', '1', '-W', seconds, to]).code;
  const expectSilent = (to: string): void => expect(ping('client', to, '1')).not.toBe(0);
  const curl = (from: string, host: string): string =>
    world.run(from, ['curl', '-s', '--noproxy', '*', '--connect-timeout', '2', `http://${host}:8080/`]).stdout;

  const prepare = async (service: ServiceWorld, kernel: Kernel, infos: readonly number[]): Promise<void> => {
    const watch = createLinkWatch({ kernel, clock: createFakeClock(), logger: silentLogger });
    const nec = {
      metadata: { name: NODE },
      status: { eniInfos: infos.map((index) => eniInfoOf(index, { trunk: index === 1 })) },
    } as NodeEniConfig;
    const chooseDriver = () => Promise.resolve(createVethDriver({ kernel, watch }));
    const { offer } = await prepareNode(
      { nodeName: NODE, kernel, chooseDriver, wirings: () => service.deps.store.list().map(({ wiring }) => wiring) },
      nec,
    );
    service.network.offerNow(offer);
  };
  const start = async (name: string, kernel: Kernel, infos: readonly number[]): Promise<ServiceWorld> => {
    const service = createServiceWorld(kernel, { name: 'veth', ensure: () => Promise.reject(new Error('unused')) });
    for (const index of infos) {
      const { mac, gateway, primaryIP } = eniInfoOf(index);
      ports.set(`${name} ${index}`, world.plug({ mac, gateway, ip: primaryIP, node: name }));
    }
    await prepare(service, kernel, infos);
    return service;
  };
  const wire = async (service: ServiceWorld, pod: Pod, nodeName = 'node'): Promise<string> => {
    service.addPod(pod);
    const { name } = pod.metadata;
    const result = await add(service.deps, callOf('ADD', pod, `c-${name}`, world.netns(name)), never);
    const ip = result.ips[0]?.address.replace('/32', '') ?? '';
    const { wiring } = service.deps.store.get(`c-${name}`) ?? {};
    // What the cloud did when the address was assigned to the ENI.
    world.plug({ mac: wiring?.eniMac ?? '', gateway: '10.0.35.1', ip, node: nodeName });
    return ip;
  };

  beforeAll(async () => {
    world = createNetnsWorld('h');
    const kernel2 = world.addNode('node2', NODE2_IP);
    node = await start('node', world.kernel, [1, 2]);
    node2 = await start('node2', kernel2, [3]);
    before = nodeState();
    node.enis.put(sharedEniOf(1, poolOfIps('10.0.35.101'), { type: 'Trunk' }));
    node.enis.put(sharedEniOf(2, poolOfIps('10.0.35.102', '10.0.35.103')));
    node2.enis.put(sharedEniOf(3, poolOfIps('10.0.35.104')));
    node.enis.put(eniOf(podOf('sub'), SUB));
    world.plug({ mac: SUB.mac, ip: SUB.ip, gateway: '10.0.36.1' });
  });

  afterAll(async () => {
    stop.abort();
    await world.close();
    node.close();
    node2.close();
  });

  /** By name, once the first test has wired them. */
  const at = new Map<string, string>();
  const ip = (name: string): string => at.get(name) ?? '';

  it('are wired side by side: on the trunk, on a second ENI, on another node, and next to a sub-ENI Pod', async () => {
    for (const name of ['one', 'two', 'three']) at.set(name, await wire(node, shared(name)));
    at.set('far', await wire(node2, shared('far'), 'node2'));
    node.addPod(podOf('sub'));
    await add(node.deps, callOf('ADD', podOf('sub'), 'c-sub', world.netns('sub')), never);
    at.set('sub', SUB.ip);
    expect([ip('one'), ip('two'), ip('three')].toSorted()).toEqual(['10.0.35.101', '10.0.35.102', '10.0.35.103']);
    for (const [name, address] of at) expect([name, ping('client', address)]).toEqual([name, 0]);
  });

  it('reach each other, their nodes and elsewhere, whatever node and network they have', () => {
    const all = [...at.keys()];
    const failed = all.flatMap((from) =>
      [...all.filter((to) => to !== from).map(ip), CLIENT_IP, NODE_IP, NODE2_IP].flatMap((to) =>
        ping(from, to) === 0 ? [] : [`${from} -> ${to}`],
      ),
    );
    expect(failed).toEqual([]);
    expect(all.filter((name) => ping('node', ip(name)) !== 0)).toEqual([]);
  });

  it('leave the node through the ENI that has their address, with that address', async () => {
    await world.serve('client', CLIENT_IP, 8080);
    for (const name of ['one', 'two', 'three', 'far']) {
      const port = ports.get(name === 'far' ? 'node2 3' : `node ${ip(name) === '10.0.35.101' ? 1 : 2}`) as string;
      const count = world.received('router', port);
      expect(curl(name, CLIENT_IP)).toBe(ip(name));
      expect(world.received('router', port)).toBeGreaterThan(count);
    }
  });

  it('send nothing with an address that is not their own, be it that of a neighbour, to the VPC, to their node or to another Pod', async () => {
    const strangers = [ip('two'), '10.0.35.99'];
    for (const stranger of strangers) world.must('one', `ip address add ${stranger}/32 dev eth0`);
    const counts = (): readonly number[] => world.echoesIn('client', 'node', 'three', 'far');
    const before = counts();
    const sent = await world.runAll(
      strangers.flatMap((stranger) =>
        [CLIENT_IP, NODE_IP, ip('three'), ip('far')].map((to) => ({
          from: 'one',
          argv: ['busybox', 'ping', '-c', '1', '-W', '1', '-I', stranger, to],
        })),
      ),
    );
    expect(sent.map(({ code }) => code)).toEqual(sent.map(() => 1));
    expect(counts()).toEqual(before);
    for (const stranger of strangers) world.must('one', `ip address del ${stranger}/32 dev eth0`);
    for (const to of [CLIENT_IP, NODE_IP, ip('three'), ip('far')]) expect([to, ping('one', to)]).toEqual([to, 0]);
    expect(counts()).toEqual(before.map((count) => count + 1));
  });

  it('serve TCP to elsewhere, to their node, to a neighbour and across nodes', async () => {
    await world.serve('two', ip('two'), 8080);
    for (const from of ['client', 'node', 'one', 'far', 'sub']) {
      const own = from === 'client' ? CLIENT_IP : from === 'node' ? NODE_IP : ip(from);
      expect(curl(from, ip('two'))).toBe(own);
    }
  });

  it('pass CHECK, and fail it by name when something is gone', async () => {
    const call = callOf('CHECK', shared('two'), 'c-two', world.netns('two'));
    const { wiring } = node.deps.store.get('c-two') ?? {};
    const table = wiring?.kind === 'shared' ? 10_000 + wiring.index : 0;
    await check(node.deps, call);
    world.must('node', `ip rule del pref 1536 from ${ip('two')}`);
    await expect(check(node.deps, call)).rejects.toThrow(`pref 1536 from ${ip('two')} lookup ${table}`);
    world.must('node', `ip rule add pref 1536 from ${ip('two')} lookup ${table}; ip route del default table ${table}`);
    await expect(check(node.deps, call)).rejects.toThrow(`default dev ${wiring?.link} table ${table}`);
    await prepare(node, world.kernel, [1, 2]);
    await check(node.deps, call);
  });

  it('work after the agent came back and repaired what somebody broke, and before it asked the API anything', async () => {
    world.must('node', `ip rule del pref 512 to ${ip('one')}; ip rule del pref 1536 from ${ip('one')}`);
    world.must('node', `ip route flush table 10001; ip route del ${ip('one')}/32; ip route flush table 20101`);
    expectSilent(ip('one'));
    const stores = {
      store: createWiredStore({ directory: join(node.stateDir, 'wired'), logger: silentLogger }),
      addresses: createAddressStore({ path: join(node.stateDir, 'addresses.json'), logger: silentLogger }),
    };
    await startUp({ ...node.deps, ...stores }, () => Promise.resolve());
    for (const [name, address] of at) expect([name, ping('client', address)]).toEqual([name, 0]);
    expect(stores.addresses.book).toEqual(node.deps.addresses.book);
  });

  it('work again when their ENI was pulled out and came back under another name', async () => {
    const { mac, gateway } = eniInfoOf(2);
    const mine = ['one', 'two', 'three'].filter((name) => ip(name) !== '10.0.35.101');
    world.unplug(mac);
    for (const name of mine) expectSilent(ip(name));
    for (const name of mine) world.plug({ mac, gateway, ip: ip(name) });
    await prepare(node, world.kernel, [1, 2]);
    for (const name of mine) {
      expect([name, ping('client', ip(name))]).toEqual([name, 0]);
      await check(node.deps, callOf('CHECK', shared(name), `c-${name}`, world.netns(name)));
    }
  });

  it('keep the address over a new sandbox, and a late DEL of the old one does not touch it', async () => {
    await add(node.deps, callOf('ADD', shared('one'), 'c-one-2', world.netns('one2')), never);
    expect(ping('client', ip('one'))).toBe(0);
    await del(node.deps, callOf('DEL', shared('one'), 'c-one'));
    expect(ping('client', ip('one'))).toBe(0);
    expect(ping('one2', CLIENT_IP)).toBe(0);
  });

  it('leave the node as it was when they are deleted, in any order and twice, and their neighbours alone', async () => {
    await del(node.deps, callOf('DEL', podOf('sub'), 'c-sub'));
    for (const [name, container] of [
      ['two', 'c-two'],
      ['one', 'c-one-2'],
      ['one', 'c-one-2'],
    ] as const)
      await del(node.deps, callOf('DEL', shared(name), container));
    expect(ping('client', ip('three'))).toBe(0);
    expectSilent(ip('two'));
    await del(node.deps, callOf('DEL', shared('three'), 'c-three'));
    const renamed = before.map((line) => line.replace(/plug1\b/g, 'plug4'));
    expect(nodeState()).toEqual(renamed);
  });
});
