// A runtime that is not ours: Debian's containerd makes and deletes a container on our plugin, with Debian's portmap and bandwidth behind it.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untilObject } from '../../lab/kube/testing/until-object.ts';
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import { addResultSchema } from '../cni/result.ts';
import { cniErrorResultSchema } from '../cni/error.ts';
import { cniVersions } from '../cni/version.ts';
import type { Pod } from '../kube/resources.ts';
import { conflist } from './conflist.ts';
import { canMakeNamespaces, CLIENT_IP, steady } from './testing/netns-world.ts';
import { cniArgsOf, type CniOutcome, createProgramWorld, type ProgramWorld } from './testing/program-world.ts';
import { NODE } from './testing/service-world.ts';
import { eniInfoOf } from './testing/shared-enis.ts';

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
    await program.shareEni(IPS);
    await program.setStatus(nodeEniConfigs, NODE, { eniInfos: [eniInfoOf(1)] });
    await program.startAgent();
    await untilObject(program.client, nodeEniConfigs, {}, (object) => object.status?.node?.ready === true);
    pod = await program.createPod('web', { networks: null });
  });
  afterAll(() => program.close());

  const nodeState = (): string =>
    steady(
      ['ip -o link', 'ip rule', 'ip -4 route show table all', 'nft list ruleset']
        .map((command) => program.world.run('node', command.split(' ')).stdout)
        .join('\n'),
    );

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

    it.each(cniVersions)('ADD, CHECK with its result where there is one, and DEL in version %s', async (cniVersion) => {
      const added = await program.cni('ADD', pod, 'c1', netns(), conf(cniVersion));
      expect(added).toMatchObject({ code: 0 });
      const prevResult: unknown = JSON.parse(added.stdout);
      const [{ name, mac }, inside] = addResultSchema.parse(prevResult).interfaces as [Link, Link];
      const [{ address }] = addResultSchema.parse(prevResult).ips as [{ address: string }];
      expect(IPS.map((ip) => `${ip}/32`)).toContain(address);
      const family = cniVersion.startsWith('0.') ? { version: '4' } : {};
      expect(prevResult).toEqual({
        cniVersion,
        interfaces: [
          { name, mac },
          { name: 'eth0', mac: inside.mac, sandbox: netns() },
        ],
        ips: [{ ...family, address, gateway: '169.254.1.1', interface: 1 }],
        routes: [{ dst: '0.0.0.0/0', gw: '169.254.1.1' }],
        dns: {},
      });
      const check = () => program.cni('CHECK', pod, 'c1', netns(), conf(cniVersion, { prevResult }));
      const checked = await check();
      // The specification has it since 0.4.0.
      if (cniVersion === '0.3.1')
        expect(errorIn(checked)).toMatchObject({ code: 1, cniVersion, msg: 'cniVersion 0.3.1 has no CHECK' });
      else {
        expect(checked).toEqual({ code: 0, stdout: '' });
        const wrong = conf(cniVersion, { prevResult: { cniVersion, ips: [{ address: '10.0.35.99/32' }] } });
        expect(errorIn(await program.cni('CHECK', pod, 'c1', netns(), wrong))).toMatchObject({
          code: 7,
          msg: `prevResult has the addresses 10.0.35.99/32; container c1 has ${address}`,
        });
      }
      const deleted = await program.cni('DEL', pod, 'c1', netns(), conf(cniVersion, { prevResult }));
      expect(deleted).toEqual({ code: 0, stdout: '' });
      expect(errorIn(await check())).toMatchObject({ code: cniVersion === '0.3.1' ? 1 : 3, cniVersion });
    });

    it.each(cniVersions.slice(0, -1))(
      'STATUS and GC are not in version %s, and GC unwires nothing',
      async (cniVersion) => {
        await program.cni('ADD', pod, 'c1', netns(), conf(cniVersion));
        const before = nodeState();
        for (const command of ['STATUS', 'GC'])
          expect(
            errorIn(await program.cni(command, pod, '', '', conf(cniVersion, { 'cni.dev/valid-attachments': [] }))),
          ).toEqual({
            cniVersion,
            code: 1,
            msg: `cniVersion ${cniVersion} has no ${command}`,
            details: 'expected 1.1.0 or newer',
          });
        expect(nodeState()).toBe(before);
        await program.cni('DEL', pod, 'c1', netns(), conf(cniVersion));
      },
    );

    it('VERSION names the same versions, which every other is refused against', async () => {
      const { stdout } = await program.entry({ CNI_COMMAND: 'VERSION' }, '{"cniVersion":"1.1.0"}');
      expect(JSON.parse(stdout)).toEqual({ cniVersion: '1.1.0', supportedVersions: [...cniVersions] });
      for (const cniVersion of ['0.2.0', '0.3.0', '2.0.0'])
        expect(errorIn(await program.cni('ADD', pod, 'c1', netns(), conf(cniVersion)))).toMatchObject({
          code: 1,
          details: `expected one of ${cniVersions.join(', ')}`,
        });
    });

    it.each(['tke-route-eni', 'tke-sub-eni'])(
      'the configuration of chaining guides, as %s, as it is: ADD, and DEL behind a plugin of others',
      async (type) => {
        const guide = {
          name: 'generic-veth',
          type,
          routeTable: 1,
          ipam: { type: 'tke-eni-ipamc', backend: '127.0.0.1:61677' },
        };
        const stdin = (more: object): string =>
          JSON.stringify({ cniVersion: '0.3.1', disableIPv6: true, mtu: 1500, ...guide, ...more });
        const variables = {
          CNI_CONTAINERID: 'c1',
          CNI_NETNS: netns(),
          CNI_IFNAME: 'eth0',
          CNI_ARGS: cniArgsOf(pod),
          CNI_PATH: join(program.base, 'bin'),
        };
        const own = join(program.base, 'bin', type);
        const added = await program.entry({ ...variables, CNI_COMMAND: 'ADD' }, stdin({}), own);
        expect(added.code, added.stdout).toBe(0);
        const prevResult: unknown = JSON.parse(added.stdout);
        const runtimeConfig = { portMappings: [{ hostPort: 80, containerPort: 80, protocol: 'tcp' }] };
        const deleted = await program.entry(
          { ...variables, CNI_COMMAND: 'DEL' },
          stdin({ prevResult, runtimeConfig }),
          own,
        );
        expect(deleted).toEqual({ code: 0, stdout: '' });
      },
    );

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

interface Link {
  readonly name: string;
  readonly mac?: string;
}

const errorIn = ({ stdout }: CniOutcome) => cniErrorResultSchema.parse(JSON.parse(stdout));

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
