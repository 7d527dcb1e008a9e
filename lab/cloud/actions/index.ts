// The complete list of what the simulated cloud can do; anything else is InvalidAction.
import type { Action } from '../action.ts';
import { camActions } from './cam.ts';
import { clusterActions } from './clusters.ts';
import { eniDescribeActions } from './enis-describe.ts';
import { eniLifecycleActions } from './enis-lifecycle.ts';
import { eniSecurityGroupActions } from './eni-security-groups.ts';
import { instanceActions } from './instances.ts';
import { securityGroupPolicyActions } from './security-group-policies.ts';
import { securityGroupActions } from './security-groups.ts';
import { stsActions } from './sts.ts';
import { subEniActions } from './sub-enis.ts';
import { vpcActions } from './vpcs.ts';

/** Every action, in no particular order. */
export const allActions: readonly Action[] = [
  ...vpcActions,
  ...eniDescribeActions,
  ...eniLifecycleActions,
  ...eniSecurityGroupActions,
  ...subEniActions,
  ...securityGroupActions,
  ...securityGroupPolicyActions,
  ...instanceActions,
  ...clusterActions,
  ...camActions,
  ...stsActions,
];
