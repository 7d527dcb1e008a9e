// What CreateNetworkInterface and CreateAndAttachNetworkInterface ask for alike, checked and made.
import { z } from 'zod';
import { integer, tagList, text, textList } from '../action.ts';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { checkGroups, requireGroupRoom, findSubnet, findVpc } from '../lookup.ts';
import type { EniRecord, SubnetRecord } from '../state.ts';
import { checkProductTags } from '../tagging/tag-rules.ts';
import { checkEniDescription, checkName } from './eni-names.ts';
import { addEni, takeAddresses } from './eni-records.ts';
import { requireOpenZone } from './open-zone.ts';
import { addressSpecs, checkAddressList, qosLevel } from './private-addresses.ts';

/** Parameters of both calls (facts, section 8). */
export const newEniParameters = {
  VpcId: text,
  NetworkInterfaceName: text,
  SubnetId: text,
  NetworkInterfaceDescription: text.optional(),
  SecondaryPrivateIpAddressCount: integer.optional(),
  QosLevel: qosLevel.optional(),
  SecurityGroupIds: textList.optional(),
  PrivateIpAddresses: addressSpecs.optional(),
  Tags: tagList.optional(),
  ClientToken: text.optional(),
} as const;
const schema = z.object(newEniParameters);
export type NewEniWish = z.output<typeof schema>;

/** The subnet that is meant, after everything was checked that takes nothing. Throws the codes of CreateNetworkInterface. */
export function checkNewEni(core: CloudCore, wish: NewEniWish): SubnetRecord {
  checkName(wish.NetworkInterfaceName);
  checkEniDescription(wish.NetworkInterfaceDescription ?? '');
  checkProductTags(wish.Tags ?? []);
  const vpc = findVpc(core, wish.VpcId);
  const subnet = findSubnet(core, wish.SubnetId);
  if (subnet.vpcId !== vpc.vpcId)
    throw new ApiError(
      'UnsupportedOperation.ResourceMismatch',
      `subnet ${subnet.subnetId} is in ${subnet.vpcId}, not in ${vpc.vpcId}`,
    );
  requireOpenZone(core, subnet.zone);
  checkAddressList(wish.PrivateIpAddresses ?? []);
  if ((wish.PrivateIpAddresses ?? []).filter((address) => address.Primary === true).length > 1)
    throw new ApiError('InvalidParameterValue', 'PrivateIpAddresses names more than one primary address');
  if ((wish.SecondaryPrivateIpAddressCount ?? 0) < 0)
    throw new ApiError('InvalidParameterValue.Range', 'SecondaryPrivateIpAddressCount must not be negative');
  const { enisPerVpc } = core.settings;
  const own = core.state.enis.by('vpc', vpc.vpcId).length;
  // Counting costs something, so only an account that is near the figure pays for it.
  const counted = own < enisPerVpc ? own : countSecondary(core, vpc.vpcId);
  if (counted >= enisPerVpc)
    throw new ApiError('LimitExceeded.NetworkInterfaceLimitExceeded', `${vpc.vpcId} has ${enisPerVpc} ENIs`);
  return subnet;
}

const countSecondary = (core: CloudCore, vpcId: string): number =>
  core.state.enis.by('vpc', vpcId).filter((eni) => eni.kind === 'secondary').length;

/** How many addresses the ENI will have. */
export const addressesWanted = (wish: NewEniWish): number =>
  Math.max(1, wish.PrivateIpAddresses?.length ?? 0) + (wish.SecondaryPrivateIpAddressCount ?? 0);

/** Adds the PENDING record. Throws what groups and addresses are refused with, and takes nothing then. */
export function makeEni(core: CloudCore, wish: NewEniWish, subnet: SubnetRecord, trunking: boolean): EniRecord {
  const groups = checkGroups(core, wish.SecurityGroupIds ?? []);
  requireGroupRoom(core, [{ before: [], after: groups }]);
  const named = (wish.PrivateIpAddresses ?? [])
    .toSorted((a, b) => Number(b.Primary ?? false) - Number(a.Primary ?? false))
    .map((address) => address.PrivateIpAddress);
  return addEni(core, {
    name: wish.NetworkInterfaceName,
    description: wish.NetworkInterfaceDescription ?? '',
    kind: 'secondary',
    subnet,
    addresses: takeAddresses(subnet, named, addressesWanted(wish)),
    securityGroupIds: groups,
    tags: wish.Tags ?? [],
    trunking,
    qosLevel: wish.QosLevel,
  });
}
