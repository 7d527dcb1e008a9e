// A runtime that is not ours: Debian's containerd makes and deletes a container on our plugin, with Debian's portmap and bandwidth behind it.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untilObject } from '../../lab/kube/testing/until-object.ts';
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import { type VpcEni, vpcEnis } from '../api/vpc-eni.ts';
import { addResultSchema } from '../cni/result.ts';
import { cniErrorResultSchema } from '../cni/error.ts';
import { cniVersions } from '../cni/version.ts';
import type { Pod } from '../kube/resources.ts';
import { conflist } from './conflist.ts';
import { canMakeNamespaces, CLIENT_IP } from './testing/netns-world.ts';
import { cniArgsOf, createProgramWorld, type ProgramWorld } from './testing/program-world.ts';
import { NODE } from './testing/service-world.ts';
import { eniInfoOf, poolOfIps, sharedEniOf } from './testing/shared-enis.ts';

const IPS = ['10.0.35.21', '10.0.35.22'];
const PLUGINS = '/usr/lib/cni';
const missing = [
  ...['containerd', 'ctr', 'runc'].filter(
    (tool) => spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${tool}`]).status !== 0,
  ),
  ...['portmap', 'bandwidth'].filter((plugin) => !existsSync(join(PLUGINS, plugin))),
];

describe.skipIf(!canMakeNamespaces())('the agent under a runtime that is not ours', () => {
  let program: ProgramWorld;
  let pod: Pod;

  beforeAll(async () => {
    program = await createProgramWorld('c');
    const { status, ...intent } = sharedEniOf(1, poolOfIps(...IPS));
    await program.client.create(vpcEnis, intent as VpcEni);
    await program.setStatus(vpcEnis, intent.metadata.name, status ?? {});
    const { mac, gateway } = eniInfoOf(1);
    for (const ip of IPS) program.world.plug({ mac, gateway, ip });
    await program.setStatus(nodeEniConfigs, NODE, { eniInfos: [eniInfoOf(1)] });
    await program.startAgent();
    await untilObject(program.client, nodeEniConfigs, {}, (object) => object.status?.node?.ready === true);
    pod = await program.createPod('web', { networks: null });
  });
  afterAll(() => program.close());

  const nodeState = (): string =>
    ['ip -o link', 'ip rule', 'ip -4 route show table all', 'nft list ruleset']
      .map((command) => program.world.run('node', command.split(' ')).stdout)
      .join('\n')
      // A carrier comes in its own time.
      .replaceAll(/ linkdown|NO-CARRIER,|,LOWER_UP|state \w+/g, '');

  describe.skipIf(missing.length > 0)(
    `containerd${missing.length > 0 ? ` (unavailable without ${missing.join(', ')})` : ''}`,
    () => {
      it('ADD and DEL: a container has its address and reaches the VPC, and leaves nothing behind', async () => {
        const before = nodeState();
        const { code, output } = await runContainer(program, pod);
        expect(code, output).toBe(0);
        expect(output).toMatch(/inet 10\.0\.35\.2[12]\/32/);
        expect(output).toContain('1 packets received');
        expect(nodeState()).toBe(before);
      });
    },
  );

  describe('the binary itself, with the inputs of the CNI specification', () => {
    const netns = (): string => program.world.netns('web');
    const conf = (cniVersion: string, more: object = {}): object => ({ cniVersion, disableIPv6: true, ...more });

    it.each(cniVersions)('ADD, CHECK with its result, and DEL in version %s', async (cniVersion) => {
      const added = await program.cni('ADD', pod, 'c1', netns(), conf(cniVersion));
      expect(added).toMatchObject({ code: 0 });
      const prevResult = addResultSchema.parse(JSON.parse(added.stdout));
      expect(prevResult.cniVersion).toBe(cniVersion);
      expect(await program.cni('CHECK', pod, 'c1', netns(), conf(cniVersion, { prevResult }))).toEqual({
        code: 0,
        stdout: '',
      });
      expect(await program.cni('DEL', pod, 'c1', netns(), conf(cniVersion, { prevResult }))).toEqual({
        code: 0,
        stdout: '',
      });
      const checked = await program.cni('CHECK', pod, 'c1', netns(), conf(cniVersion, { prevResult }));
      expect(cniErrorResultSchema.parse(JSON.parse(checked.stdout))).toMatchObject({ code: 3, cniVersion });
    });

    it('STATUS; and GC, which unwires what the runtime does not list and leaves what it lists', async () => {
      expect(await program.cni('STATUS', pod, '', '', conf('1.1.0'))).toEqual({ code: 0, stdout: '' });
      const before = nodeState();
      const other = await program.createPod('other', { networks: null });
      await program.cni('ADD', pod, 'c1', netns(), conf('1.1.0'));
      await program.cni('ADD', other, 'c2', program.world.netns('other'), conf('1.1.0'));
      const valid = { 'cni.dev/valid-attachments': [{ containerID: 'c1', ifname: 'eth0' }] };
      expect(await program.cni('GC', pod, '', '', conf('1.1.0', valid))).toEqual({ code: 0, stdout: '' });
      expect((await program.cni('CHECK', pod, 'c1', netns(), conf('1.1.0'))).code).toBe(0);
      expect((await program.cni('CHECK', other, 'c2', program.world.netns('other'), conf('1.1.0'))).code).toBe(1);
      await program.cni('DEL', pod, 'c1', netns(), conf('1.1.0'));
      expect(nodeState()).toBe(before);
    });
  });
});

describe.skipIf(!canMakeNamespaces())('a call that cannot be right', () => {
  let program: ProgramWorld;
  let good: Readonly<Record<string, string>>;
  const CONF = { cniVersion: '1.0.0', name: 'tke-eni', type: 'tke-route-eni' };

  beforeAll(async () => {
    program = await createProgramWorld('d');
    const { status, ...intent } = sharedEniOf(1, poolOfIps(...IPS));
    await program.client.create(vpcEnis, intent as VpcEni);
    await program.setStatus(vpcEnis, intent.metadata.name, status ?? {});
    await program.setStatus(nodeEniConfigs, NODE, { eniInfos: [eniInfoOf(1)] });
    await program.startAgent();
    await untilObject(program.client, nodeEniConfigs, {}, (object) => object.status?.node?.ready === true);
    const pod = await program.createPod('web', { networks: null });
    program.world.must('web', 'ip link add taken0 type veth peer name taken1');
    good = {
      CNI_COMMAND: 'ADD',
      CNI_CONTAINERID: 'c-web',
      CNI_NETNS: program.world.netns('web'),
      CNI_IFNAME: 'eth0',
      CNI_ARGS: cniArgsOf(pod),
      CNI_PATH: '/opt/cni/bin',
    };
  });
  afterAll(() => program.close());

  /** Node and Pod, whole: links, addresses, rules, routes, neighbours and nftables, and the records on disk. */
  const dump = (): string =>
    ['node', 'web']
      .flatMap((name) =>
        ['ip link', 'ip -4 address', 'ip rule', 'ip -4 route show table all', 'ip neighbour', 'nft list ruleset'].map(
          (command) => program.world.run(name, command.split(' ')).stdout,
        ),
      )
      .concat(spawnSync('find', [join(program.base, 'state'), '-name', '*.json*'], { encoding: 'utf8' }).stdout)
      .join('\n')
      .replaceAll(
        / linkdown|state \w+|NO-CARRIER,|,LOWER_UP|valid_lft.*$|^.* inet6 .*$| (?:REACHABLE|STALE|DELAY|PROBE)/gm,
        '',
      );
  const withConf = (more: object): string => JSON.stringify({ ...CONF, ...more });

  it.each<[string, object, string | undefined, number, RegExp]>([
    ['garbage on stdin', {}, '\u0000{[garbage', 6, /not JSON/],
    ['nothing on stdin', {}, '', 6, /not JSON/],
    ['a list instead of an object', {}, '[]', 1, /cniVersion/],
    ['a version of the future', {}, withConf({ cniVersion: '9.0.0' }), 1, /9\.0\.0/],
    ['a configuration without a name', {}, withConf({ name: '' }), 7, /name/],
    ['an MTU that no link has', {}, withConf({ mtu: 70_000 }), 7, /mtu/],
    ['10 MB of configuration', {}, withConf({ more: 'x'.repeat(10_000_000) }), 6, /1 MiB/],
    ['a result of another plugin', {}, withConf({ prevResult: {} }), 7, /first plugin/],
    ['no command', { CNI_COMMAND: '' }, undefined, 4, /CNI_COMMAND/],
    ['another command', { CNI_COMMAND: 'REMOVE' }, undefined, 4, /CNI_COMMAND/],
    ['no container id', { CNI_CONTAINERID: '' }, undefined, 4, /CNI_CONTAINERID/],
    ['a container id with slashes', { CNI_CONTAINERID: '../../etc/passwd' }, undefined, 4, /CNI_CONTAINERID/],
    ['no network namespace', { CNI_NETNS: '' }, undefined, 4, /CNI_NETNS/],
    ['a namespace that is a file', { CNI_NETNS: '/etc/passwd' }, undefined, 101, /etc\/passwd/],
    ['a namespace that is not there', { CNI_NETNS: '/run/netns/nowhere' }, undefined, 101, /nowhere/],
    ['an interface name that is too long', { CNI_IFNAME: 'an-interface-name' }, undefined, 4, /CNI_IFNAME/],
    ['an interface name that is in use', { CNI_IFNAME: 'taken0' }, undefined, 101, /taken0/],
    ['no arguments', { CNI_ARGS: '' }, undefined, 4, /CNI_ARGS/],
    ['arguments that are no pairs', { CNI_ARGS: 'K8S_POD_NAME' }, undefined, 4, /KEY=VALUE/],
    ['a line break in the arguments', { CNI_ARGS: 'A=1\r\nX-CNI-Command: DEL' }, undefined, 4, /CNI_ARGS/],
    ['a Pod that is not there', { CNI_ARGS: 'K8S_POD_NAMESPACE=ns;K8S_POD_NAME=nobody' }, undefined, 100, /nobody/],
  ])(
    '%s: an error with its code that says what is wrong, and nothing left behind',
    async (_, changes, stdin, code, said) => {
      const before = dump();
      const answer = await program.entry({ ...good, ...changes }, stdin ?? withConf({}));
      expect(answer.code).toBe(1);
      const error = cniErrorResultSchema.parse(JSON.parse(answer.stdout));
      expect(error).toMatchObject({ code, msg: expect.stringMatching(said) });
      expect(dump()).toBe(before);
    },
  );

  it('an address that the node has on a device: an error that names it, and nothing left behind', async () => {
    program.world.must('node', 'ip address add 10.0.35.21/32 dev eth1; ip address add 10.0.35.22/32 dev eth1');
    const before = dump();
    const answer = await program.entry(good, withConf({}));
    expect(cniErrorResultSchema.parse(JSON.parse(answer.stdout))).toMatchObject({
      code: 101,
      msg: expect.stringMatching(/address 10\.0\.35\.2[12] of the Pod is on a device of the node/),
    });
    expect(dump()).toBe(before);
    program.world.must('node', 'ip address del 10.0.35.21/32 dev eth1; ip address del 10.0.35.22/32 dev eth1');
    expect((await program.entry(good, withConf({}))).code).toBe(0);
    expect((await program.entry({ ...good, CNI_COMMAND: 'DEL' }, withConf({}))).code).toBe(0);
  });
});

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** In the node's network and a mount namespace of its own, where the directories of the runtime are. `ctr` names no Pod, which a runtime of kubelet's does: a wrapper puts the arguments in. */
async function runContainer(program: ProgramWorld, pod: Pod): Promise<Ended> {
  const folder = join(program.base, 'containerd');
  for (const name of ['cni/bin', 'cni/net.d', 'rootfs/bin']) mkdirSync(join(folder, name), { recursive: true });
  const list = {
    ...conflist,
    plugins: [...conflist.plugins, { type: 'portmap', capabilities: { portMappings: true } }, { type: 'bandwidth' }],
  };
  writeFileSync(join(folder, 'cni/net.d/10-tke-eni.conflist'), JSON.stringify(list));
  for (const plugin of ['portmap', 'bandwidth']) copyFileSync(join(PLUGINS, plugin), join(folder, 'cni/bin', plugin));
  copyFileSync('/bin/busybox', join(folder, 'rootfs/bin/busybox'));
  writeFileSync(
    join(folder, 'cni/bin/tke-route-eni'),
    `#!/bin/sh
export CNI_ARGS='${cniArgsOf(pod)}' TKE_ENI_AGENT_SOCKET=${program.base}/agent.sock TKE_ENI_AGENT_TOMBSTONES=${program.base}/state/tombstones
exec ${program.base}/bin/tke-route-eni
`,
    { mode: 0o755 },
  );
  writeFileSync(
    join(folder, 'config.toml'),
    `version = 2
root = "${folder}/root"
state = "${folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "${folder}/containerd.sock"
`,
  );
  const script = `
    mount --make-rprivate /
    mount -t tmpfs none /run; mount -t tmpfs none /opt; mkdir -p /opt/cni
    cp -a /etc ${folder}/etc; mkdir -p ${folder}/etc/cni; mount --bind ${folder}/etc /etc
    mount --bind ${folder}/cni /opt/cni; mkdir -p /etc/cni/net.d; mount --bind ${folder}/cni/net.d /etc/cni/net.d
    containerd -c ${folder}/config.toml 2>${folder}/log &
    trap "kill $!" EXIT
    ctr() { command ctr -a ${folder}/containerd.sock "$@"; }
    until ctr version >/dev/null 2>&1; do kill -0 $! || { cat ${folder}/log; exit 1; }; sleep 0.1; done
    code=0
    ctr run --rm --rootfs --cni ${folder}/rootfs c-web /bin/busybox sh -c 'busybox ip address show eth0; busybox ping -c 1 -W 5 ${CLIENT_IP}' 2>&1 || code=$?
    exit $code`;
  const child = spawn('nsenter', [`--net=${program.world.netns('node')}`, 'unshare', '--mount', 'sh', '-uc', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
  });
  return await ended(child);
}

async function ended(child: ChildProcess): Promise<Ended> {
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}
