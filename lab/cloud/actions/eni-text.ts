// How an ENI looks in describe answers, written as text from the record: one page may hold thousands of addresses, and objects on the way would cost more than all the rest of the call.
import { type EipBook, eipOn } from '../eips/eip-state.ts';
import { JsonText } from '../json-text.ts';
import type { EniAddress, EniRecord } from '../state.ts';
import { ENI_TYPES, vpcTime } from './eni-answer.ts';

/** The JSON of `eniAnswer`, byte for byte; what people write is escaped, ids, addresses and states need it not. */
export function eniText(eni: EniRecord, eips: EipBook): JsonText {
  const inUse = eni.state === 'AVAILABLE' && (eni.attachment !== null || eni.kind === 'sub');
  return new JsonText(
    `{"NetworkInterfaceId":"${eni.eniId}","NetworkInterfaceName":${JSON.stringify(eni.name)},` +
      `"NetworkInterfaceDescription":${JSON.stringify(eni.description)},"SubnetId":"${eni.subnetId}","VpcId":"${eni.vpcId}",` +
      `"GroupSet":${idsText(eni.securityGroupIds)},"Primary":${eni.kind === 'primary'},"MacAddress":"${eni.mac.toUpperCase()}",` +
      `"State":"${eni.state}","NetworkInterfaceState":"${inUse ? 'INUSE' : eni.state}",` +
      `"PrivateIpAddressSet":${addressesText(eni, eips)},"Attachment":${attachmentText(eni)},` +
      `"Zone":${JSON.stringify(eni.zone)},"CreatedTime":"${vpcTime(eni.createdAt)}","Ipv6AddressSet":[],` +
      `"TagSet":${eni.tags.length === 0 ? '[]' : JSON.stringify(eni.tags)},"EniType":${ENI_TYPES[eni.kind]},"Business":"cvm",` +
      `"CdcId":"","AttachType":0,"ResourceId":"","QosLevel":"${eni.qosLevel}"${subEniText(eni)}}`,
  );
}

function addressesText(eni: EniRecord, eips: EipBook): string {
  const passing = eni.state === 'PENDING' || eni.state === 'DELETING';
  const state = passing ? eni.state : 'AVAILABLE';
  const hasEips = eips.bindings.onEni(eni.eniId);
  const end = `,"QosLevel":"${eni.qosLevel}"}`;
  let text = '';
  for (const address of eni.addresses)
    text +=
      (text === '' ? '' : ',') +
      `{"PrivateIpAddress":"${address.ip}","Primary":${address.primary},${publicText(eni, address, hasEips ? eips : undefined)},` +
      `"State":"${address.state ?? state}"${end}`;
  return `[${text}]`;
}

/** The part that an EIP and a description decide. */
function publicText(eni: EniRecord, address: EniAddress, eips: EipBook | undefined): string {
  const eip = eips === undefined ? undefined : eipOn(eips, eni.eniId, address.ip);
  if (eip === undefined && address.description === undefined)
    return '"PublicIpAddress":"","AddressId":"","Description":"","IsWanIpBlocked":false';
  return (
    `"PublicIpAddress":"${eip?.ip ?? ''}","AddressId":"${eip?.addressId ?? ''}",` +
    `"Description":${JSON.stringify(address.description ?? '')},"IsWanIpBlocked":${eip?.blocked ?? false}`
  );
}

function attachmentText({ attachment }: EniRecord): string {
  if (attachment === null) return 'null';
  return (
    `{"DeviceIndex":${attachment.deviceIndex},"InstanceId":"${attachment.instanceId}","InstanceAccountId":"",` +
    `"AttachTime":"${vpcTime(attachment.at)}"}`
  );
}

const subEniText = (eni: EniRecord): string =>
  eni.kind === 'sub' ? `,"VlanId":${eni.vlanId},"TrunkNetworkInterfaceId":${JSON.stringify(eni.trunkEniId)}` : '';

const idsText = (ids: readonly string[]): string => (ids.length === 0 ? '[]' : `["${ids.join('","')}"]`);
