// The network of a super node's Pods: each is a machine of its own in the cloud, whose primary ENI carries the Pod's groups.
import { annotations } from '../src/api/keys.ts';
import type { Pod } from '../src/kube/resources.ts';
import type { Cloud } from './cloud/cloud.ts';
import type { Fabric } from './fabric/fabric.ts';
import type { LabHost } from './host/types.ts';
import type { ServiceProxy } from './kube/proxy/proxy.ts';
import { NODE_GROUP } from './layout.ts';
import type { LabNodePlan } from './layout.ts';

export interface SuperNodeNetwork {
  /** A namespace with the Pod's own ENI as eth0. Repeating for the same Pod gives the same. */
  add(pod: Pod): Promise<{ readonly netns: string; readonly ips: readonly string[] }>;
  /** Ends the machine and its namespace; unknown uids are fine. */
  remove(podUid: string): Promise<void>;
}

/** Groups of `eks.tke.cloud.tencent.com/security-group-id`, else the cluster's node group (the account's default of the lab). */
const groupsOf = (pod: Pod): string[] =>
  pod.metadata.annotations?.[annotations.eksSecurityGroupId]
    ?.split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '') ?? [NODE_GROUP.securityGroupId];

export function createSuperNodeNetwork(deps: {
  readonly host: LabHost;
  readonly cloud: Cloud;
  readonly fabric: Fabric;
  readonly plan: LabNodePlan;
  /** Carries the traffic of each machine to Services, as on a node. */
  readonly proxy: ServiceProxy;
  readonly apiInVpc: () => Promise<void>;
  readonly nodeName: string;
}): SuperNodeNetwork {
  const { host, cloud, fabric, plan, proxy, apiInVpc, nodeName } = deps;
  const machines = new Map<string, { readonly instanceId: string; readonly netns: string; readonly ip: string }>();
  return {
    add: async (pod) => {
      const uid = pod.metadata.uid ?? '';
      const known = machines.get(uid);
      if (known !== undefined) return { netns: known.netns, ips: [known.ip] };
      const netns = `eks-${uid.slice(0, 13)}`;
      await host.addNetns(netns);
      const instance = cloud.admin.runInstance({
        instanceType: 'eklet',
        zone: plan.zone,
        subnetId: plan.nodeSubnetId,
        securityGroupIds: groupsOf(pod),
        name: `pod-${pod.metadata.name}`,
      });
      machines.set(uid, { instanceId: instance.instanceId, netns, ip: instance.privateIp });
      await fabric.registerInstance(instance.instanceId, { netns });
      await apiInVpc();
      await proxy.add({ netns, nodeName, nodeIps: [] });
      return { netns, ips: [instance.privateIp] };
    },
    remove: async (podUid) => {
      const machine = machines.get(podUid);
      if (machine === undefined) return;
      machines.delete(podUid);
      proxy.remove(machine.netns);
      await fabric.unregisterInstance(machine.instanceId);
      cloud.admin.terminateInstance(machine.instanceId);
      await host.deleteNetns(machine.netns);
    },
  };
}
