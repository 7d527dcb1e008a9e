// Lays the lab's account out in the simulated cloud: VPC, subnets, groups with rules, CVMs, cluster.
import type { CloudAdmin } from './cloud/admin.ts';
import { ADDONS, CLUSTER_ID, GROUPS, NODE_GROUP, POD_SUBNET_IDS, SUBNETS, VPC } from './layout.ts';
import type { LabNodePlan } from './layout.ts';

/** A general node of the lab as the cloud made it. */
export interface LabInstance {
  readonly plan: LabNodePlan;
  readonly instanceId: string;
  readonly privateIp: string;
  readonly cpu: number;
  readonly memoryGiB: number;
}

/** Network and groups, before any fabric or node. */
export function layOutNetwork(admin: CloudAdmin): void {
  admin.createVpc(VPC);
  for (const subnet of SUBNETS) admin.createSubnet({ ...subnet, vpcId: VPC.vpcId });
  for (const { securityGroupId, name, description } of GROUPS)
    admin.createSecurityGroup({ securityGroupId, name, description });
  // Rules after all groups, since they name each other.
  for (const { securityGroupId, ingress, egress } of GROUPS)
    admin.setSecurityGroupRules(securityGroupId, { ingress, egress });
  admin.registerCluster({
    clusterId: CLUSTER_ID,
    vpcId: VPC.vpcId,
    name: 'trunkline-lab',
    subnetIds: POD_SUBNET_IDS,
    addons: ADDONS,
  });
}

/** One CVM per general node, its primary ENI in the cluster's node group; `first` counts those that there are. */
export function runInstances(admin: CloudAdmin, plans: readonly LabNodePlan[], first = 0): LabInstance[] {
  return plans.map((plan, index) => {
    const instance = admin.runInstance({
      instanceType: plan.instanceType,
      zone: plan.zone,
      subnetId: plan.nodeSubnetId,
      securityGroupIds: [NODE_GROUP.securityGroupId],
      name: `lab-node-${first + index + 1}`,
    });
    return {
      plan,
      instanceId: instance.instanceId,
      privateIp: instance.privateIp,
      cpu: instance.cpu,
      memoryGiB: instance.memoryGiB,
    };
  });
}
