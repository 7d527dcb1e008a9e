// Sub-ENIs of a trunk. GUESS: spec 002 names these actions, their shapes are public nowhere; this file is the only place to correct
// (facts, section 9). `CheckNetworkInterfaceSecurityGroupReady` is named as an action of cvm and answered for vpc as well, since
// both share their version.
import { z } from 'zod';
import { type Action, defineAction, tagList, text, textList } from '../action.ts';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { checkGroups, requireGroupRoom, findEni, findSubnet, findVpc, requireIdle } from '../lookup.ts';
import { quotas } from '../settings.ts';
import type { EniRecord, SubnetRecord } from '../state.ts';
import { eniAnswer } from './eni-answer.ts';
import { addEni, takeAddresses } from './eni-records.ts';
import { countSubEnis } from './enis-describe.ts';
import { checkName } from './eni-names.ts';
import { startCreation, startDeletion } from './enis-lifecycle.ts';
import { requireOpenZone } from './open-zone.ts';

const allowed = (core: CloudCore): boolean => core.settings.subEniAllowed;

const create = defineAction({
  name: 'CreateSubNetworkInterface',
  services: ['vpc'],
  takesToken: true,
  allowed,
  parameters: z.object({
    VpcId: text,
    SubnetId: text,
    TrunkNetworkInterfaceId: text,
    NetworkInterfaceName: text.optional(),
    NetworkInterfaceDescription: text.optional(),
    SecurityGroupIds: textList.optional(),
    PrivateIpAddresses: z
      .array(z.looseObject({ PrivateIpAddress: text }))
      .max(1, { error: 'a sub-ENI has one address' })
      .optional(),
    Tags: tagList.optional(),
    ClientToken: text.optional(),
  }),
  handle: (wish, { core, requestId }) => {
    checkName(wish.NetworkInterfaceName ?? '');
    const trunk = findEni(core, wish.TrunkNetworkInterfaceId);
    const subnet = checkSubnet(core, wish, trunk);
    requireOpenZone(core, subnet.zone);
    const groups = checkGroups(core, wish.SecurityGroupIds ?? []);
    requireGroupRoom(core, [{ before: [], after: groups }]);
    checkTrunk(core, trunk);
    const named = (wish.PrivateIpAddresses ?? []).map((address) => address.PrivateIpAddress);
    const eni = addEni(core, {
      kind: 'sub',
      subnet,
      trunk,
      name: wish.NetworkInterfaceName ?? '',
      description: wish.NetworkInterfaceDescription ?? '',
      addresses: takeAddresses(subnet, named, 1),
      securityGroupIds: groups,
      tags: wish.Tags ?? [],
    });
    const answer = eniAnswer(eni);
    startCreation(core, 'CreateSubNetworkInterface', requestId, eni);
    return { NetworkInterface: answer };
  },
});

/** In the VPC that the call names, and in the VPC and zone of the trunk. */
function checkSubnet(
  core: CloudCore,
  wish: { readonly VpcId: string; readonly SubnetId: string },
  trunk: EniRecord,
): SubnetRecord {
  const vpc = findVpc(core, wish.VpcId);
  const subnet = findSubnet(core, wish.SubnetId);
  if (subnet.vpcId !== vpc.vpcId)
    throw new ApiError(
      'UnsupportedOperation.ResourceMismatch',
      `subnet ${subnet.subnetId} is in ${subnet.vpcId}, not in ${vpc.vpcId}`,
    );
  if (trunk.vpcId !== subnet.vpcId)
    throw new ApiError('UnsupportedOperation.VpcMismatch', `trunk ${trunk.eniId} is in ${trunk.vpcId}`);
  if (trunk.zone !== subnet.zone && !core.settings.subEniFollowsZone)
    throw new ApiError(
      'UnsupportedOperation.ZoneMismatch',
      `subnet ${subnet.subnetId} is in ${subnet.zone}, trunk ${trunk.eniId} in ${trunk.zone}`,
    );
  return subnet;
}

/** A trunk in use on an instance whose sub-ENI quota is not used up; those being deleted still count. */
function checkTrunk(core: CloudCore, trunk: EniRecord): void {
  if (!trunk.trunking)
    throw new ApiError('UnsupportedOperation', `${trunk.eniId} is no trunk; create it with TrunkingFlag=Enable`);
  requireIdle(trunk);
  const instance = core.state.instances.get(trunk.attachment?.instanceId ?? '');
  if (instance === undefined)
    throw new ApiError('UnsupportedOperation.InvalidState', `${trunk.eniId} is attached to no instance`);
  // GUESS: as for AttachNetworkInterface.
  if (instance.state !== 'RUNNING' && instance.state !== 'STOPPED')
    throw new ApiError(
      'UnsupportedOperation.ResourceIsInvalidState',
      `${instance.instanceId} is ${instance.state}; it must be RUNNING or STOPPED`,
    );
  const used = countSubEnis(core, instance.instanceId);
  if (used >= instance.subEniQuantity)
    throw new ApiError(
      'LimitExceeded',
      `${instance.instanceId} (${instance.instanceType}) has ${used} of ${instance.subEniQuantity} sub-ENIs`,
    );
}

const remove = defineAction({
  name: 'DeleteSubNetworkInterface',
  services: ['vpc'],
  allowed,
  parameters: z.object({ NetworkInterfaceId: text }),
  handle: ({ NetworkInterfaceId }, { core, requestId }) => {
    const eni = findEni(core, NetworkInterfaceId);
    if (eni.kind !== 'sub') throw new ApiError('UnsupportedOperation', `${NetworkInterfaceId} is not a sub-ENI`);
    requireIdle(eni);
    startDeletion(core, 'DeleteSubNetworkInterface', requestId, eni);
    return {};
  },
});

const checkReady = defineAction({
  name: 'CheckNetworkInterfaceSecurityGroupReady',
  services: ['vpc', 'cvm'],
  allowed,
  parameters: z.object({ NetworkInterfaceIds: textList }),
  handle: ({ NetworkInterfaceIds }, { core }) => {
    if (NetworkInterfaceIds.length === 0)
      throw new ApiError('MissingParameter', 'the parameter `NetworkInterfaceIds` is required');
    if (NetworkInterfaceIds.length > quotas.idsPerDescribe)
      throw new ApiError(
        'InvalidParameterValue.LimitExceeded',
        `NetworkInterfaceIds has ${NetworkInterfaceIds.length} entries; at most ${quotas.idsPerDescribe} are allowed`,
      );
    const enis = [...new Set(NetworkInterfaceIds)].map((id) => findEni(core, id));
    return {
      SecurityGroupReadySet: enis.map((eni) => ({
        NetworkInterfaceId: eni.eniId,
        Ready: eni.state === 'AVAILABLE' && eni.groupsReady,
      })),
    };
  },
});

/** CreateSubNetworkInterface, DeleteSubNetworkInterface, CheckNetworkInterfaceSecurityGroupReady. */
export const subEniActions: readonly Action[] = [create, remove, checkReady];
