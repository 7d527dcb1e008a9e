// The complete list of what the simulated cloud can do; anything else is InvalidAction.
import type { Action } from '../action.ts';
import { addonActions } from './addons.ts';
import { addressBindActions } from './addresses-bind.ts';
import { addressDescribeActions } from './addresses-describe.ts';
import { addressModifyActions } from './addresses-modify.ts';
import { addressTemplateActions } from './address-templates.ts';
import { camActions } from './cam.ts';
import { clusterNetworkActions } from './cluster-networks.ts';
import { clusterActions } from './clusters.ts';
import { eipQuotaActions } from './eip-quota.ts';
import { eipActions } from './eips.ts';
import { eniDescribeActions } from './enis-describe.ts';
import { eniLifecycleActions } from './enis-lifecycle.ts';
import { eniMoveActions } from './enis-move.ts';
import { eniSecurityGroupActions } from './eni-security-groups.ts';
import { instanceAttributeActions } from './instance-security-groups.ts';
import { instanceActions } from './instances.ts';
import { instancePowerActions } from './instances-power.ts';
import { routeActions } from './routes.ts';
import { routeTableActions } from './route-tables.ts';
import { securityGroupPolicyActions } from './security-group-policies.ts';
import { securityGroupPolicyDescribeActions } from './security-group-policies-describe.ts';
import { securityGroupStatisticsActions } from './security-group-statistics.ts';
import { securityGroupActions } from './security-groups.ts';
import { serviceTemplateActions } from './service-templates.ts';
import { stsActions } from './sts.ts';
import { natAddressActions } from './nat-addresses.ts';
import { natGatewayActions } from './nat-gateways.ts';
import { privateAddressActions } from './private-addresses.ts';
import { subEniActions } from './sub-enis.ts';
import { tagActions } from './tags.ts';
import { vpcLifeActions } from './vpc-life.ts';
import { usageActions } from './usage.ts';
import { vpcActions } from './vpcs.ts';

/** Every action, in no particular order. */
export const allActions: readonly Action[] = [
  ...vpcActions,
  ...vpcLifeActions,
  ...routeTableActions,
  ...routeActions,
  ...natGatewayActions,
  ...natAddressActions,
  ...usageActions,
  ...privateAddressActions,
  ...eniDescribeActions,
  ...eniLifecycleActions,
  ...eniMoveActions,
  ...eniSecurityGroupActions,
  ...subEniActions,
  ...securityGroupActions,
  ...securityGroupPolicyActions,
  ...securityGroupPolicyDescribeActions,
  ...securityGroupStatisticsActions,
  ...addressTemplateActions,
  ...serviceTemplateActions,
  ...eipActions,
  ...addressBindActions,
  ...addressModifyActions,
  ...addressDescribeActions,
  ...eipQuotaActions,
  ...instanceActions,
  ...instanceAttributeActions,
  ...instancePowerActions,
  ...clusterActions,
  ...clusterNetworkActions,
  ...addonActions,
  ...tagActions,
  ...camActions,
  ...stsActions,
];
