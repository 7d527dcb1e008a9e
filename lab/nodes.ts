// Brings up the lab's nodes: a namespace each, plugged by the fabric, with the API at 10.96.0.1 on its loopback and a kubelet.
import type { Clock } from '../src/base/clock.ts';
import { errorText } from '../src/base/errors.ts';
import type { Logger } from '../src/base/logger.ts';
import type { LabInstance } from './account.ts';
import type { Cloud } from './cloud/cloud.ts';
import type { Cluster } from './cluster.ts';
import type { Fabric } from './fabric/fabric.ts';
import type { LabHost } from './host/types.ts';
import type { ImageTable } from './kube/kubelet/images.ts';
import { createKubelet } from './kube/kubelet/kubelet.ts';
import type { Kubelet, KubeletNode } from './kube/kubelet/kubelet.ts';
import { REGION } from './layout.ts';
import type { LabNodePlan } from './layout.ts';
import { createSuperNodeNetwork } from './super-node-network.ts';

export const CONTROL_PLANE_NODE = 'lab-control-plane';

export interface NodesDeps {
  readonly host: LabHost;
  readonly cloud: Cloud;
  readonly fabric: Fabric;
  readonly cluster: Cluster;
  readonly images: ImageTable;
  readonly stateDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onFailure: (error: unknown) => void;
}

export interface LabNode {
  readonly name: string;
  readonly kind: KubeletNode['kind'];
  readonly netns: string | undefined;
  readonly instanceId: string | undefined;
  readonly kubelet: Kubelet;
}

/** Runs a kubelet until `signal` aborts; its own failure is the lab's. */
function startKubelet(
  deps: NodesDeps,
  node: KubeletNode,
  extra: { readonly instanceId?: string; readonly superNodeNetwork?: ReturnType<typeof createSuperNodeNetwork> },
  signal: AbortSignal,
): LabNode {
  const { host, cluster, images, stateDir, clock, logger, onFailure } = deps;
  const kubelet = createKubelet({
    client: cluster.client,
    host,
    clock,
    logger,
    node,
    images,
    api: node.netns === undefined ? { host: '127.0.0.1', port: cluster.api.port } : cluster.api.service,
    stateDir,
    issueToken: (namespace, serviceAccount) => cluster.api.issueToken(namespace, serviceAccount),
    ...(extra.superNodeNetwork === undefined ? {} : { superNodeNetwork: extra.superNodeNetwork }),
  });
  kubelet.run(signal).catch((error: unknown) => {
    logger.error({ node: node.name, error: errorText(error) }, 'kubelet ended by itself');
    onFailure(error);
  });
  return { name: node.name, kind: node.kind, netns: node.netns, instanceId: extra.instanceId, kubelet };
}

/** The user's own machine as the control-plane node: host-network Pods only. */
export function startControlPlaneNode(deps: NodesDeps, signal: AbortSignal): LabNode {
  const role = 'node-role.kubernetes.io/control-plane';
  const node: KubeletNode = {
    name: CONTROL_PLANE_NODE,
    kind: 'control-plane',
    internalIp: '127.0.0.1',
    providerId: `lab:///${CONTROL_PLANE_NODE}`,
    zone: 'lab',
    instanceType: 'lab',
    cpu: 4,
    memoryGiB: 8,
    labels: { [role]: '' },
    taints: [{ key: role, effect: 'NoSchedule' }],
  };
  return startKubelet(deps, node, {}, signal);
}

/** A CVM that became a node, named by its address as TKE does. */
export async function startGeneralNode(
  deps: NodesDeps,
  instance: LabInstance,
  index: number,
  signal: AbortSignal,
): Promise<LabNode> {
  const { host, fabric, cluster } = deps;
  const netns = `node-${index + 1}`;
  await host.addNetns(netns);
  await fabric.registerInstance(instance.instanceId, { netns });
  // Pods of a node find the API at its Service's address, as behind kube-proxy.
  const added = await host.exec(['ip', 'addr', 'add', `${cluster.api.service.host}/32`, 'dev', 'lo'], { netns });
  if (added.code !== 0)
    throw new Error(`node ${instance.privateIp}: cannot give it the API's address: ${added.stderr.trim()}`);
  const server = await host.listen(netns, cluster.api.service);
  server.on('connection', (socket) => cluster.api.accept(socket));
  signal.addEventListener('abort', () => server.close(), { once: true });
  const node: KubeletNode = {
    name: instance.privateIp,
    kind: 'general',
    internalIp: instance.privateIp,
    providerId: `qcloud:///${instance.plan.zone}/${instance.instanceId}`,
    zone: instance.plan.zone,
    instanceType: instance.plan.instanceType,
    netns,
    cpu: instance.cpu,
    memoryGiB: instance.memoryGiB,
    labels: { 'topology.kubernetes.io/region': REGION },
    taints: [],
  };
  return startKubelet(deps, node, { instanceId: instance.instanceId }, signal);
}

/** A virtual node: each of its Pods is a machine of its own in the cloud. */
export function startSuperNode(deps: NodesDeps, plan: LabNodePlan, index: number, signal: AbortSignal): LabNode {
  const node: KubeletNode = {
    name: `eklet-${plan.nodeSubnetId}-${index + 1}`,
    kind: 'super',
    internalIp: `10.0.64.${250 + index}`,
    providerId: `qcloud:///${plan.zone}/eklet-${index + 1}`,
    zone: plan.zone,
    instanceType: 'eklet',
    cpu: 64,
    memoryGiB: 256,
    labels: {},
    taints: [{ key: 'eks.tke.cloud.tencent.com/eklet', effect: 'NoSchedule' }],
  };
  return startKubelet(deps, node, { superNodeNetwork: createSuperNodeNetwork({ ...deps, plan }) }, signal);
}
