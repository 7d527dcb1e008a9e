// The complete list of what runs in ipamd once it leads.
import type { Controller } from '../kube/types.ts';
import { createSubnetReport } from './addon/subnets/controller.ts';
import { createAddonValues } from './addon/values/controller.ts';
import type { IpamdDeps } from './deps.ts';
import { createEipClaims } from './eip-claim/controller.ts';
import { createMasqueradeReport } from './masquerade/controller.ts';
import { createNamespaceCloudResources } from './namespace/cloud-resources/controller.ts';
import { createNamespacePolicyLabel } from './namespace/policy-label/controller.ts';
import { createNodeCondition } from './node/condition/controller.ts';
import { createNodeConfig } from './node/config/controller.ts';
import { createNodePool } from './node/pool/controller.ts';
import { createPoolHooks } from './node/pool/hooks.ts';
import { createPoolMemory } from './node/pool/memory.ts';
import { createNodeResources } from './node/resources/controller.ts';
import { createNodeSecurityGroups } from './node/security-groups/controller.ts';
import { createNodeTaint } from './node/taint/controller.ts';
import { createNodeTrunk } from './node/trunk/controller.ts';
import { createPodExclusiveEni } from './pod/exclusive-eni/controller.ts';
import { createPodMissedPolicy } from './pod/missed-policy/controller.ts';
import { createPodSubEni } from './pod/sub-eni/controller.ts';
import { createSubEniRoles } from './security-group-policy/roles/controller.ts';
import { createRoleStandings } from './security-group-policy/roles/standings.ts';
import { createSecurityGroupPolicyStatus } from './security-group-policy/status/controller.ts';
import { createStrictNodeLimits } from './strict-limits/node-controller.ts';
import { createStrictPodLimits } from './strict-limits/pod-controller.ts';
import { createVpcEniGroups } from './vpc-eni/groups/controller.ts';
import { createInPlacePermission } from './vpc-eni/groups/in-place-permission.ts';
import { createVpcEniLifecycle } from './vpc-eni/lifecycle/controller.ts';
import { createVpcEniOrphans } from './vpc-eni/orphans/controller.ts';
import { createVpcIps } from './vpc-ip/controller.ts';
import { createVpcIpClaims } from './vpc-ip-claim/controller.ts';
import { createExclusiveHolding } from './vpc-ip-claim/exclusive-holding.ts';
import { createSubEniHolding } from './vpc-ip-claim/sub-eni-holding.ts';

/** Not yet running. What one of them writes for another to go on with is handed over by `proceed`, without waiting for the watch. */
export function createControllers(deps: IpamdDeps): readonly Controller[] {
  const pools = createPoolMemory();
  const lifecycle = createVpcEniLifecycle(deps, createPoolHooks(deps, pools));
  const inPlace = createInPlacePermission(deps.clock, deps.timings.lookAgainMs / 2);
  const roles = createRoleStandings();
  const proceed = (name: string): void => lifecycle.enqueue(name);
  const addresses = createNodePool(deps, pools, proceed);
  return [
    createAddonValues(deps),
    createSubnetReport(deps),
    createNodeConfig(deps),
    createNodeSecurityGroups(deps),
    createNodeTrunk(deps, proceed),
    addresses,
    createNodeResources(deps),
    createNodeTaint(deps),
    createNodeCondition(deps),
    createNamespaceCloudResources(deps),
    createNamespacePolicyLabel(deps),
    createPodSubEni(deps, proceed),
    createPodMissedPolicy(deps),
    createPodExclusiveEni(deps),
    createVpcIpClaims(deps, (name) => addresses.enqueue(name), {
      SubENI: createSubEniHolding(deps),
      DirectENI: createExclusiveHolding(),
    }),
    createVpcIps(deps),
    createEipClaims(deps),
    createMasqueradeReport(deps),
    createStrictNodeLimits(deps),
    createStrictPodLimits(deps),
    lifecycle,
    createVpcEniOrphans(deps),
    createVpcEniGroups(deps, inPlace),
    createSubEniRoles(deps, roles),
    createSecurityGroupPolicyStatus(deps, inPlace, roles),
  ];
}
