// hostPort: our plugin first, Debian's portmap behind it with the runtime's `portMappings`, and packets from outside the node.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untilObject } from '../../lab/kube/testing/until-object.ts';
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import { addResultSchema } from '../cni/result.ts';
import type { Pod } from '../kube/resources.ts';
import { createReturnPath } from './return-path.ts';
import { canMakeNamespaces, CLIENT_IP, NODE_IP } from './testing/netns-world.ts';
import { nodeTool } from './testing/node-tool.ts';
import { cniArgsOf, createProgramWorld, type ProgramWorld } from './testing/program-world.ts';
import { eniOf, NODE } from './testing/service-world.ts';
import { eniInfoOf } from './testing/shared-enis.ts';

const IPS = ['10.0.35.21', '10.0.35.22'];
const SUBS = {
  standard: { mac: '20:90:6f:00:01:01', ip: '10.0.36.21', vlanId: 101 },
  strict: { mac: '20:90:6f:00:01:02', ip: '10.0.36.22', vlanId: 102 },
};
const PLUGINS = '/usr/lib/cni';
const PATH = `${process.env['PATH']}:/usr/sbin`;
const missing = ['portmap', 'bandwidth']
  .filter((plugin) => !existsSync(join(PLUGINS, plugin)))
  .concat(
    ['iptables', 'nft', 'tc'].filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`], { env: { PATH } }).status),
  );
const WITHOUT = missing.length === 0 ? '' : ` (unavailable without ${missing.join(', ')})`;

describe.skipIf(!canMakeNamespaces() || missing.length > 0)(`ports of the node that lead to Pods${WITHOUT}`, () => {
  let program: ProgramWorld;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    program = await createProgramWorld('h');
    const { world } = program;
    await program.shareEni(IPS);
    await program.setStatus(nodeEniConfigs, NODE, { eniInfos: [eniInfoOf(1, { trunk: true })] });
    // As the VPC does it: from each ENI only its own addresses.
    world.must(
      'router',
      `nft "table ip own-address { chain forward { type filter hook forward priority 0; ip saddr ${NODE_IP} iifname != \\"tonode\\" counter drop; iifname \\"tonode\\" ip saddr != ${NODE_IP} counter drop; }; }"`.replaceAll(
        '}; }',
        '}\n}',
      ),
    );
    const path = createReturnPath(nodeTool(world.netns('node')));
    const isSet = Promise.withResolvers<boolean>();
    const returnPath = {
      ensure: () => {
        const changed = path.ensure();
        changed.then(isSet.resolve, isSet.reject);
        return changed;
      },
    };
    await program.startAgent((own) => own, { returnPath });
    await isSet.promise;
    await untilObject(program.client, nodeEniConfigs, {}, (object) => object.status?.node?.ready === true);
  });
  afterAll(async () => {
    for (const child of children) {
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
    }
    await program.close();
  });

  const nft = (): string => program.world.run('node', ['nft', 'list', 'ruleset']).stdout;
  /** What the runtime does behind our plugin, with what it knows of the Pod. */
  const chain = (command: 'ADD' | 'DEL', type: string, pod: Pod, prevResult: unknown, runtimeConfig: object): void => {
    const { name } = pod.metadata;
    const env = {
      PATH,
      CNI_COMMAND: command,
      CNI_CONTAINERID: `c-${name}`,
      CNI_NETNS: program.world.netns(name),
      CNI_IFNAME: 'eth0',
      CNI_ARGS: cniArgsOf(pod),
      CNI_PATH: PLUGINS,
    };
    const conf = { cniVersion: '0.3.1', name: 'tke-eni', type, prevResult, runtimeConfig };
    const argv = [`--net=${program.world.netns('node')}`, join(PLUGINS, type)];
    const done = spawnSync('nsenter', argv, { env, input: JSON.stringify(conf), encoding: 'utf8' });
    expect(done.status, done.stdout).toBe(0);
  };
  const addOf = async (pod: Pod) => {
    const { name } = pod.metadata;
    const added = await program.cni('ADD', pod, `c-${name}`, program.world.netns(name));
    expect(added.code, added.stdout).toBe(0);
    const result = addResultSchema.parse(JSON.parse(added.stdout));
    return { result, ip: result.ips[0]?.address.replace('/32', '') ?? '' };
  };
  const delOf = (pod: Pod) => program.cni('DEL', pod, `c-${pod.metadata.name}`, program.world.netns(pod.metadata.name));
  /** What the server behind it saw as its caller; empty when nobody answered. */
  const ask = (from: string, host: string, port: number): string =>
    program.world.run(from, ['curl', '-s', '--noproxy', '*', '--connect-timeout', '1', `http://${host}:${port}/`])
      .stdout;
  /** Says back what comes by UDP; resolves once it listens. */
  const echo = async (name: string, host: string, port: number): Promise<void> => {
    const script = `const s = require("dgram").createSocket("udp4");
      s.on("message", (m, {address, port}) => s.send(m + " from " + address, port, address)).bind(${port}, "${host}", () => console.log("bound"))`;
    const argv = [`--net=${program.world.netns(name)}`, process.execPath, '-e', script];
    const child = spawn('nsenter', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    await once(child.stdout, 'data');
  };
  const askUdp = (host: string, port: number): string =>
    program.world.run('client', [
      process.execPath,
      '-e',
      `const s = require("dgram").createSocket("udp4"); s.on("message", (m) => { console.log(String(m)); s.close(); process.exit(); });
       s.send("hello", ${port}, "${host}"); setTimeout(() => process.exit(1), 2000)`,
    ]).stdout;
  const subEniPod = async (name: 'standard' | 'strict'): Promise<Pod> => {
    const pod = await program.createPod(name);
    await program.putEni(eniOf(pod, SUBS[name], { enforcingMode: name }));
    program.world.plug({ ...SUBS[name], gateway: '10.0.36.1' });
    return pod;
  };

  it('of a Pod with a shared address: TCP and UDP, from outside and from the node, until DEL', async () => {
    const pod = await program.createPod('web', { networks: null });
    const { result, ip } = await addOf(pod);
    const runtimeConfig = {
      portMappings: [
        { hostPort: 18080, containerPort: 8080, protocol: 'tcp' },
        { hostPort: 15353, containerPort: 5353, protocol: 'udp' },
      ],
    };
    chain('ADD', 'portmap', pod, result, runtimeConfig);
    await program.world.serve('web', ip, 8080);
    expect(ask('client', NODE_IP, 18080)).toBe(CLIENT_IP);
    expect(ask('node', NODE_IP, 18080)).toBe(NODE_IP);
    await echo('web', ip, 5353);
    expect(askUdp(NODE_IP, 15353)).toBe(`hello from ${CLIENT_IP}\n`);
    chain('DEL', 'portmap', pod, result, runtimeConfig);
    expect((await delOf(pod)).code).toBe(0);
    expect(ask('client', NODE_IP, 18080)).toBe('');
    expect(nft()).not.toMatch(/18080|15353/);
  });

  it("beside a rate that Debian's bandwidth sets on our device, which goes with it", async () => {
    const pod = await program.createPod('slow', { networks: null });
    const { result } = await addOf(pod);
    const bandwidth = { ingressRate: 8_000_000, ingressBurst: 800_000, egressRate: 8_000_000, egressBurst: 800_000 };
    chain('ADD', 'bandwidth', pod, result, { bandwidth });
    const shaped = (): readonly string[] =>
      program.world.run('node', ['tc', 'qdisc', 'show']).stdout.match(/tbf .*rate \S+/g) ?? [];
    expect(shaped()).toHaveLength(2);
    chain('DEL', 'bandwidth', pod, result, { bandwidth });
    expect((await delOf(pod)).code).toBe(0);
    expect(shaped()).toEqual([]);
  });

  it('of a Pod with a sub-ENI and standard routing', async () => {
    const pod = await subEniPod('standard');
    const { result, ip } = await addOf(pod);
    chain('ADD', 'portmap', pod, result, { portMappings: [{ hostPort: 18081, containerPort: 8080, protocol: 'tcp' }] });
    await program.world.serve('standard', ip, 8080);
    expect(ask('client', NODE_IP, 18081)).toBe(CLIENT_IP);
  });

  it('of a Pod with strict routing lead nowhere: its callers time out', async () => {
    const pod = await subEniPod('strict');
    const { result, ip } = await addOf(pod);
    chain('ADD', 'portmap', pod, result, { portMappings: [{ hostPort: 18082, containerPort: 8080, protocol: 'tcp' }] });
    await program.world.serve('strict', ip, 8080);
    expect(ask('client', ip, 8080)).toBe(CLIENT_IP);
    expect(ask('client', NODE_IP, 18082)).toBe('');
    // Why: the node finds a strict Pod only through the VPC, and sends the call out with the caller's address, which is not its own.
    expect(program.world.run('router', ['nft', 'list', 'chain', 'ip', 'own-address', 'forward']).stdout).toMatch(
      /iifname "tonode" ip saddr != \S+ counter packets [1-9]/,
    );
  });
});
