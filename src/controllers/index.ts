// The complete list of what runs in ipamd once it leads.
import type { Controller } from '../kube/types.ts';
import { createAddonValues } from './addon/values/controller.ts';
import type { IpamdDeps } from './deps.ts';
import { createNodeCondition } from './node/condition/controller.ts';
import { createNodeConfig } from './node/config/controller.ts';
import { createNodePool } from './node/pool/controller.ts';
import { createPoolHooks } from './node/pool/hooks.ts';
import { createPoolMemory } from './node/pool/memory.ts';
import { createNodeResources } from './node/resources/controller.ts';
import { createNodeSecurityGroups } from './node/security-groups/controller.ts';
import { createNodeTaint } from './node/taint/controller.ts';
import { createNodeTrunk } from './node/trunk/controller.ts';
import { createPodSubEni } from './pod/sub-eni/controller.ts';
import { createSecurityGroupPolicyStatus } from './security-group-policy/status/controller.ts';
import { createVpcEniLifecycle } from './vpc-eni/lifecycle/controller.ts';
import { createVpcEniOrphans } from './vpc-eni/orphans/controller.ts';

/** Not yet running. What one of them writes for another to go on with is handed over by `proceed`, without waiting for the watch. */
export function createControllers(deps: IpamdDeps): readonly Controller[] {
  const pools = createPoolMemory();
  const lifecycle = createVpcEniLifecycle(deps, createPoolHooks(deps, pools));
  const proceed = (name: string): void => lifecycle.enqueue(name);
  return [
    createAddonValues(deps),
    createNodeConfig(deps),
    createNodeSecurityGroups(deps),
    createNodeTrunk(deps, proceed),
    createNodePool(deps, pools, proceed),
    createNodeResources(deps),
    createNodeTaint(deps),
    createNodeCondition(deps),
    createPodSubEni(deps, proceed),
    lifecycle,
    createVpcEniOrphans(deps),
    createSecurityGroupPolicyStatus(deps),
  ];
}
