// Strict routing in a real kernel: strict and standard Pods side by side on one node, and where their packets go.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/fake-clock.ts';
import type { EnforcingMode } from '../api/vpc-eni.ts';
import { silentLogger } from '../base/logger.ts';
import { add } from './add.ts';
import { check, del } from './commands.ts';
import { chooseLinkDriver } from './link-driver.ts';
import { createLinkWatch } from './link-watch.ts';
import { createNodeRouting } from './node-routing.ts';
import { startUp } from './start-up.ts';
import {
  canMakeNamespaces,
  canMakeVlans,
  CLIENT_IP,
  createNetnsWorld,
  NODE_IP,
  type NetnsWorld,
} from './testing/netns-world.ts';
import { callOf, createServiceWorld, eniOf, podOf, type ServiceWorld } from './testing/service-world.ts';
import { createWiredStore } from './wired-store.ts';

const GATEWAY = '10.0.36.1';
/** Programs of the lab that answer, and that ask, over TCP, UDP and ICMP. */
const FLOWS = resolve(import.meta.dirname, '..', '..', 'lab', 'flows');
const SERVER = `${process.execPath} ${join(FLOWS, 'server.ts')}`;
const PROBE = [process.execPath, join(FLOWS, 'probe.ts')];
const never = new AbortController().signal;
/** Three Pods of one node; `old` was made before the mode was changed. */
const PODS = {
  web: { mac: '20:90:6f:00:01:01', ip: '10.0.36.21', vlanId: 101, mode: 'strict' },
  db: { mac: '20:90:6f:00:01:02', ip: '10.0.36.22', vlanId: 102, mode: 'strict' },
  old: { mac: '20:90:6f:00:01:03', ip: '10.0.36.23', vlanId: 103, mode: 'standard' },
} as const satisfies Record<string, { mac: string; ip: string; vlanId: number; mode: EnforcingMode }>;
type Name = keyof typeof PODS;
const names = Object.keys(PODS) as Name[];

const curlOf = (host: string, limitS: number): readonly string[] => [
  'curl',
  '-s',
  '--noproxy',
  '*',
  '-m',
  String(limitS),
  `http://${host}:8080/`,
];

/** With `vlan` where this kernel has 802.1Q, and in the guest that test/guest starts. */
const drivers = canMakeVlans() ? (['veth', 'vlan'] as const) : (['veth'] as const);

describe.skipIf(!canMakeNamespaces()).each(drivers)(
  'Pods with strict routing in a real kernel, driver %s',
  (choice) => {
    let world: NetnsWorld;
    let service: ServiceWorld;
    let before: readonly string[];
    const ports = new Map<string, string>();
    /** Process ids. */
    const servers: number[] = [];
    const stop = new AbortController();

    const lines = (command: string): string[] => world.run('node', command.split(' ')).stdout.trim().split('\n');
    /** Rules and routes; what the platform's own links bring is left out. */
    const nodeState = (): readonly string[] => [
      ...lines('ip rule'),
      ...lines('ip -4 route show table all').map((line) => line.replace(/ linkdown/, '').trim()),
    ];
    const localRules = (): string[] =>
      lines('ip rule').flatMap((line) => /^(\d+):\tfrom all lookup local/.exec(line)?.[1] ?? []);
    const ping = (from: string, to: string): number | null =>
      world.run(from, ['busybox', 'ping', '-c', '1', '-W', '2', to]).code;
    /** The source that the server saw; '' when nothing answers in time. */
    const curl = (from: string, host: string): string => world.run(from, curlOf(host, 9)).stdout;
    const earlyDemux = (value: 0 | 1): void =>
      world.must('node', `for p in tcp udp; do echo ${value} >/proc/sys/net/ipv4/\${p}_early_demux; done`);
    /** Whether pings, or their answers, reach the VPC by the sub-ENI of the Pod: each of them, since what neighbours say to each other passes there too. */
    const passThePortOf = (name: Name, from: string, to: string): boolean => {
      const port = ports.get(name) ?? '';
      const requests = 20;
      const before = world.received('router', port);
      expect(world.run(from, ['busybox', 'ping', '-c', `${requests}`, '-i', '0.02', '-W', '2', to]).code).toBe(0);
      return world.received('router', port) - before >= requests;
    };

    beforeAll(async () => {
      world = createNetnsWorld(choice === 'vlan' ? 'st' : 's', { tagged: choice === 'vlan' });
      const links = createLinkWatch({ kernel: world.kernel, clock: createFakeClock(), logger: silentLogger });
      void links.run(stop.signal);
      world.must(
        'node',
        'echo 1 >/proc/sys/net/ipv4/ip_forward; for c in all default eth0 eth1; do echo 0 >/proc/sys/net/ipv4/conf/$c/rp_filter; done; ip link set eth1 up',
      );
      service = createServiceWorld(
        world.kernel,
        await chooseLinkDriver({ kernel: world.kernel, watch: links }, choice),
      );
      before = nodeState();
      for (const name of names) {
        const { mode, ...facts } = PODS[name];
        const pod = podOf(name);
        service.addPod(pod);
        service.enis.put(eniOf(pod, facts, { enforcingMode: mode }));
        ports.set(name, world.plug({ ...facts, gateway: GATEWAY }));
        await add(service.deps, callOf('ADD', pod, `c-${name}`, world.netns(name)), never);
      }
      for (const [name, ip] of [...names.map((each) => [each, PODS[each].ip] as const), ['node', NODE_IP] as const])
        await world.serve(name, ip, 8080);
    });

    afterAll(async () => {
      stop.abort();
      for (const pid of servers) process.kill(pid, 'SIGKILL');
      await world.close();
      service.close();
    });

    it('are wired beside a standard one, with the rule of local moved behind theirs', async () => {
      expect(localRules()).toEqual(['20']);
      for (const name of names) {
        expect([name, ping('client', PODS[name].ip)]).toEqual([name, 0]);
        await check(service.deps, callOf('CHECK', podOf(name), `c-${name}`, world.netns(name)));
      }
    });

    it('send everything through their sub-ENI, to a neighbour, to a standard one and to their own node', () => {
      for (const to of [PODS.db.ip, PODS.old.ip, NODE_IP, CLIENT_IP])
        expect([to, passThePortOf('web', 'web', to)]).toEqual([to, true]);
    });

    it('are reached through their sub-ENI, by a standard neighbour and by their own node', () => {
      // The answers leave by it; what is received there comes from the Pod.
      for (const from of ['old', 'node']) expect([from, passThePortOf('web', from, PODS.web.ip)]).toEqual([from, true]);
      expect(passThePortOf('old', 'node', PODS.old.ip)).toBe(false);
    });

    it('send nothing with an address that is not their own, to the VPC, to their node or to a neighbour', async () => {
      world.must('web', 'ip address add 10.0.36.99/32 dev eth0');
      const counts = (): readonly number[] => world.echoesIn('client', 'node', 'old', 'db');
      const count = counts();
      const sent = await world.runAll(
        [CLIENT_IP, NODE_IP, PODS.old.ip, PODS.db.ip].map((to) => ({
          from: 'web',
          argv: ['busybox', 'ping', '-c', '1', '-W', '1', '-I', '10.0.36.99', to],
        })),
      );
      expect(sent.map(({ code }) => code)).toEqual([1, 1, 1, 1]);
      expect(counts()).toEqual(count);
      world.must('web', 'ip address del 10.0.36.99/32 dev eth0');
      expect(ping('web', CLIENT_IP)).toBe(0);
      expect(counts()).not.toEqual(count);
    });

    it.skipIf(!existsSync('/proc/sys/net/ipv6'))('reach nobody by IPv6, which passes no rule and no group', () => {
      const veth = service.deps.store.get('c-web')?.wiring.hostVeth ?? '';
      // Addresses that need no time to settle, where the kernel would give its own.
      const answered = (): boolean => {
        world.must('web', 'ip -6 address replace fe80::7/64 dev eth0 nodad; ip -6 neighbour flush dev eth0');
        world.run('node', ['ip', '-6', 'address', 'replace', 'fe80::9/64', 'dev', veth, 'nodad']);
        return world.run('web', ['busybox', 'ping', '-6', '-c', '1', '-W', '1', 'fe80::9%eth0']).code === 0;
      };
      expect(answered()).toBe(false);
      const open = (value: 0 | 1): void =>
        world.must('node', `echo ${value} >/proc/sys/net/ipv6/conf/${veth}/disable_ipv6`);
      open(0);
      // The kernel takes IPv6 up on a device in its own time.
      expect(Array.from({ length: 10 }).some(answered)).toBe(true);
      open(1);
    });

    it('and their node reach each other over TCP only without early demux', async () => {
      earlyDemux(1);
      const silent = await world.runAll([
        { from: 'node', argv: curlOf(PODS.web.ip, 2) },
        { from: 'web', argv: curlOf(NODE_IP, 2) },
      ]);
      expect(silent.map(({ stdout }) => stdout)).toEqual(['', '']);
      expect(curl('node', PODS.old.ip)).toBe(NODE_IP);
      earlyDemux(0);
      expect(curl('node', PODS.web.ip)).toBe(NODE_IP);
      expect(curl('web', NODE_IP)).toBe(PODS.web.ip);
      expect(curl('web', PODS.db.ip)).toBe(PODS.web.ip);
      expect(curl('client', PODS.web.ip)).toBe(CLIENT_IP);
    });

    it('and their node reach each other over UDP only without early demux, and over ICMP always', () => {
      const { stdout } = world.run('web', [
        'sh',
        '-c',
        `${SERVER} ${PODS.web.ip} 9000 >/dev/null 2>&1 </dev/null & echo $!`,
      ]);
      servers.push(Number(stdout));
      const reaches = (from: string, limitMs: number): unknown => {
        const to = { to: PODS.web.ip, port: 9000, limitMs };
        const flows = [
          { protocol: 'udp', ...to },
          { protocol: 'icmp', ...to },
        ];
        return JSON.parse(world.run(from, [...PROBE, JSON.stringify(flows)]).stdout);
      };
      expect(reaches('client', 8_000)).toEqual([true, true]);
      earlyDemux(1);
      expect(reaches('node', 2_000)).toEqual([false, true]);
      earlyDemux(0);
      expect(reaches('node', 8_000)).toEqual([true, true]);
    });

    it('are not disturbed by an agent that goes away and comes back', async () => {
      const rules = nodeState();
      const again = createWiredStore({ directory: join(service.stateDir, 'wired'), logger: silentLogger });
      const routing = createNodeRouting({
        kernel: world.kernel,
        store: again,
        path: join(service.stateDir, 'early-demux.json'),
        logger: silentLogger,
      });
      await startUp({ ...service.deps, store: again, routing }, () => Promise.resolve());
      expect(nodeState()).toEqual(rules);
      expect(again.list().map(({ wiring }) => wiring.kind === 'sub-eni' && wiring.mode)).toEqual(
        expect.arrayContaining(['strict', 'strict', 'standard']),
      );
      for (const name of names) expect([name, ping('client', PODS[name].ip)]).toEqual([name, 0]);
    });

    it('work again when a crash left two rules of local, or somebody broke theirs, and the agent came back', async () => {
      world.must(
        'node',
        'ip rule add pref 0 lookup local; ip rule del pref 10 iif eth1.101; ip route flush table 20102',
      );
      expect(ping('client', PODS.db.ip)).not.toBe(0);
      const call = callOf('CHECK', podOf('web'), 'c-web', world.netns('web'));
      await expect(check(service.deps, call)).rejects.toThrow('no rule pref 10 iif eth1.101 lookup 20101');
      world.must('node', 'ip rule add pref 10 iif eth1.101 lookup 20101');
      await expect(check(service.deps, call)).rejects.toThrow('lookup local stands at 0, before the rules');
      const again = createWiredStore({ directory: join(service.stateDir, 'wired'), logger: silentLogger });
      const path = join(service.stateDir, 'early-demux.json');
      const routing = createNodeRouting({ kernel: world.kernel, store: again, path, logger: silentLogger });
      await startUp({ ...service.deps, store: again, routing }, () => Promise.resolve());
      expect(localRules()).toEqual(['20']);
      for (const name of names) expect([name, ping('client', PODS[name].ip)]).toEqual([name, 0]);
      expect(passThePortOf('web', 'web', NODE_IP)).toBe(true);
    });

    it('leave the rule of local until the last of them is gone, and then the node as it was', async () => {
      await del(service.deps, callOf('DEL', podOf('web'), 'c-web'));
      expect(localRules()).toEqual(['20']);
      expect(ping('client', PODS.db.ip)).toBe(0);
      await del(service.deps, callOf('DEL', podOf('db'), 'c-db'));
      expect(localRules()).toEqual(['0']);
      expect(ping('client', PODS.old.ip)).toBe(0);
      expect(ping('node', PODS.old.ip)).toBe(0);
      await del(service.deps, callOf('DEL', podOf('old'), 'c-old'));
      expect(nodeState()).toEqual(before);
    });
  },
);
