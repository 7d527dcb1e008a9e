// For tests with a real kernel: a node, a router that stands for the VPC, Pods and a client, each a network namespace of its own.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createIpBatch, type IpBatch } from '../ip-batch.ts';
import { createKernel, type Kernel } from '../kernel.ts';
import { createResidentShell, quoted, type ResidentShell, type ShellOutcome } from './resident-shell.ts';

const IP_BATCH = resolve(import.meta.dirname, '../../../build/ip-batch');

/** As the product starts it, where it was built. */
export const builtIpBatch = (): IpBatch | undefined => (existsSync(IP_BATCH) ? createIpBatch(IP_BATCH) : undefined);

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
}

export interface NetnsWorld {
  /** The kernel of the node, as an agent inside it would have it. */
  readonly kernel: Kernel;
  /** Path of a namespace by its short name; made when it is not there. */
  netns(name: string): string;
  /** Runs to its end inside a namespace; never throws for an exit code. */
  run(name: string, argv: readonly string[]): Outcome;
  /** Same, several side by side, each in the namespace that it names; the outcomes in their order. */
  runAll(commands: readonly { readonly from: string; readonly argv: readonly string[] }[]): Promise<readonly Outcome[]>;
  /** Same, but throws. */
  must(name: string, script: string): void;
  /** Another node beside `node`, with eth0 and nothing else; its kernel. */
  addNode(name: string, ip: string): Kernel;
  /**
   * What the platform does for an ENI or a sub-ENI: a device with its MAC in the node, and the VPC's route to its address. The port of the
   * router that it is plugged into comes back; asked again for the same MAC, only the route is added.
   */
  plug(eni: {
    readonly mac: string;
    readonly ip: string;
    readonly gateway: string;
    /** Default `node`. */
    readonly node?: string;
    /** Of a sub-ENI: where the trunk carries tags, it is plugged as this VLAN on it, and the node makes its own device. */
    readonly vlanId?: number;
  }): string;
  /** Pulls the device of an ENI out; its routes in the VPC go with it. */
  unplug(mac: string): void;
  /** An HTTP server that answers every request with the caller's address; resolves once it listens. */
  serve(name: string, host: string, port: number): Promise<void>;
  /** Echo requests that have reached namespaces. */
  echoesIn(...names: readonly string[]): readonly number[];
  /** Packets that a device has received. */
  received(name: string, device: string): number;
  close(): Promise<void>;
}

/** False where the kernel or the user may not make namespaces; tests then are skipped, by name. */
export const canMakeNamespaces = (): boolean =>
  spawnSync('sh', ['-c', 'for tool in ip busybox curl nsenter; do command -v $tool || exit 1; done; unshare -n true'])
    .status === 0 && process.getuid?.() === 0;

/** False where the kernel has no 802.1Q devices, as in many sandboxes. */
export const canMakeVlans = (): boolean =>
  canMakeNamespaces() &&
  spawnSync('unshare', [
    '-n',
    'sh',
    '-ec',
    'ip link add name probe0 type veth peer name probe1; ip link add link probe0 name probe2 type vlan id 1',
  ]).status === 0;

/** What a look at a namespace told, without what changes by itself in its own time: carriers, neighbours, link-local addresses. */
export const steady = (text: string): string =>
  text.replaceAll(
    / linkdown|state \w+|NO-CARRIER,|,LOWER_UP|valid_lft.*$|^.* inet6 .*$| (?:REACHABLE|STALE|DELAY|PROBE)/gm,
    '',
  );

export const TRUNK_MAC = '20:90:6f:00:00:01';
export const CLIENT_IP = '10.0.50.2';
export const NODE_IP = '10.0.32.11';

/** `label` keeps worlds of parallel test files apart. `tagged`: sub-ENIs are VLANs on the trunk, as in the cloud. */
export function createNetnsWorld(label: string, { tagged = false } = {}): NetnsWorld {
  const made = new Map<string, string>();
  const servers: ChildProcess[] = [];
  /** By MAC: where an ENI is plugged in. The trunk is from the beginning. */
  const plugged = new Map([[TRUNK_MAC, 'totrunk']]);
  let ports = 0;
  const netns = (name: string): string => {
    const full = `tk${process.pid}${label}${name}`;
    if (!made.has(name)) {
      sh(`ip netns add ${full}`);
      made.set(name, full);
    }
    return `/run/netns/${full}`;
  };
  const enter = (name: string): readonly string[] => ['nsenter', `--net=${netns(name)}`];
  const shell = createResidentShell();
  const sh = (script: string): string => succeeded(script, shell.run(script));
  const run: NetnsWorld['run'] = (name, argv) => shell.run([...enter(name), ...argv].map(quoted).join(' '));
  const must: NetnsWorld['must'] = (name, script) => void sh([...enter(name), 'sh', '-ec', quoted(script)].join(' '));

  build(must, netns);
  const batch = builtIpBatch();
  const outside = createKernel(batch);
  return {
    kernel: kernelInside(outside, netns('node'), (script) => shell.run(script)),
    netns,
    run,
    must,
    runAll: (commands) => Promise.all(commands.map(({ from, argv }) => finished([...enter(from), ...argv]))),
    echoesIn: (...names) => {
      // One process to start, however many namespaces.
      const script = names.map((name) => `${enter(name).join(' ')} grep ^Icmp: /proc/net/snmp`).join('; ');
      const lines = sh(script).trim().split('\n');
      return names.map((_, at) => {
        const [heads = [], values = []] = [lines[2 * at], lines[2 * at + 1]].map((line = '') => line.split(' '));
        return Number(values[heads.indexOf('InEchos')]);
      });
    },
    received: (name, device) => {
      const counters = new RegExp(`^ *${device}: *\\d+ +(\\d+)`, 'm').exec(run(name, ['cat', '/proc/net/dev']).stdout);
      return Number(counters?.[1]);
    },
    addNode: (name, ip) => {
      addNode(must, netns, name, ip);
      return kernelInside(outside, netns(name), (script) => shell.run(script));
    },
    plug: ({ mac, ip, gateway, node = 'node', vlanId }) => {
      const known = plugged.get(mac);
      const port = known ?? `s${++ports}`;
      if (known === undefined && tagged && vlanId !== undefined)
        must('router', `ip link add link totrunk name ${port} type vlan id ${vlanId}; ip link set ${port} up`);
      else if (known === undefined)
        must(
          'router',
          `ip link add ${port} type veth peer name plug${ports} address ${mac} netns ${netns(node)}; ip link set ${port} up`,
        );
      plugged.set(mac, port);
      must(
        'router',
        `ip address replace ${gateway}/32 dev lo; echo 0 >/proc/sys/net/ipv4/conf/${port}/rp_filter
         ip neighbour replace 169.254.0.1 lladdr ${mac} dev ${port} nud permanent
         ip route replace ${ip}/32 via 169.254.0.1 dev ${port} onlink`,
      );
      return port;
    },
    unplug: (mac) => {
      must('router', `ip link delete ${plugged.get(mac) ?? mac}`);
      plugged.delete(mac);
    },
    serve: async (name, host, port) => {
      const script = `require("http").createServer((q,s)=>s.end(q.socket.remoteAddress)).listen(${port},"${host}",()=>console.log("listening"))`;
      const argv = [`--net=${netns(name)}`, process.execPath, '-e', script];
      const child = spawn('nsenter', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
      servers.push(child);
      await once(child.stdout, 'data');
    },
    close: async () => {
      batch?.close();
      for (const child of servers) {
        const ended = once(child, 'close');
        child.kill('SIGKILL');
        await ended;
      }
      sh([...made.values()].map((full) => `ip netns delete ${full}`).join('; '));
      shell.close();
    },
  };
}

function addNode(must: NetnsWorld['must'], netns: NetnsWorld['netns'], name: string, ip: string): void {
  const port = `to${name}`;
  must(
    name,
    `ip link set lo up; ip link add eth0 type veth peer name ${port} netns ${netns('router')}; ip link set eth0 up
     ip address add ${ip}/32 dev eth0; ip route add 169.254.7.7 dev eth0; ip route add default via 169.254.7.7 dev eth0`,
  );
  must('router', `ip link set ${port} up; ip address replace 169.254.7.7/32 dev lo; ip route add ${ip}/32 dev ${port}`);
}

/** Node and router are plugged into each other twice, as eth0 and as the trunk; the client hangs on the router. */
function build(must: NetnsWorld['must'], netns: NetnsWorld['netns']): void {
  addNode(must, netns, 'node', NODE_IP);
  must('node', `ip link add eth1 address ${TRUNK_MAC} type veth peer name totrunk netns ${netns('router')}`);
  must(
    'router',
    `ip link set lo up; ip link set totrunk up
     ip link add toclient type veth peer name eth0 netns ${netns('client')}; ip link set toclient up; ip address add 10.0.50.1/24 dev toclient
     echo 1 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter; echo 0 >/proc/sys/net/ipv4/conf/default/rp_filter`,
  );
  must(
    'client',
    `ip link set lo up; ip link set eth0 up; ip address add ${CLIENT_IP}/24 dev eth0; ip route add default via 10.0.50.1`,
  );
}

/** The product's kernel, led into the node's namespace. `run`: for what is done by a command. */
export function kernelInside(outside: Kernel, node: string, run: ResidentShell['run'] = runOnce): Kernel {
  return {
    ipBatch: (lines, options = {}) => outside.ipBatch(lines, { netns: node, ...options }),
    links: (options = {}) => outside.links({ netns: node, ...options }),
    hasLink: (device, options = {}) => outside.hasLink(device, { netns: node, ...options }),
    hasAddress: (address, options = {}) => outside.hasAddress(address, { netns: node, ...options }),
    addresses: (device, options = {}) => outside.addresses(device, { netns: node, ...options }),
    rules: () => outside.rules({ netns: node }),
    routes: () => outside.routes({ netns: node }),
    setSysctl: (name, value) => {
      const script = `nsenter --net=${node} sh -c 'echo ${value} >/proc/sys/${name}'`;
      succeeded(script, run(script));
      return Promise.resolve();
    },
    sysctl: (name) => {
      const { code, stdout } = run(`nsenter --net=${node} cat /proc/sys/${name}`);
      return Promise.resolve(code === 0 ? stdout.trim() : undefined);
    },
    watchLinks: (changed, signal) =>
      new Promise((resolve) => {
        const child = spawn('nsenter', [`--net=${node}`, 'ip', '-oneline', 'monitor', 'link'], {
          stdio: ['ignore', 'pipe', 'ignore'],
          signal,
        });
        child.stdout.on('data', changed);
        child.on('error', () => undefined);
        child.on('close', () => resolve());
      }),
  };
}

function finished([command = '', ...rest]: readonly string[]): Promise<Outcome> {
  return new Promise((done, failed) => {
    const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'ignore'], timeout: 10_000 });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.on('error', failed);
    child.on('close', (code) => done({ code, stdout }));
  });
}

/** By a shell of its own. */
function runOnce(script: string): ShellOutcome {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  return { code: status ?? 1, stdout, stderr };
}

/** What it said; throws when it failed. */
function succeeded(script: string, { code, stdout, stderr }: ShellOutcome): string {
  if (code !== 0) throw new Error(`${script}: ${stderr}`);
  return stdout;
}
