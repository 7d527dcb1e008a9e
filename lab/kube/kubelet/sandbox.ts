// The network of a Pod: the node's for host-network Pods, a machine of its own on super nodes, a namespace with CNI elsewhere.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { capabilityArgs } from './capability-args.ts';
import { createCniInvoker } from './cni-invoke.ts';
import type { CniTarget } from './cni-invoke.ts';
import { findCniNetwork } from './cni-config.ts';
import type { CniNetwork } from './cni-config.ts';
import { kubeletError } from './errors.ts';
import type { KubeletOptions } from './kubelet-types.ts';
import { networkNotReadyText } from './node-object.ts';
import type { NetworkState } from './node-object.ts';
import type { LabPod } from './pod-view.ts';

/** One attempt to give a Pod its network. An attempt that failed is removed and never attached again; the next has a new id. */
export interface Sandbox {
  /** 64 hexadecimal digits, CNI's container id. */
  readonly id: string;
  /** Network namespace of the Pod's processes; absent: the user's own network. */
  readonly netns: string | undefined;
  /** Empty before `attach`. */
  readonly ips: readonly string[];
  /** Makes the network. Throws a KUBELET error; then only `remove` may follow. */
  attach(): Promise<void>;
  /** Takes it down; repeating until it does not throw is right, steps that are done are not done again. */
  remove(): Promise<void>;
}

export interface SandboxDeps extends Pick<KubeletOptions, 'host' | 'node' | 'stateDir' | 'superNodeNetwork'> {
  readonly nodeRoot: string;
  readonly network: () => NetworkState;
}

/** A sandbox of the kind that the Pod and its node call for; nothing is done before `attach`. */
export function createSandbox(deps: SandboxDeps, pod: LabPod, id: string): Sandbox {
  const { node, superNodeNetwork } = deps;
  if (pod.spec.hostNetwork === true && node.kind !== 'super') return hostSandbox(deps, pod, id);
  if (node.kind === 'control-plane')
    return refusedSandbox(
      id,
      `node ${node.name} runs host-network Pods only; set hostNetwork: true or choose another node`,
    );
  if (node.kind === 'general') return cniSandbox(deps, pod, id);
  if (pod.spec.hostNetwork === true)
    return refusedSandbox(id, `node ${node.name} is a super node: it has no network of its own for hostNetwork: true`);
  if (superNodeNetwork === undefined)
    return refusedSandbox(
      id,
      `node ${node.name} is a super node, and this lab has no network for the Pods of super nodes`,
    );
  return machineSandbox(deps, superNodeNetwork, pod, id);
}

function hostSandbox(deps: SandboxDeps, pod: LabPod, id: string): Sandbox {
  const { node } = deps;
  const record = recordOf(deps, pod);
  return {
    id,
    netns: node.netns,
    ips: [node.internalIp],
    attach: () => (node.netns === undefined ? Promise.resolve() : record.write(node.netns)),
    remove: () => record.remove(),
  };
}

function refusedSandbox(id: string, message: string): Sandbox {
  return {
    id,
    netns: undefined,
    ips: [],
    attach: () => Promise.reject(kubeletError('unsupported', message)),
    remove: () => Promise.resolve(),
  };
}

function machineSandbox(
  deps: SandboxDeps,
  network: NonNullable<SandboxDeps['superNodeNetwork']>,
  pod: LabPod,
  id: string,
): Sandbox {
  const record = recordOf(deps, pod);
  const state: { netns?: string; ips: readonly string[] } = { ips: [] };
  return {
    id,
    get netns() {
      return state.netns;
    },
    get ips() {
      return state.ips;
    },
    attach: async () => {
      const { netns, ips } = await network.add(pod);
      state.netns = netns;
      state.ips = ips;
      await record.write(netns);
    },
    remove: async () => {
      await network.remove(pod.metadata.uid ?? '');
      await record.remove();
    },
  };
}

function cniSandbox(deps: SandboxDeps, pod: LabPod, id: string): Sandbox {
  const { host, node, nodeRoot } = deps;
  const netns = `cni-${(pod.metadata.uid ?? '').slice(0, 13)}-${id.slice(0, 6)}`;
  const record = recordOf(deps, pod);
  const cni = createCniInvoker({ host, nodeRoot, ...(node.netns === undefined ? {} : { nodeNetns: node.netns }) });
  let target: CniTarget = {
    containerId: id,
    netns,
    podNamespace: pod.metadata.namespace ?? 'default',
    podName: pod.metadata.name,
    podUid: pod.metadata.uid ?? '',
  };
  /** What is there and has to go again. */
  const state: {
    ips: readonly string[];
    network?: CniNetwork;
    added?: unknown;
    hasNetns: boolean;
    isRecorded: boolean;
  } = {
    ips: [],
    hasNetns: false,
    isRecorded: false,
  };
  return {
    id,
    netns,
    get ips() {
      return state.ips;
    },
    attach: async () => {
      const network = await networkOf(deps);
      await host.addNetns(netns);
      state.hasNetns = true;
      const capabilities = capabilityArgs(pod);
      if (Object.keys(capabilities).length > 0) target = { ...target, capabilityArgs: capabilities };
      // From here on a DEL is owed, whatever becomes of the ADD (CNI specification, DEL).
      state.network = network;
      const result = await cni.add(network, target);
      state.added = result.raw;
      if (result.ips.length === 0)
        throw kubeletError('sandbox', `network "${network.name}": the plugin gave no address`);
      state.ips = result.ips;
      await record.write(netns);
      state.isRecorded = true;
    },
    remove: async () => {
      if (state.network !== undefined) await cni.del(state.network, target, state.added);
      delete state.network;
      if (state.hasNetns) await host.deleteNetns(netns);
      state.hasNetns = false;
      // A failed attempt may outlive its successor's start, whose record this would be.
      if (state.isRecorded) await record.remove();
      state.isRecorded = false;
    },
  };
}

async function networkOf({ host, nodeRoot, network }: SandboxDeps): Promise<CniNetwork> {
  const state = network();
  if (!state.ready) throw kubeletError('networkNotReady', `network is not ready: ${networkNotReadyText(state)}`);
  // Read for each sandbox, as runtimes follow the directory: what was chained a moment ago counts for this Pod.
  const found = await findCniNetwork(host, nodeRoot);
  if (found.kind === 'network') return found.network;
  throw kubeletError('networkNotReady', `network is not ready: ${found.message}`);
}

/** The file by which other terminals find the namespace of a Pod. */
function recordOf(
  { stateDir }: SandboxDeps,
  pod: LabPod,
): { write(netns: string): Promise<void>; remove(): Promise<void> } {
  const directory = join(stateDir, 'sandboxes');
  const file = join(directory, `${pod.metadata.uid ?? ''}.json`);
  return {
    write: async (netns) => {
      await mkdir(directory, { recursive: true });
      await writeFile(file, `${JSON.stringify({ netns })}\n`);
    },
    remove: async () => rm(file, { force: true }),
  };
}
