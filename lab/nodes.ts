// Brings up the lab's nodes: a namespace each, plugged by the fabric, with the API at 10.96.0.1 on its loopback and a kubelet.
import { taints } from '../src/api/keys.ts';
import type { LabInstance } from './account.ts';
import type { Kubelet, KubeletNode } from './kube/kubelet/kubelet.ts';
import { REGION } from './layout.ts';
import type { LabNodePlan } from './layout.ts';
import { startMachine } from './machine.ts';
import { createPowerSwitch } from './node-power.ts';
import type { NodeAction, NodePower } from './node-power.ts';
import { runKubelet } from './run-kubelet.ts';
import type { NodesDeps } from './run-kubelet.ts';
import { createSuperNodeNetwork } from './super-node-network.ts';

export const CONTROL_PLANE_NODE = 'lab-control-plane';

export type { NodesDeps } from './run-kubelet.ts';

export interface LabNode {
  readonly name: string;
  readonly kind: KubeletNode['kind'];
  readonly netns: string | undefined;
  readonly instanceId: string | undefined;
  /** The present one: a node that was turned off and on has another. */
  readonly kubelet: Kubelet;
  readonly power: NodePower;
  /** Stops, freezes, cuts off, loses or recovers it. Throws, with what would be right, when it cannot be. */
  act(action: NodeAction): Promise<void>;
}

/** A node without a machine of its own behind it. */
function startKubelet(
  deps: NodesDeps,
  node: KubeletNode,
  own: { readonly superNodeNetwork?: ReturnType<typeof createSuperNodeNetwork> },
  signal: AbortSignal,
): LabNode {
  const { kubelet } = runKubelet(deps, node, own, signal);
  const { name, kind, netns } = node;
  const what = kind === 'super' ? 'a super node, which has no machine' : "the user's own machine";
  const act = (action: NodeAction): Promise<void> =>
    Promise.reject(new Error(`node ${name} is ${what}: only general and native nodes can ${action}`));
  return { name, kind, netns, instanceId: undefined, kubelet, power: 'on', act };
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

/** GUESS: by this label, which TKE's own tools select on, a native node shows its pool; nothing of this project reads it. */
const nativeLabels = ({ machineSet }: LabNodePlan): Record<string, string> =>
  machineSet === undefined ? {} : { 'node.tke.cloud.tencent.com/machineset': machineSet };

/** A CVM that became a node, named by its address as TKE does. */
export async function startGeneralNode(
  deps: NodesDeps,
  instance: LabInstance,
  index: number,
  signal: AbortSignal,
): Promise<LabNode> {
  const netns = `node-${index + 1}`;
  const node = {
    name: instance.privateIp,
    kind: 'general' as const,
    internalIp: instance.privateIp,
    providerId: `qcloud:///${instance.plan.zone}/${instance.instanceId}`,
    zone: instance.plan.zone,
    instanceType: instance.plan.instanceType,
    netns,
    cpu: instance.cpu,
    memoryGiB: instance.memoryGiB,
    labels: { 'topology.kubernetes.io/region': REGION, ...nativeLabels(instance.plan) },
    // As TKE's bootstrap registers nodes of VPC-CNI clusters (facts/tke.md 4.5); ipamd takes it off.
    taints: [{ key: taints.eniIpUnavailable, value: 'true', effect: 'NoSchedule' }],
  };
  const machine = await startMachine(deps, instance, node, signal);
  const { name, kind } = node;
  const power = createPowerSwitch(name, machine);
  return {
    name,
    kind,
    netns,
    instanceId: instance.instanceId,
    get kubelet() {
      return machine.kubelet;
    },
    get power() {
      return power.power;
    },
    act: async (action) => await power.act(action),
  };
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
  return startKubelet(
    deps,
    node,
    { superNodeNetwork: createSuperNodeNetwork({ ...deps, plan, nodeName: node.name }) },
    signal,
  );
}
