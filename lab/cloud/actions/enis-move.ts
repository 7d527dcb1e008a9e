// CreateAndAttachNetworkInterface and MigrateNetworkInterface.
import { z } from 'zod';
import { type Action, defineAction, integer, text } from '../action.ts';
import { ApiError } from '../api-error.ts';
import { findEni, findInstance, requireIdle } from '../lookup.ts';
import { subEnisOf } from '../state.ts';
import { eniCreationAttached, eniMove } from '../tasks/eni-tasks.ts';
import { newEniAnswer } from './eni-answer.ts';
import { addressesWanted, checkNewEni, makeEni, newEniParameters } from './enis-create.ts';
import { checkPlace, freeDeviceIndex, requireAddressesFit, requireNoAttachTask } from './enis-place.ts';

/** Extended ENIs are not simulated. */
export function requireStandard(attachType: number | undefined): void {
  if ((attachType ?? 0) !== 0)
    throw new ApiError('UnsupportedOperation', 'extended ENIs (AttachType 1) are not simulated');
}

const createAndAttach = defineAction({
  name: 'CreateAndAttachNetworkInterface',
  services: ['vpc'],
  takesToken: true,
  parameters: z.object({ ...newEniParameters, InstanceId: text, AttachType: integer.optional() }),
  handle: (wish, { core, requestId }) => {
    requireStandard(wish.AttachType);
    const subnet = checkNewEni(core, wish);
    const instance = findInstance(core, wish.InstanceId);
    checkPlace(subnet, instance, subnet.subnetId);
    requireAddressesFit(instance, addressesWanted(wish));
    const deviceIndex = freeDeviceIndex(core, instance);
    const eni = makeEni(core, wish, subnet, false);
    const answer = newEniAnswer(eni);
    // One task for both: PENDING with a place in the instance's quota until it has a port.
    eni.attachment = { instanceId: instance.instanceId, deviceIndex, at: core.clock.now(), plugged: false };
    core.startTask('CreateAndAttachNetworkInterface', requestId, eniCreationAttached.plan({ eniId: eni.eniId }));
    return { NetworkInterface: answer };
  },
});

const migrate = defineAction({
  name: 'MigrateNetworkInterface',
  services: ['vpc'],
  parameters: z.object({
    NetworkInterfaceId: text,
    SourceInstanceId: text,
    DestinationInstanceId: text,
    AttachType: integer.optional(),
  }),
  handle: (wish, { core, requestId }) => {
    requireStandard(wish.AttachType);
    const eni = findEni(core, wish.NetworkInterfaceId);
    const source = findInstance(core, wish.SourceInstanceId);
    const destination = findInstance(core, wish.DestinationInstanceId);
    const before = eni.attachment;
    if (before?.instanceId !== source.instanceId)
      throw new ApiError(
        'UnsupportedOperation.AttachmentNotFound',
        `${eni.eniId} is not attached to ${source.instanceId}`,
      );
    if (eni.kind !== 'secondary' || source === destination)
      throw new ApiError('UnsupportedOperation', 'only a secondary ENI moves, and only to another instance');
    requireIdle(eni);
    if (subEnisOf(core.state, eni.eniId).length > 0)
      throw new ApiError('UnsupportedOperation', `${eni.eniId} still carries sub-ENIs`);
    checkPlace(eni, destination, eni.eniId);
    requireAddressesFit(destination, eni.addresses.length);
    requireNoAttachTask(core, source);
    const deviceIndex = freeDeviceIndex(core, destination);
    // It takes its place on the destination at once; no port on either side until the task's time (GUESS).
    eni.state = 'ATTACHING';
    eni.attachment = { instanceId: destination.instanceId, deviceIndex, at: core.clock.now(), plugged: false };
    core.touch();
    core.startTask('MigrateNetworkInterface', requestId, eniMove.plan({ eniId: eni.eniId, before }));
    return {};
  },
});

/** Calls that place an ENI on an instance together with another step. */
export const eniMoveActions: readonly Action[] = [createAndAttach, migrate];
