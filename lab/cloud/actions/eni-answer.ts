// How an ENI looks in answers.
import { type EipBook, eipOn } from '../eips/eip-state.ts';
import type { EniAddress, EniRecord } from '../state.ts';

/** `EniType` of each kind (facts, section 8: Objects). */
export const ENI_TYPES = { secondary: 0, primary: 1, sub: 2 } as const;
const CHINA_OFFSET_MS = 8 * 3_600_000;

/** `YYYY-MM-DD hh:mm:ss` in China's time (facts, section 7: GUESS on the zone). */
export function vpcTime(at: Date): string {
  const there = new Date(at.getTime() + CHINA_OFFSET_MS);
  const day = `${there.getUTCFullYear()}-${two(there.getUTCMonth() + 1)}-${two(there.getUTCDate())}`;
  return `${day} ${two(there.getUTCHours())}:${two(there.getUTCMinutes())}:${two(there.getUTCSeconds())}`;
}

const two = (part: number): string => (part < 10 ? `0${part}` : `${part}`);

/** The whole `NetworkInterface` object (facts, section 8: Objects). */
export function eniAnswer(eni: EniRecord, eips?: EipBook): object {
  return {
    NetworkInterfaceId: eni.eniId,
    NetworkInterfaceName: eni.name,
    NetworkInterfaceDescription: eni.description,
    SubnetId: eni.subnetId,
    VpcId: eni.vpcId,
    GroupSet: [...eni.securityGroupIds],
    Primary: eni.kind === 'primary',
    MacAddress: eni.mac.toUpperCase(),
    State: eni.state,
    NetworkInterfaceState:
      eni.state === 'AVAILABLE' && (eni.attachment !== null || eni.kind === 'sub') ? 'INUSE' : eni.state,
    PrivateIpAddressSet: eni.addresses.map((address) => addressAnswer(eni, address, eips)),
    Attachment:
      eni.attachment === null
        ? null
        : {
            DeviceIndex: eni.attachment.deviceIndex,
            InstanceId: eni.attachment.instanceId,
            InstanceAccountId: '',
            AttachTime: vpcTime(eni.attachment.at),
          },
    Zone: eni.zone,
    CreatedTime: vpcTime(eni.createdAt),
    Ipv6AddressSet: [],
    TagSet: [...eni.tags],
    EniType: ENI_TYPES[eni.kind],
    Business: 'cvm',
    CdcId: '',
    AttachType: 0,
    ResourceId: '',
    QosLevel: eni.qosLevel,
    // GUESS: no public shape names these two (facts, section 9).
    ...(eni.kind === 'sub' ? { VlanId: eni.vlanId, TrunkNetworkInterfaceId: eni.trunkEniId } : {}),
  };
}

/** `PrivateIpAddressSpecification`; an ENI that is being made or deleted says so for each of its addresses. */
export function addressAnswer(eni: EniRecord, address: EniAddress, eips?: EipBook): object {
  const eip = eips === undefined ? undefined : eipOn(eips, eni.eniId, address.ip);
  return {
    PrivateIpAddress: address.ip,
    Primary: address.primary,
    PublicIpAddress: eip?.ip ?? '',
    AddressId: eip?.addressId ?? '',
    Description: address.description ?? '',
    IsWanIpBlocked: eip?.blocked ?? false,
    State: address.state ?? (eni.state === 'PENDING' || eni.state === 'DELETING' ? eni.state : 'AVAILABLE'),
    QosLevel: eni.qosLevel,
  };
}

/** What the creating call answers at once: several fields come only later (facts, section 8, CreateNetworkInterface). */
export function newEniAnswer(eni: EniRecord): object {
  return { ...eniAnswer(eni), GroupSet: [], TagSet: [], Zone: '', CreatedTime: '' };
}
