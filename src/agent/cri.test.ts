// A runtime that is not ours, asked as kubelet asks it: Debian's containerd makes and ends Pods' sandboxes with what the agent has installed and written.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import type { Pod } from '../kube/resources.ts';
import { createReturnPath } from './return-path.ts';
import { type CriClient, createCriClient, type SandboxWish } from './testing/cri-client.ts';
import { canMakeNamespaces, NODE_IP, steady } from './testing/netns-world.ts';
import { nodeTool } from './testing/node-tool.ts';
import { createProgramWorld, type ProgramWorld } from './testing/program-world.ts';
import { NODE } from './testing/service-world.ts';
import { eniInfoOf } from './testing/shared-enis.ts';

const IPS = ['10.0.35.21', '10.0.35.22'];
const PLUGINS = '/usr/lib/cni';
const PATH = `${process.env['PATH']}:/usr/sbin`;
const missing = ['containerd', 'ctr', 'runc', 'iptables', 'tc']
  .filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`], { env: { PATH } }).status !== 0)
  .concat(['portmap', 'bandwidth', 'loopback'].filter((plugin) => !existsSync(join(PLUGINS, plugin))));
const WITHOUT = missing.length === 0 ? '' : ` (unavailable without ${missing.join(', ')})`;

describe.skipIf(!canMakeNamespaces() || missing.length > 0)(`containerd, asked as kubelet asks it${WITHOUT}`, () => {
  let program: ProgramWorld;
  let cri: CriClient;
  let containerd: ChildProcess;
  let folder: string;
  const made = new Set<string>();

  beforeAll(async () => {
    program = await createProgramWorld('k');
    const { base } = program;
    await program.shareEni(IPS);
    folder = join(base, 'containerd');
    mkdirSync(join(base, 'bin'), { recursive: true });
    for (const plugin of ['portmap', 'bandwidth', 'loopback'])
      copyFileSync(join(PLUGINS, plugin), join(base, 'bin', plugin));
    containerd = await startContainerd(program, folder);
    cri = createCriClient(join(folder, 'containerd.sock'));
  });
  afterAll(async () => {
    for (const id of made) await cri.removeSandbox(id).catch(() => undefined);
    const ended = once(containerd, 'close');
    containerd.kill('SIGTERM');
    await ended;
    await program.close();
  });

  const startAgent = (): Promise<void> =>
    program.startAgent((own) => own, {
      // Its mounts are its own, as on a node where the agent looks through a hostPath.
      netnsDirectory: `/proc/${containerd.pid}/root/run/netns`,
      chained: ['port-mapping', 'bandwidth'],
      returnPath: createReturnPath(nodeTool(program.world.netns('node'))),
      addTimeoutMs: 500,
    });
  const plugIn = (indexes: readonly number[]) =>
    program.setStatus(nodeEniConfigs, NODE, { eniInfos: indexes.map((index) => eniInfoOf(index)) });
  const untilNetworkReady = (ready: boolean) =>
    vi.waitUntil(async () => (await cri.networkReady()) === ready, { timeout: 20_000 });
  const run = async ({ metadata: { name, uid = '' } }: Pod, more: Partial<SandboxWish> = {}): Promise<string> => {
    const id = await cri.runSandbox({ name, uid, namespace: 'ns', logDirectory: folder, ...more });
    made.add(id);
    return id;
  };
  const remove = async (id: string): Promise<void> => {
    await cri.removeSandbox(id);
    made.delete(id);
  };
  const onNode = (...commands: readonly string[]): string =>
    program.world.run('node', ['sh', '-c', commands.join('; ')]).stdout;
  /** What the sandbox's own program answers to an unknown path. */
  const statusOf = (host: string, port: number): string =>
    program.world.run('client', [
      'sh',
      '-c',
      `curl -s -o /dev/null -w '%{http_code}' --noproxy '*' --connect-timeout 2 --retry-connrefused --retry 5 http://${host}:${port}/none`,
    ]).stdout;
  const wired = (): string => steady(onNode('ip rule', 'ip -o link', 'tc qdisc show', 'nft list ruleset'));

  it('the runtime calls the network ready exactly while the configuration of the agent is there', async () => {
    expect(await cri.networkReady()).toBe(false);
    await startAgent();
    expect(await cri.networkReady()).toBe(false);
    await plugIn([1]);
    await untilNetworkReady(true);
    await plugIn([]);
    await untilNetworkReady(false);
    await plugIn([1]);
    await untilNetworkReady(true);
  });

  it('a sandbox has its address, its port on the node and its rate from what the runtime tells the plugins, until it is removed', async () => {
    const pod = await program.createPod('web', { networks: null });
    const id = await run(pod, {
      portMappings: [{ hostPort: 18080, containerPort: 8080 }],
      annotations: { 'kubernetes.io/ingress-bandwidth': '10M' },
    });
    const ip = await cri.addressOf(id);
    expect(IPS).toContain(ip);
    expect([statusOf(ip, 8080), statusOf(NODE_IP, 18080)]).toEqual(['404', '404']);
    expect(onNode('tc qdisc show')).toContain('rate 10Mbit');
    await remove(id);
    expect(wired()).not.toMatch(new RegExp(`${ip}|tke[0-9a-f]{11}|18080|10Mbit`));
  });

  it('what ADD waited for in vain is what the runtime tells kubelet, whose event it becomes; and nothing is left', async () => {
    const before = wired();
    const pod = await program.createPod('waits');
    await expect(run(pod)).rejects.toThrow(
      /failed to setup network for sandbox "\w+": plugin type="tke-route-eni" failed \(add\): Pod ns\/waits: no network within 0\.5 s: no VpcENI sub-\S+ yet/,
    );
    expect(wired()).toBe(before);
  });

  it('a sandbox is removed while the agent is away, which does its part when it is back', async () => {
    const pod = await program.createPod('late', { networks: null });
    const id = await run(pod);
    const ip = await cri.addressOf(id);
    await program.stopAgent();
    await remove(id);
    expect(readdirSync(join(program.base, 'state/tombstones'))).toEqual([id]);
    expect(onNode('ip rule')).toContain(ip);
    await startAgent();
    expect(readdirSync(join(program.base, 'state/tombstones'))).toEqual([]);
    expect(onNode('ip rule')).not.toContain(ip);
  });
});

async function startContainerd(program: ProgramWorld, folder: string): Promise<ChildProcess> {
  const { base, world } = program;
  mkdirSync(join(folder, 'image'), { recursive: true });
  writeFileSync(
    join(folder, 'config.toml'),
    `version = 2
root = "${folder}/root"
state = "${folder}/state"
[grpc]
  address = "${folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/library/pause:1"
  disable_apparmor = true
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "native"
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "${base}/bin"
  conf_dir = "${base}/net.d"
`,
  );
  const script = `
    mount --make-rprivate /
    mount -t tmpfs none /run; mkdir -p /run/netns
    exec containerd -c ${folder}/config.toml 2>${folder}/log`;
  const child = spawn('nsenter', [`--net=${world.netns('node')}`, 'unshare', '--mount', 'sh', '-uec', script], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      PATH,
      TKE_ENI_AGENT_SOCKET: join(base, 'agent.sock'),
      TKE_ENI_AGENT_TOMBSTONES: join(base, 'state/tombstones'),
    },
  });
  const image = `
    cd ${folder}/image; mkdir -p layer/bin; cp /bin/busybox layer/bin/; tar -cf layer.tar -C layer .
    echo '{"architecture":"amd64","os":"linux","config":{"Cmd":["/bin/busybox","httpd","-f","-p","8080"]},"rootfs":{"type":"layers","diff_ids":["sha256:'$(sha256sum layer.tar | cut -d" " -f1)'"]}}' >config.json
    echo '[{"Config":"config.json","RepoTags":["pause:1"],"Layers":["layer.tar"]}]' >manifest.json
    tar -cf ../image.tar manifest.json config.json layer.tar
    ctr() { command ctr -a ${folder}/containerd.sock -n k8s.io "$@"; }
    until ctr version >/dev/null 2>&1; do sleep 0.1; done
    ctr image import --snapshotter native ../image.tar`;
  const imported = spawnSync('sh', ['-uec', image], { env: { PATH }, encoding: 'utf8', timeout: 30_000 });
  if (imported.status !== 0) throw new Error(`${imported.stderr} ${readFileSync(join(folder, 'log'), 'utf8')}`);
  return child;
}
