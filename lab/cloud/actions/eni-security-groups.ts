// AssociateNetworkInterfaceSecurityGroups and DisassociateNetworkInterfaceSecurityGroups.
import { z } from 'zod';
import { type Action, defineAction, textList } from '../action.ts';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { checkGroups, findEni, requireGroupRoom } from '../lookup.ts';
import { quotas } from '../settings.ts';
import type { EniRecord } from '../state.ts';
import { bindGroups } from './enis-lifecycle.ts';

const parameters = z.object({ NetworkInterfaceIds: textList, SecurityGroupIds: textList });

/** At most 100 of each, and no primary ENI (facts, section 8). */
function chooseEnis(core: CloudCore, eniIds: readonly string[], groupIds: readonly string[]): EniRecord[] {
  for (const [name, ids] of [
    ['NetworkInterfaceIds', eniIds],
    ['SecurityGroupIds', groupIds],
  ] as const) {
    if (ids.length === 0 || ids.length > quotas.idsPerDescribe)
      throw new ApiError(
        'InvalidParameterValue.LimitExceeded',
        `${name} has ${ids.length} entries; 1 to ${quotas.idsPerDescribe} are allowed`,
      );
  }
  const enis = eniIds.map((id) => findEni(core, id));
  const primary = enis.find((eni) => eni.kind === 'primary');
  if (primary !== undefined)
    throw new ApiError('UnsupportedOperation', `${primary.eniId} is a primary ENI; change its instance through cvm`);
  return enis;
}

const associate = defineAction({
  name: 'AssociateNetworkInterfaceSecurityGroups',
  services: ['vpc'],
  parameters,
  handle: async ({ NetworkInterfaceIds, SecurityGroupIds }, { core }) => {
    const enis = chooseEnis(core, NetworkInterfaceIds, SecurityGroupIds);
    const changes = enis.map((eni) => ({
      eni,
      groups: checkGroups(core, [...(core.settings.associateAppends ? eni.securityGroupIds : []), ...SecurityGroupIds]),
    }));
    requireGroupRoom(
      core,
      changes.map(({ eni, groups }) => ({ before: eni.securityGroupIds, after: groups })),
    );
    await bindGroups(core, changes);
    return {};
  },
});

const disassociate = defineAction({
  name: 'DisassociateNetworkInterfaceSecurityGroups',
  services: ['vpc'],
  parameters,
  handle: async ({ NetworkInterfaceIds, SecurityGroupIds }, { core }) => {
    const enis = chooseEnis(core, NetworkInterfaceIds, SecurityGroupIds);
    await bindGroups(
      core,
      enis.map((eni) => ({ eni, groups: eni.securityGroupIds.filter((id) => !SecurityGroupIds.includes(id)) })),
    );
    return {};
  },
});

/** Groups of secondary and sub-ENIs. */
export const eniSecurityGroupActions: readonly Action[] = [associate, disassociate];
