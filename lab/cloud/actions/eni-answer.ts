// How an ENI looks in answers, and the filters that find one.
import { exact, flag, type FilterTest } from '../paging.ts';
import type { CloudCore } from '../core.ts';
import type { EniRecord } from '../state.ts';

const ENI_TYPES = { secondary: 0, primary: 1, sub: 2 } as const;
const CHINA_OFFSET_MS = 8 * 3_600_000;

/** `YYYY-MM-DD hh:mm:ss` in China's time (facts, section 7: GUESS on the zone). */
export function vpcTime(at: Date): string {
  return new Date(at.getTime() + CHINA_OFFSET_MS).toISOString().slice(0, 19).replace('T', ' ');
}

/** The whole `NetworkInterface` object (facts, section 8: Objects). */
export function eniAnswer(eni: EniRecord): object {
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
    PrivateIpAddressSet: eni.addresses.map((address) => ({
      PrivateIpAddress: address.ip,
      Primary: address.primary,
      PublicIpAddress: '',
      AddressId: '',
      Description: '',
      IsWanIpBlocked: false,
      State: eni.state === 'PENDING' || eni.state === 'DELETING' ? eni.state : 'AVAILABLE',
      QosLevel: 'DEFAULT',
    })),
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
    QosLevel: 'DEFAULT',
    // GUESS: no public shape names these two (facts, section 9).
    ...(eni.kind === 'sub' ? { VlanId: eni.vlanId, TrunkNetworkInterfaceId: eni.trunkEniId } : {}),
  };
}

/** What the creating call answers at once: several fields come only later (facts, section 8, CreateNetworkInterface). */
export function newEniAnswer(eni: EniRecord): object {
  return { ...eniAnswer(eni), GroupSet: [], TagSet: [], Zone: '', CreatedTime: '' };
}

/** Describe calls show an ENI only some time after its creation when the read delay is set. */
export function visibleEnis(core: CloudCore): EniRecord[] {
  const now = core.clock.monotonicMs();
  return [...core.state.enis.values()].filter((eni) => eni.visibleAt <= now);
}

/** One value matches the end of an address, several match exactly (facts, section 8). */
const addressTest: FilterTest<EniRecord> = (eni, values) =>
  eni.addresses.some((address) =>
    values.length === 1 ? address.ip.endsWith(values[0] ?? '') : values.includes(address.ip),
  );

/** Filters of DescribeNetworkInterfaces that the simulator keeps; others are refused by name. */
export const eniFilters: Readonly<Record<string, FilterTest<EniRecord>>> = {
  'vpc-id': exact((eni) => eni.vpcId),
  'subnet-id': exact((eni) => eni.subnetId),
  'network-interface-id': exact((eni) => eni.eniId),
  'attachment.instance-id': exact((eni) => eni.attachment?.instanceId ?? ''),
  'groups.security-group-id': exact((eni) => eni.securityGroupIds),
  'network-interface-name': exact((eni) => eni.name),
  'network-interface-description': exact((eni) => eni.description),
  'address-ip': addressTest,
  'ip-exact-match': exact((eni) => eni.addresses.map((address) => address.ip)),
  'is-primary': flag((eni) => eni.kind === 'primary'),
  'eni-type': exact((eni) => String(ENI_TYPES[eni.kind])),
};
