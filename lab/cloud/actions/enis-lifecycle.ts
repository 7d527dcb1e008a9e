// Create, attach, detach, delete and modify ENIs.
import { z } from 'zod';
import { type Action, bool, defineAction, integer, text, textList } from '../action.ts';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { checkGroups, requireGroupRoom, findEni, findInstance, requireIdle } from '../lookup.ts';
import { type EniRecord, subEnisOf } from '../state.ts';
import { eniAttachment, eniCreation, eniDeletion, eniDetachment } from '../tasks/eni-tasks.ts';
import { newEniAnswer } from './eni-answer.ts';
import { checkEniDescription, checkName } from './eni-names.ts';
import { addressesWanted, checkNewEni, makeEni, newEniParameters } from './enis-create.ts';
import { requireStandard } from './enis-move.ts';
import { checkPlace, freeDeviceIndex, requireAddressesFit, requireNoAttachTask } from './enis-place.ts';

const trunkingFlag = z.enum(['Enable', 'Disable']);
const createNetworkInterface = defineAction({
  name: 'CreateNetworkInterface',
  services: ['vpc'],
  takesToken: true,
  parameters: z.object({
    ...newEniParameters,
    TrunkingFlag: trunkingFlag.optional(),
    IsRdma: bool.optional(),
  }),
  handle: (wish, { core, requestId }) => {
    if (wish.IsRdma === true) throw new ApiError('UnsupportedOperation', 'RDMA interfaces are not simulated');
    const subnet = checkNewEni(core, wish);
    const { unboundEniPrivateIps } = core.settings;
    if (addressesWanted(wish) > unboundEniPrivateIps)
      throw new ApiError(
        'LimitExceeded',
        `an ENI that is attached to nothing has at most ${unboundEniPrivateIps} addresses`,
      );
    const eni = makeEni(core, wish, subnet, wish.TrunkingFlag === 'Enable');
    startCreation(core, 'CreateNetworkInterface', requestId, eni);
    return { NetworkInterface: newEniAnswer(eni) };
  },
});

/** PENDING until the fabric knows the ENI and its groups. */
export function startCreation(core: CloudCore, action: string, requestId: string, eni: EniRecord): void {
  core.startTask(action, requestId, eniCreation.plan({ eniId: eni.eniId }));
}

const attachNetworkInterface = defineAction({
  name: 'AttachNetworkInterface',
  services: ['vpc'],
  takesToken: true,
  parameters: z.object({
    NetworkInterfaceId: text,
    InstanceId: text,
    AttachType: integer.optional(),
    ClientToken: text.optional(),
  }),
  handle: (parameters, { core, requestId }) => {
    requireStandard(parameters.AttachType);
    const eni = findEni(core, parameters.NetworkInterfaceId);
    const instance = findInstance(core, parameters.InstanceId);
    if (eni.kind === 'sub')
      throw new ApiError('UnsupportedOperation', `${eni.eniId} is a sub-ENI; it belongs to its trunk`);
    if (eni.attachment !== null)
      throw new ApiError(
        'UnsupportedOperation.AttachmentAlreadyExists',
        `${eni.eniId} is attached to ${eni.attachment.instanceId}`,
      );
    requireIdle(eni);
    checkPlace(eni, instance, eni.eniId);
    requireAddressesFit(instance, eni.addresses.length);
    const deviceIndex = freeDeviceIndex(core, instance);
    eni.state = 'ATTACHING';
    eni.attachment = { instanceId: instance.instanceId, deviceIndex, at: core.clock.now(), plugged: false };
    core.startTask('AttachNetworkInterface', requestId, eniAttachment.plan({ eniId: eni.eniId }));
    return {};
  },
});

const detachNetworkInterface = defineAction({
  name: 'DetachNetworkInterface',
  services: ['vpc'],
  takesToken: true,
  parameters: z.object({ NetworkInterfaceId: text, InstanceId: text, ClientToken: text.optional() }),
  handle: (parameters, { core, requestId }) => {
    const eni = findEni(core, parameters.NetworkInterfaceId);
    const instance = findInstance(core, parameters.InstanceId);
    if (eni.kind !== 'secondary')
      throw new ApiError('UnsupportedOperation', `${eni.eniId} is a ${eni.kind} ENI; only secondary ones are detached`);
    requireIdle(eni);
    if (eni.attachment?.instanceId !== parameters.InstanceId)
      throw new ApiError(
        'UnsupportedOperation.InvalidState',
        `${eni.eniId} is not attached to ${parameters.InstanceId}`,
      );
    requireNoSubEnis(core, eni);
    requireNoAttachTask(core, instance);
    eni.state = 'DETACHING';
    const task = eniDetachment.plan({ eniId: eni.eniId, before: eni.attachment });
    core.startTask('DetachNetworkInterface', requestId, task);
    return {};
  },
});

function requireNoSubEnis(core: CloudCore, eni: EniRecord): void {
  const count = subEnisOf(core.state, eni.eniId).length;
  if (count > 0) throw new ApiError('ResourceInUse', `${eni.eniId} still carries ${count} sub-ENIs`);
}

const deleteNetworkInterface = defineAction({
  name: 'DeleteNetworkInterface',
  services: ['vpc'],
  parameters: z.object({ NetworkInterfaceId: text }),
  handle: (parameters, { core, requestId }) => {
    const eni = findEni(core, parameters.NetworkInterfaceId);
    if (eni.kind === 'sub')
      throw new ApiError('UnsupportedOperation', `${eni.eniId} is a sub-ENI; use DeleteSubNetworkInterface`);
    if (eni.attachment !== null)
      throw new ApiError('ResourceInUse', `${eni.eniId} is attached to ${eni.attachment.instanceId}; detach it first`);
    requireIdle(eni);
    requireNoSubEnis(core, eni);
    startDeletion(core, 'DeleteNetworkInterface', requestId, eni);
    return {};
  },
});

/** DELETING until it is gone from describe calls and from the fabric. */
export function startDeletion(core: CloudCore, action: string, requestId: string, eni: EniRecord): void {
  eni.state = 'DELETING';
  core.startTask(action, requestId, eniDeletion.plan({ eniId: eni.eniId }));
}

const modifyNetworkInterfaceAttribute = defineAction({
  name: 'ModifyNetworkInterfaceAttribute',
  services: ['vpc'],
  parameters: z.object({
    NetworkInterfaceId: text,
    NetworkInterfaceName: text.optional(),
    NetworkInterfaceDescription: text.optional(),
    SecurityGroupIds: textList.optional(),
    TrunkingFlag: trunkingFlag.optional(),
  }),
  handle: async (parameters, { core }) => {
    const eni = findEni(core, parameters.NetworkInterfaceId);
    if (parameters.NetworkInterfaceName !== undefined) checkName(parameters.NetworkInterfaceName);
    if (parameters.NetworkInterfaceDescription !== undefined)
      checkEniDescription(parameters.NetworkInterfaceDescription);
    if (parameters.TrunkingFlag !== undefined && eni.kind !== 'secondary')
      throw new ApiError(
        'UnsupportedOperation.SubEniNotSupportTrunking',
        `${eni.eniId} is a ${eni.kind} ENI and cannot be a trunk`,
      );
    if (parameters.TrunkingFlag === 'Disable') requireNoSubEnis(core, eni);
    const groups =
      parameters.SecurityGroupIds === undefined ? undefined : checkGroups(core, parameters.SecurityGroupIds);
    if (groups !== undefined && eni.kind === 'primary' && !core.settings.primaryEniTakesGroups)
      throw new ApiError('UnsupportedOperation', `${eni.eniId} is a primary ENI; change its instance through cvm`);
    if (groups !== undefined) requireGroupRoom(core, [{ before: eni.securityGroupIds, after: groups }]);
    eni.name = parameters.NetworkInterfaceName ?? eni.name;
    eni.description = parameters.NetworkInterfaceDescription ?? eni.description;
    if (parameters.TrunkingFlag !== undefined) eni.trunking = parameters.TrunkingFlag === 'Enable';
    // GUESS: the list replaces the whole set, in the given order (facts, section 8).
    if (groups !== undefined) await bindGroups(core, [{ eni, groups }]);
    return {};
  },
});

/** Binds groups and answers only when the fabric obeys. */
export async function bindGroups(
  core: CloudCore,
  changes: readonly { readonly eni: EniRecord; readonly groups: readonly string[] }[],
): Promise<void> {
  for (const { eni, groups } of changes) {
    eni.securityGroupIds = [...groups];
    eni.groupsReady = false;
  }
  core.touch();
  await core.settle();
  for (const { eni } of changes) eni.groupsReady = eni.wired;
}

/** The life of primary and secondary ENIs. */
export const eniLifecycleActions: readonly Action[] = [
  createNetworkInterface,
  attachNetworkInterface,
  detachNetworkInterface,
  deleteNetworkInterface,
  modifyNetworkInterfaceAttribute,
];
