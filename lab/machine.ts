// The machine behind a general node: its namespace, its way to the API and its kubelet, from power on to power off, and what ails it.
import { rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { nodes } from '../src/kube/resources.ts';
import type { LabInstance } from './account.ts';
import { gatedStreams } from './kube/kubelet/gated-streams.ts';
import { createGate, gatedClient, gatedHost } from './kube/kubelet/gate.ts';
import type { Gate } from './kube/kubelet/gate.ts';
import { makeNodeRoot } from './kube/kubelet/node-root.ts';
import type { Kubelet, KubeletNode } from './kube/kubelet/kubelet.ts';
import { FORGET_RUN } from './host/forget-run.ts';
import type { Machine } from './node-power.ts';
import { runKubelet } from './run-kubelet.ts';
import type { NodesDeps } from './run-kubelet.ts';
import { waitForObjects } from './wait.ts';

/** A machine that can be turned off and on again. */
export interface NodeMachine extends Machine {
  /** Of the present power-on, or the latest one. */
  readonly kubelet: Kubelet;
}

interface Running {
  readonly kubelet: Kubelet;
  readonly gate: Gate;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
  /** Ends the way to the API. */
  closeApi(): void;
  /** Ends the connections over it. */
  dropApi(): void;
}

/** Longer than the cloud's controller takes to see that an instance is gone. */
const NODE_REMOVAL_LIMIT_MS = 600_000;

/** Powered on; resolves when its kubelet has begun. `signal` ends it with the lab. */
export async function startMachine(
  deps: NodesDeps,
  instance: LabInstance,
  node: KubeletNode & { readonly netns: string },
  signal: AbortSignal,
): Promise<NodeMachine> {
  const { host, fabric, cloud, cluster } = deps;
  const { netns } = node;
  const nodeRoot = await makeNodeRoot(host, node.name);
  const boot = async (): Promise<Running> => {
    await host.addNetns(netns);
    await fabric.registerInstance(instance.instanceId, { netns });
    const gate = createGate();
    const api = await serveApi(deps, node, gate);
    const stop = new AbortController();
    const both = AbortSignal.any([stop.signal, signal]);
    both.addEventListener('abort', () => gate.set('ended'), { once: true });
    both.addEventListener('abort', api.closeApi, { once: true });
    const place = { client: gatedClient(cluster.client, gate), host: gatedHost(host, gate), nodeRoot };
    const { kubelet, ended } = runKubelet(deps, node, place, both);
    cluster.nodeStreams.set(node.name, gatedStreams(kubelet.streams, gate, node.internalIp));
    // Not awaited: a node takes Pods before every Service is known, as elsewhere.
    void deps.proxy.add({ netns, nodeName: node.name, nodeIps: [node.internalIp] });
    return { kubelet, gate, stop, ended, ...api };
  };
  let running = await boot();

  return {
    get kubelet() {
      return running.kubelet;
    },
    freeze: async () => {
      running.gate.set('frozen');
      deps.proxy.setFollowing(netns, false);
      await running.kubelet.signalSystem('SIGSTOP');
    },
    thaw: async () => {
      await running.kubelet.signalSystem('SIGCONT');
      running.gate.set('open');
      deps.proxy.setFollowing(netns, true);
    },
    cut: async () => {
      running.gate.set('cut');
      deps.proxy.setFollowing(netns, false);
      running.dropApi();
      await fabric.setCut(instance.instanceId, true);
    },
    join: async () => {
      await fabric.setCut(instance.instanceId, false);
      running.gate.set('open');
      deps.proxy.setFollowing(netns, true);
    },
    powerOff: async () => {
      cloud.admin.stopInstance(instance.instanceId);
      // Before the processes end, so that their end is told to nobody.
      running.gate.set('ended');
      running.stop.abort(new Error(`node ${node.name} is off`));
      await running.ended;
      deps.proxy.remove(netns);
      await fabric.unregisterInstance(instance.instanceId);
      for (const name of [...running.kubelet.remains().netns, netns]) await host.deleteNetns(name);
      const forgotten = await host.exec(['busybox', 'sh', '-c', FORGET_RUN], { root: nodeRoot });
      if (forgotten.code !== 0) throw new Error(`node ${node.name}: ${forgotten.stderr.trim()}`);
    },
    powerOn: async () => {
      cloud.admin.startInstance(instance.instanceId);
      running = await boot();
    },
    discard: async () => {
      cloud.admin.terminateInstance(instance.instanceId);
      await host.removeRoot(nodeRoot);
      for (const directory of running.kubelet.remains().directories)
        await rm(directory, { recursive: true, force: true });
      removeNode(deps, node.name);
    },
  };
}

/**
 * As the cloud's own controller does: the Node of an instance that is gone goes once it is no longer ready. GUESS: TKE's is like the common
 * cloud-controller-manager here.
 */
function removeNode({ cluster: { client }, logger }: NodesDeps, name: string): void {
  const isUnready = waitForObjects(
    client,
    nodes,
    (all) =>
      !all.some(
        ({ metadata, status }) =>
          metadata.name === name &&
          status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
      ),
    { what: `node ${name} not to be ready`, timeoutMs: NODE_REMOVAL_LIMIT_MS },
  );
  isUnready
    .then(() => client.delete(nodes, name))
    .catch((error: unknown) => logger.info({ node: name, error: String(error) }, 'the Node of a lost instance stays'));
}

/** The node's own programs find the API at its Service's address, whatever becomes of the rules of Services and of the VPC. */
async function serveApi(
  { host, cluster }: NodesDeps,
  node: KubeletNode & { readonly netns: string },
  gate: Gate,
): Promise<Pick<Running, 'closeApi' | 'dropApi'>> {
  const { netns } = node;
  // Of scope host, or the kernel would take it for the node's own when it masquerades towards a Pod.
  const api = ['addr', 'add', `${cluster.api.service.host}/32`, 'dev', 'lo', 'scope', 'host'];
  const added = await host.exec(['ip', ...api], { netns });
  if (added.code !== 0) throw new Error(`node ${node.name}: cannot give it the API's address: ${added.stderr.trim()}`);
  const server = await host.listen(netns, cluster.api.service);
  const sockets = new Set<Socket>();
  const dropApi = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  server.on('connection', (socket) => {
    if (gate.state === 'cut' || gate.state === 'ended') return void socket.destroy();
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    cluster.api.accept(socket);
  });
  return { dropApi, closeApi: () => (server.close(), dropApi()) };
}
