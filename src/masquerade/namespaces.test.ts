// ip-masq-agent in a real kernel: a Pod behind a node, a host outside that prints the source address it sees.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../../test/fake-clock.ts';
import {
  canMakeNamespaces,
  CLIENT_IP,
  createNetnsWorld,
  NODE_IP,
  type NetnsWorld,
} from '../agent/testing/netns-world.ts';
import { objectNames } from '../api/keys.ts';
import { silentLogger } from '../base/logger.ts';
import { nodeTool } from '../agent/testing/node-tool.ts';
import { ApiError } from '../kube/api-error.ts';
import { type VpcEni, vpcEnis } from '../api/vpc-eni.ts';
import { type ConfigMap, configMaps, type Pod, pods } from '../kube/resources.ts';
import { createManualInformer, type ManualInformer } from '../kube/testing/manual-informer.ts';
import type { EventInput, KubeObject } from '../kube/types.ts';
import { createMasquerade } from './controller.ts';
import { farewell } from './farewell.ts';
import { createExemptPods, type ExemptPod, projectExemptPod } from './exempt-pods.ts';
import type { PolicyRule } from '../node-network/policy-rule.ts';
import { createMarkRule } from './mark-rule.ts';
import { createMasqMetrics, type MasqMetrics } from './metrics.ts';
import { createNft, type Nft } from './nft.ts';
import { MASQ_TABLE } from './ruleset.ts';

const POD_IP = '10.0.36.9';
/** As the specification prints it, with the client as the way out of the VPC. */
const SNAT_ALL = '{"NonMasqueradeCIDRs":["10.0.36.0/24"],"ResyncInterval":"1m0s"}';
const exempt = (...sources: readonly string[]): string =>
  JSON.stringify({ NonMasqueradeCIDRs: ['10.0.36.0/24'], NonMasqueradeSrcCIDRs: sources, ResyncInterval: '1m0s' });

describe.skipIf(!canMakeNamespaces())('ip-masq-agent in a real kernel', () => {
  let world: NetnsWorld;
  let nft: Nft;
  let markRule: PolicyRule;
  let loads: string[];
  let configs: ManualInformer<ConfigMap>;
  let exempted: ManualInformer<ExemptPod>;
  let strict: ManualInformer<VpcEni>;
  let events: EventInput[];
  let metrics: MasqMetrics;
  let clock: FakeClock;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    world = createNetnsWorld('m');
    world.must(
      'node',
      `echo 1 >/proc/sys/net/ipv4/ip_forward; ip link add tkepod type veth peer name eth0 netns ${world.netns('pod')}
       ip link set tkepod up; ip route add ${POD_IP} dev tkepod; echo 1 >/proc/sys/net/ipv4/conf/tkepod/proxy_arp`,
    );
    world.must(
      'pod',
      `ip link set lo up; ip link set eth0 up; ip address add ${POD_IP}/32 dev eth0
       ip route add 169.254.1.1 dev eth0; ip route add default via 169.254.1.1`,
    );
    world.must('router', `ip route add ${POD_IP} via ${NODE_IP} dev tonode onlink`);
    await world.serve('client', CLIENT_IP, 8080);
    await world.serve('pod', POD_IP, 8080);
    await world.serve('node', NODE_IP, 8081);
  });
  afterAll(() => world.close());

  /** The source address that the other side saw. */
  const seen = (from: string, to: string, port = 8080): string =>
    world.run(from, ['curl', '-s', '--noproxy', '*', '--connect-timeout', '2', `http://${to}:${port}/`]).stdout;

  const start = (): void => {
    const tool = nodeTool(world.netns('node'));
    const real = createNft(tool);
    loads = [];
    nft = {
      ...real,
      load: async (text) => {
        await real.load(text);
        loads.push(text);
      },
      loadWhole: async (text) => {
        const table = await real.loadWhole(text);
        loads.push(text);
        return table;
      },
    };
    configs = createManualInformer<ConfigMap>(configMaps);
    configs.sync();
    events = [];
    metrics = createMasqMetrics();
    clock = createFakeClock();
    markRule = createMarkRule(tool);
    const ending = new AbortController();
    exempted = createManualInformer<ExemptPod>(pods as never);
    strict = createManualInformer<VpcEni>(vpcEnis);
    const controller = createMasquerade({
      nft,
      exemptPods: createExemptPods({
        pods: () => exempted,
        enis: () => strict,
        logger: silentLogger,
        signal: ending.signal,
      }),
      markRule,
      configs,
      recorder: { record: (event) => events.push(event) },
      metrics,
      podInterfaces: ['tke*'],
      clock,
      logger: silentLogger,
    });
    const running = controller.run(ending.signal);
    stop = async () => {
      ending.abort();
      await running;
    };
  };
  const put = (config: string): void =>
    configs.put({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: objectNames.masqConfig, namespace: objectNames.systemNamespace },
      data: { config },
    });
  const loaded = async (count: number): Promise<void> =>
    await expect.poll(() => loads.length, { timeout: 10_000, interval: 10 }).toBeGreaterThanOrEqual(count);
  const rulesFor = async (config: string): Promise<void> => {
    const before = loads.length;
    put(config);
    await loaded(before + 1);
  };

  beforeEach(async () => {
    world.run('node', ['nft', 'delete', 'table', ...MASQ_TABLE.split(' ')]);
    start();
    await loaded(1);
    return () => stop();
  });

  it('begins with the defaults, which leave private destinations alone', () => {
    expect(loads[0]).toContain('172.16.0.0/12');
    expect(seen('pod', CLIENT_IP)).toBe(POD_IP);
  });

  it('gives the address of the node to what a Pod sends out, and nothing else', async () => {
    await rulesFor(SNAT_ALL);
    expect(seen('pod', CLIENT_IP)).toBe(NODE_IP);
    expect(seen('client', POD_IP)).toBe(CLIENT_IP);
    expect(seen('pod', NODE_IP, 8081)).toBe(POD_IP);
    expect(seen('node', CLIENT_IP)).toBe(NODE_IP);
  });

  it('leaves the Pods of NonMasqueradeSrcCIDRs their own address, live and by element', async () => {
    await rulesFor(SNAT_ALL);
    await rulesFor(exempt(`${POD_IP}/32`));
    expect(loads.at(-1)).toBe(`add element ${MASQ_TABLE} nonmasq-src-4 { ${POD_IP}/32 }\n`);
    expect(seen('pod', CLIENT_IP)).toBe(POD_IP);
    await rulesFor(exempt('10.0.36.10/32'));
    expect(seen('pod', CLIENT_IP)).toBe(NODE_IP);
  });

  it('keeps the last good configuration when the new one is broken, and says so once', async () => {
    await rulesFor(SNAT_ALL);
    const before = loads.length;
    put('{"NonMasqueradeCIDRs":["10.0.36.1/24"]}');
    await expect.poll(() => events.length).toBe(1);
    expect(events[0]).toMatchObject({
      reason: 'InvalidMasqConfig',
      message:
        'CIDR "10.0.36.1/24" is not aligned to a CIDR block, ip: "10.0.36.1" network: "10.0.36.0/24"; the last good configuration stays in force',
    });
    expect(await metrics.registry.getSingleMetricAsString('ip_masq_agent_config_valid')).toContain('valid 0');
    await clock.advance(60_000);
    expect([events.length, loads.length]).toEqual([1, before]);
    expect(seen('pod', CLIENT_IP)).toBe(NODE_IP);
    // The next good one changes what was in force all the while: nothing was loaded in between.
    await rulesFor(exempt(`${POD_IP}/32`));
    expect(loads.slice(before)).toEqual([`add element ${MASQ_TABLE} nonmasq-src-4 { ${POD_IP}/32 }\n`]);
  });

  it('takes a source of all addresses and keys that it does not know, and warns of both', async () => {
    await rulesFor(SNAT_ALL);
    await rulesFor(JSON.stringify({ ...JSON.parse(exempt('0.0.0.0/0')), Nonsense: 1 }));
    expect(seen('pod', CLIENT_IP)).toBe(POD_IP);
    expect(events.map(({ reason, message }) => [reason, message.slice(0, 40)])).toEqual([
      ['MasqConfigWarning', expect.stringContaining('Nonsense: unknown key')],
      ['MasqConfigWarning', expect.stringContaining('nonMasqueradeSrcCIDRs: "0.0.0.0/0"')],
    ]);
    expect(await metrics.registry.getSingleMetricAsString('ip_masq_agent_config_valid')).toContain('valid 1');
  });

  it('keeps it over a restart, too; a node that never had one has the defaults', async () => {
    await rulesFor(SNAT_ALL);
    await stop();
    start();
    put('nonsense: [');
    await loaded(1);
    expect(seen('pod', CLIENT_IP)).toBe(NODE_IP);
    await stop();
    world.run('node', ['nft', 'delete', 'table', ...MASQ_TABLE.split(' ')]);
    start();
    put('nonsense: [');
    await loaded(1);
    expect(loads[0]).toContain('172.16.0.0/12');
  });

  it('puts right within the interval what somebody else did to the rules', { timeout: 90_000 }, async () => {
    const sees = (source: string, before: () => Promise<void> = () => Promise.resolve()): Promise<void> =>
      expect
        .poll(
          async () => {
            await before();
            return seen('pod', CLIENT_IP);
          },
          { timeout: 60_000, interval: 50 },
        )
        .toBe(source);
    put(SNAT_ALL);
    // What was loaded first may be the rules of no configuration.
    await sees(NODE_IP);
    world.must('node', `nft flush chain ${MASQ_TABLE} postrouting; ip rule del pref 1280`);
    expect(seen('pod', CLIENT_IP)).toBe(POD_IP);
    // The round before may not have ended yet, and then its end sets the time of the next. A round that runs has its time: a clock that moves on ends it.
    let looks = 0;
    await sees(NODE_IP, async () => {
      if (looks++ % 20 === 0) await clock.advance(60_000);
    });
    expect(await metrics.registry.getSingleMetricAsString('ip_masq_agent_rules_repaired_total')).toContain('total 2');
    expect(world.run('node', ['ip', 'rule', 'show', 'pref', '1280']).stdout).toContain('fwmark 0x40/0x40');
  });

  it('touches nothing while nothing has changed', async () => {
    await rulesFor(SNAT_ALL);
    const before = loads.length;
    put(`${SNAT_ALL} `);
    await clock.advance(180_000);
    expect(loads).toHaveLength(before);
  });

  it('leaves connections alone that a change does not concern', async () => {
    await rulesFor(SNAT_ALL);
    const script = `const s=require("net").connect(8080,"${CLIENT_IP}",()=>console.log("connected"));
      process.stdin.once("data",()=>s.write("GET / HTTP/1.0\\r\\n\\r\\n")); s.setEncoding("utf8").on("data",(t)=>console.log(t)); setTimeout(()=>process.exit(1),15000).unref()`;
    const caller = spawn('nsenter', [`--net=${world.netns('pod')}`, process.execPath, '-e', script]);
    try {
      await once(caller.stdout, 'data');
      await rulesFor(exempt(`${POD_IP}/32`));
      expect(seen('pod', CLIENT_IP)).toBe(POD_IP);
      caller.stdin.write('go');
      const [answer] = (await once(caller.stdout, 'data')) as [Buffer];
      expect(answer.toString()).toContain(NODE_IP);
    } finally {
      caller.kill('SIGKILL');
    }
  });

  describe('with Pods that are exempt by themselves', () => {
    const auto = JSON.stringify({
      NonMasqueradeCIDRs: ['10.0.36.0/24'],
      NonMasqueradeEIPPods: true,
      NonMasqueradeStrictPods: true,
    });
    const podWith = (annotations: Record<string, string>): ExemptPod =>
      projectExemptPod({
        metadata: { name: 'web-0', namespace: 'default', annotations },
        spec: {},
        status: { podIP: POD_IP },
      } as Pod);
    const withEip = podWith({ 'tke.cloud.tencent.com/eip-public-ip': '203.0.113.5' });
    const strictEni = (phase: string): VpcEni =>
      ({
        metadata: { name: 'sub-1' },
        spec: { type: 'SubENI', enforcingMode: 'strict' },
        status: { phase, eni: { addresses: [{ ip: POD_IP }] } },
      }) as VpcEni;

    it('leaves a Pod its own address from when its EIP is bound until it is not, without an edit', async () => {
      exempted.sync();
      strict.sync();
      await rulesFor(auto);
      expect(seen('pod', CLIENT_IP)).toBe(NODE_IP);
      exempted.put(withEip);
      await expect.poll(() => seen('pod', CLIENT_IP), { timeout: 10_000 }).toBe(POD_IP);
      exempted.put(podWith({ 'tke.cloud.tencent.com/eip-attributes': '{}' }));
      await expect.poll(() => seen('pod', CLIENT_IP), { timeout: 10_000 }).toBe(NODE_IP);
    });

    it('leaves a strict Pod its own address until its sub-ENI is kept for another', async () => {
      exempted.sync();
      strict.sync();
      strict.put(strictEni('Ready'));
      await rulesFor(auto);
      expect(seen('pod', CLIENT_IP)).toBe(POD_IP);
      strict.put(strictEni('Kept'));
      await expect.poll(() => seen('pod', CLIENT_IP), { timeout: 10_000 }).toBe(NODE_IP);
    });

    it('never takes it away while it starts and does not know its Pods yet', async () => {
      exempted.sync();
      strict.sync();
      exempted.put(withEip);
      await rulesFor(auto);
      await stop();
      start();
      put(auto);
      await loaded(1);
      expect(seen('pod', CLIENT_IP)).toBe(POD_IP);
      expect(loads.at(-1)).toContain(`${POD_IP}/32`);
      exempted.sync();
      strict.sync();
      await expect.poll(() => seen('pod', CLIENT_IP), { timeout: 10_000 }).toBe(NODE_IP);
    });

    it('exempts nobody while that is not asked for', async () => {
      exempted.sync();
      exempted.put(withEip);
      await rulesFor(SNAT_ALL);
      expect(seen('pod', CLIENT_IP)).toBe(NODE_IP);
    });
  });

  describe('when it is stopped', () => {
    const found = (answer: () => KubeObject) => ({ get: () => Promise.resolve(answer()) }) as never;
    const daemonSet = (deletionTimestamp?: string): KubeObject => ({
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'ip-masq-agent', ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) },
    });
    const refused =
      (status: number, reason: string): (() => never) =>
      () => {
        throw new ApiError({ status, reason, message: reason } as never);
      };

    it.each([
      ['the DaemonSet is there: a restart', () => daemonSet(), true],
      ['the DaemonSet is going', () => daemonSet('2026-01-01T00:00:00Z'), false],
      ['the DaemonSet is gone', refused(404, 'NotFound'), false],
      ['its ServiceAccount is gone', refused(401, 'Unauthorized'), false],
      ['the API does not answer', refused(503, 'ServiceUnavailable'), true],
    ])('%s', async (_title, answer, stays) => {
      await farewell({ client: found(answer), nft, markRule, logger: silentLogger });
      expect((await nft.read()) !== undefined).toBe(stays);
      const rules = world.run('node', ['ip', 'rule', 'show', 'pref', '1280']).stdout;
      expect(rules.includes('fwmark 0x40/0x40 lookup main')).toBe(stays);
      expect(seen('pod', CLIENT_IP)).toBe(POD_IP);
    });
  });
});
