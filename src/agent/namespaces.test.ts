// Wiring in a real kernel: namespaces for node, Pods, VPC router and a client, and real packets between them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/fake-clock.ts';
import { silentLogger } from '../base/logger.ts';
import { add } from './add.ts';
import { check, del } from './commands.ts';
import { chooseLinkDriver, type LinkDriver } from './link-driver.ts';
import { createLinkWatch } from './link-watch.ts';
import {
  CLIENT_IP,
  canMakeNamespaces,
  canMakeVlans,
  createNetnsWorld,
  NODE_IP,
  type NetnsWorld,
} from './testing/netns-world.ts';
import { callOf, createServiceWorld, eniOf, podOf, type ServiceWorld } from './testing/service-world.ts';

const web = podOf('web');
const db = podOf('db');
const WEB = { mac: '20:90:6f:00:01:01', ip: '10.0.36.21', vlanId: 101 };
const DB = { mac: '20:90:6f:00:01:02', ip: '10.0.36.22', vlanId: 102 };
const GATEWAY = '10.0.36.1';
const never = new AbortController().signal;

/** With `vlan` where this kernel has 802.1Q, and in the guest that test/guest starts. */
const drivers = canMakeVlans() ? (['veth', 'vlan'] as const) : (['veth'] as const);

describe.skipIf(!canMakeNamespaces()).each(drivers)('a Pod wired in a real kernel, driver %s', (choice) => {
  let world: NetnsWorld;
  let service: ServiceWorld;
  let driver: LinkDriver;
  let before: readonly string[];
  const stop = new AbortController();

  /** Everything of the node that wiring may change. The links of sub-ENIs belong to the platform; a carrier comes in its own time. */
  const nodeState = (): readonly string[] => {
    const lines = (command: string): string[] => world.run('node', command.split(' ')).stdout.trim().split('\n');
    return [
      ...lines('ip -br link').flatMap((line) => line.match(/^(?!plug|eth1\.)[^ @]+/) ?? []),
      ...lines('ip rule'),
      ...lines('ip -4 route show table all').map((line) => line.replace(/ linkdown/, '').trim()),
    ];
  };
  const ping = (from: string, to: string, seconds = 2): number | null =>
    world.run(from, ['busybox', 'ping', '-c', '1', '-W', String(seconds), to]).code;
  const curl = (from: string, host: string): string =>
    world.run(from, ['curl', '-s', '--noproxy', '*', '--connect-timeout', '2', `http://${host}:8080/`]).stdout;
  beforeAll(async () => {
    world = createNetnsWorld(choice === 'vlan' ? 'wt' : 'w', { tagged: choice === 'vlan' });
    const links = createLinkWatch({ kernel: world.kernel, clock: createFakeClock(), logger: silentLogger });
    void links.run(stop.signal);
    world.must(
      'node',
      'echo 1 >/proc/sys/net/ipv4/ip_forward; for c in all default eth0 eth1; do echo 0 >/proc/sys/net/ipv4/conf/$c/rp_filter; done; ip link set eth1 up',
    );
    driver = await chooseLinkDriver({ kernel: world.kernel, watch: links }, choice);
    service = createServiceWorld(world.kernel, driver);
    before = nodeState();
    for (const [pod, facts, containerId] of [
      [web, WEB, 'c-web'],
      [db, DB, 'c-db'],
    ] as const) {
      service.addPod(pod);
      service.enis.put(eniOf(pod, facts));
      world.plug({ ...facts, gateway: GATEWAY });
      await add(service.deps, callOf('ADD', pod, containerId, world.netns(pod.metadata.name)), never);
    }
  });

  afterAll(async () => {
    stop.abort();
    await world.close();
    service.close();
  });

  it('is reached from elsewhere in the VPC, and answers through its sub-ENI', () => {
    const count = world.received('router', 's1');
    expect(ping('client', WEB.ip)).toBe(0);
    expect(world.received('router', 's1')).toBeGreaterThan(count);
  });

  it('reaches elsewhere with its own address', async () => {
    await world.serve('client', CLIENT_IP, 8080);
    expect(curl('web', CLIENT_IP)).toBe(WEB.ip);
  });

  it('serves TCP to elsewhere, to its node and to its neighbour', async () => {
    await world.serve('web', WEB.ip, 8080);
    expect(curl('client', WEB.ip)).toBe(CLIENT_IP);
    expect(curl('node', WEB.ip)).toBe(NODE_IP);
    expect(curl('db', WEB.ip)).toBe(DB.ip);
  });

  it('talks to a Pod of the same node inside the node: standard routing', () => {
    expect(ping('web', DB.ip)).toBe(0);
    const before = world.received('router', 's2');
    const requests = 20;
    expect(world.run('web', ['busybox', 'ping', '-c', `${requests}`, '-i', '0.02', '-W', '2', DB.ip]).code).toBe(0);
    // What ends earlier connections and what neighbours say to each other may pass here too; each of the requests would, were they sent out.
    expect(world.received('router', 's2') - before).toBeLessThan(requests);
  });

  it('sends nothing with an address that is not its own, to the VPC or to its neighbour', async () => {
    world.must('web', 'ip address add 10.0.36.99/32 dev eth0');
    const counts = (): readonly number[] => world.echoesIn('client', 'db', 'node');
    const before = counts();
    const sent = await world.runAll(
      [CLIENT_IP, DB.ip, NODE_IP].map((to) => ({
        from: 'web',
        argv: ['busybox', 'ping', '-c', '1', '-W', '1', '-I', '10.0.36.99', to],
      })),
    );
    expect(sent.map(({ code }) => code)).toEqual([1, 1, 1]);
    expect(counts()).toEqual(before);
    world.must('web', 'ip address del 10.0.36.99/32 dev eth0');
    expect(ping('web', CLIENT_IP)).toBe(0);
    expect(counts()).not.toEqual(before);
  });

  it('passes CHECK, and fails it by name when something is gone', async () => {
    const call = callOf('CHECK', db, 'c-db', world.netns('db'));
    await check(service.deps, call);
    world.must('db', 'ip address del 10.0.36.22/32 dev eth0');
    await expect(check(service.deps, call)).rejects.toThrow('10.0.36.22');
    world.must(
      'db',
      'ip address add 10.0.36.22/32 dev eth0; ip route replace 169.254.1.1 dev eth0; ip route replace default via 169.254.1.1 dev eth0',
    );
    world.must('node', 'ip rule del pref 1536 from 10.0.36.22');
    await expect(check(service.deps, call)).rejects.toThrow('pref 1536 from 10.0.36.22 lookup 20102');
    world.must('node', 'ip rule add pref 1536 from 10.0.36.22 lookup 20102');
    world.must('node', 'ip route del 10.0.36.22/32');
    await expect(check(service.deps, call)).rejects.toThrow('10.0.36.22/32');
    world.must(
      'node',
      `ip route add 10.0.36.22/32 dev ${service.deps.store.get('c-db')?.wiring.hostVeth ?? ''} scope link`,
    );
    await check(service.deps, call);
  });

  it('moves to a new sandbox, and a late DEL of the old one does not touch it', async () => {
    await add(service.deps, callOf('ADD', db, 'c-db-2', world.netns('db2')), never);
    expect(ping('client', DB.ip)).toBe(0);
    await del(service.deps, callOf('DEL', db, 'c-db'));
    expect(ping('client', DB.ip)).toBe(0);
    expect(ping('db2', CLIENT_IP)).toBe(0);
  });

  it('leaves the node as it was when everything is deleted, in any order and twice', async () => {
    for (const [pod, containerId] of [
      [db, 'c-db-2'],
      [web, 'c-web'],
      [web, 'c-web'],
    ] as const)
      await del(service.deps, callOf('DEL', pod, containerId));
    expect(nodeState()).toEqual(before);
    expect(ping('client', WEB.ip, 1)).not.toBe(0);
  });
});
