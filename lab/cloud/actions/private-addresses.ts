// AssignPrivateIpAddresses, UnassignPrivateIpAddresses, ModifyPrivateIpAddressesAttribute and MigratePrivateIpAddress.
import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { type Action, bool, defineAction, integer, text } from '../action.ts';
import { ApiError } from '../api-error.ts';
import { findEni, findInstance, findSubnet } from '../lookup.ts';
import { quotas } from '../settings.ts';
import { addressAssignment, addressMove, addressRemoval } from '../tasks/private-address-tasks.ts';
import { addressAnswer } from './eni-answer.ts';
import { takeAddresses } from './eni-records.ts';
import { requireOpenZone } from './open-zone.ts';
import {
  addressOn,
  markAddresses,
  requireAddressesIdle,
  requireAddressRoom,
  startAddressTask,
} from './address-tasks.ts';

/** PT, AU, AG or DEFAULT (facts, section 8, CreateNetworkInterface). */
export const qosLevel = z.enum(['PT', 'AU', 'AG', 'DEFAULT']);

/** Further members of an answer may be sent back, and are of no effect. */
export const addressSpecs = z.array(
  z.looseObject({ PrivateIpAddress: text, Primary: bool.optional(), Description: text.optional() }),
);

/** The ips, each once and well formed. Throws LimitExceeded, Malformed or DuplicatePara. */
export function checkAddressList(specs: z.output<typeof addressSpecs>): string[] {
  if (specs.length > quotas.privateIpsPerCall)
    throw new ApiError(
      'InvalidParameterValue.LimitExceeded',
      `${specs.length} private addresses; at most ${quotas.privateIpsPerCall} per call`,
    );
  const ips = specs.map((spec) => spec.PrivateIpAddress);
  const wrong = ips.find((ip) => !isIPv4(ip));
  if (wrong !== undefined) throw new ApiError('InvalidParameterValue.Malformed', `\`${wrong}\` is no IPv4 address`);
  const twice = ips.find((ip, index) => ips.indexOf(ip) !== index);
  if (twice !== undefined) throw new ApiError('InvalidParameterValue.DuplicatePara', `${twice} is given twice`);
  return ips;
}

const assign = defineAction({
  name: 'AssignPrivateIpAddresses',
  services: ['vpc'],
  takesToken: true,
  parameters: z.object({
    NetworkInterfaceId: text,
    PrivateIpAddresses: addressSpecs.optional(),
    SecondaryPrivateIpAddressCount: integer.optional(),
    QosLevel: qosLevel.optional(),
    ClientToken: text.optional(),
  }),
  handle: (wish, { core, requestId }) => {
    const eni = findEni(core, wish.NetworkInterfaceId);
    const specs = wish.PrivateIpAddresses ?? [];
    const count = wish.SecondaryPrivateIpAddressCount;
    if (specs.length === 0 && count === undefined)
      throw new ApiError('MissingParameter', 'give PrivateIpAddresses or SecondaryPrivateIpAddressCount');
    if (count !== undefined && count < 1)
      throw new ApiError('InvalidParameterValue.Range', `SecondaryPrivateIpAddressCount is ${count}; at least 1`);
    const named = checkAddressList(specs);
    if (specs.some((spec) => spec.Primary === true))
      throw new ApiError('UnsupportedOperation', 'a primary address cannot be assigned');
    if (eni.kind === 'sub')
      throw new ApiError('UnsupportedOperation', `${eni.eniId} is a sub-ENI; it has one address (GUESS)`);
    requireAddressesIdle(eni);
    requireOpenZone(core, eni.zone);
    // Names and a count together add up (GUESS).
    requireAddressRoom(core, eni, named.length + (count ?? 0));
    const subnet = findSubnet(core, eni.subnetId);
    const taken = takeAddresses(subnet, named, named.length + (count ?? 0));
    const descriptions = new Map(specs.map((spec) => [spec.PrivateIpAddress, spec.Description]));
    const added = taken.map((ip) => {
      const description = descriptions.get(ip);
      return { ip, primary: false, state: 'PENDING' as const, ...(description === undefined ? {} : { description }) };
    });
    eni.addresses = [...eni.addresses, ...added];
    const task = addressAssignment.plan({ eniId: eni.eniId, ips: taken });
    startAddressTask(core, { action: 'AssignPrivateIpAddresses', requestId }, [eni], task);
    return { PrivateIpAddressSet: added.map((address) => addressAnswer(eni, address)) };
  },
});

const unassign = defineAction({
  name: 'UnassignPrivateIpAddresses',
  services: ['vpc'],
  parameters: z.object({
    NetworkInterfaceId: text,
    PrivateIpAddresses: addressSpecs,
    InstanceId: text.optional(),
  }),
  handle: ({ NetworkInterfaceId, PrivateIpAddresses, InstanceId }, { core, requestId }) => {
    const eni = findEni(core, NetworkInterfaceId);
    const list = checkAddressList(PrivateIpAddresses);
    if (list.length === 0) throw new ApiError('MissingParameter', 'the parameter `PrivateIpAddresses` is required');
    if (InstanceId !== undefined && findInstance(core, InstanceId).instanceId !== eni.attachment?.instanceId)
      throw new ApiError('UnsupportedOperation.AttachmentNotFound', `${eni.eniId} is not attached to ${InstanceId}`);
    for (const ip of list)
      if (addressOn(eni, ip).primary)
        throw new ApiError('UnsupportedOperation', `${ip} is the primary address of ${eni.eniId}`);
    requireAddressesIdle(eni);
    const task = addressRemoval.plan({ eniId: eni.eniId, ips: list, before: [...eni.addresses] });
    markAddresses(eni, new Set(list), 'DELETING');
    startAddressTask(core, { action: 'UnassignPrivateIpAddresses', requestId }, [eni], task);
    return {};
  },
});

const modify = defineAction({
  name: 'ModifyPrivateIpAddressesAttribute',
  services: ['vpc'],
  parameters: z.object({ NetworkInterfaceId: text, PrivateIpAddresses: addressSpecs }),
  handle: ({ NetworkInterfaceId, PrivateIpAddresses }, { core }) => {
    const eni = findEni(core, NetworkInterfaceId);
    for (const ip of checkAddressList(PrivateIpAddresses)) addressOn(eni, ip);
    requireAddressesIdle(eni);
    const descriptions = new Map(PrivateIpAddresses.map((spec) => [spec.PrivateIpAddress, spec.Description]));
    eni.addresses = eni.addresses.map((address) => {
      const description = descriptions.get(address.ip);
      return description === undefined ? address : { ...address, description };
    });
    return {};
  },
});

const migrate = defineAction({
  name: 'MigratePrivateIpAddress',
  services: ['vpc'],
  parameters: z.object({
    SourceNetworkInterfaceId: text,
    DestinationNetworkInterfaceId: text,
    PrivateIpAddress: text,
  }),
  handle: (wish, { core, requestId }) => {
    const source = findEni(core, wish.SourceNetworkInterfaceId);
    const destination = findEni(core, wish.DestinationNetworkInterfaceId);
    const ip = wish.PrivateIpAddress;
    if (!isIPv4(ip)) throw new ApiError('InvalidParameterValue.Malformed', `\`${ip}\` is no IPv4 address`);
    const address = addressOn(source, ip, 'UnauthorizedOperation.AttachmentNotFound');
    if (address.primary) throw new ApiError('UnsupportedOperation.PrimaryIp', `${ip} is primary on ${source.eniId}`);
    if (source === destination || source.subnetId !== destination.subnetId || destination.kind === 'sub')
      throw new ApiError('UnsupportedOperation', `${ip} can only move to another ENI of ${source.subnetId}`);
    requireAddressesIdle(source);
    requireAddressesIdle(destination);
    requireAddressRoom(core, destination, 1);
    const task = addressMove.plan({ sourceId: source.eniId, destinationId: destination.eniId, address });
    markAddresses(source, new Set([ip]), 'MIGRATING');
    startAddressTask(core, { action: 'MigratePrivateIpAddress', requestId }, [source, destination], task);
    return {};
  },
});

/** Secondary private addresses of ENIs. */
export const privateAddressActions: readonly Action[] = [assign, unassign, modify, migrate];
