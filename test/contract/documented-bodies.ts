// Bodies in the shape that the API's documentation shows (facts of the cloud API, sections 7 to 14), with every field that it names, ours or not.

/** The `Response` of a call that only starts a task, or that changes something at once. */
export const accepted = { RequestId: '6ef60bec-0242-43af-bb20-270359fb54a7' } as const;

const address = (ip: string, change: object = {}): object => ({
  PrivateIpAddress: ip,
  Primary: false,
  PublicIpAddress: '',
  AddressId: '',
  Description: '',
  IsWanIpBlocked: false,
  State: 'AVAILABLE',
  QosLevel: 'DEFAULT',
  ...change,
});

/** A secondary ENI attached to an instance. `State` stays AVAILABLE; only NetworkInterfaceState tells (facts, section 1.9). */
export const attachedEni = {
  NetworkInterfaceId: 'eni-f1xjkw1b',
  NetworkInterfaceName: 'node-a-1',
  NetworkInterfaceDescription: 'shared',
  SubnetId: 'subnet-9bn8gu2k',
  VpcId: 'vpc-2kx9z6h3',
  GroupSet: ['sg-ijato2x1', 'sg-aa3hk2w9'],
  Primary: false,
  MacAddress: '20:90:6F:F5:34:C7',
  State: 'AVAILABLE',
  NetworkInterfaceState: 'INUSE',
  PrivateIpAddressSet: [
    address('192.168.0.14', { PublicIpAddress: '203.0.113.20', AddressId: 'eip-7dpl4we2' }),
    address('192.168.0.13', { Primary: true }),
    address('192.168.0.15', { State: 'PENDING' }),
  ],
  Attachment: {
    DeviceIndex: 1,
    InstanceId: 'ins-r8hr2upy',
    InstanceAccountId: '100000000001',
    AttachTime: '2024-05-21 09:17:40',
  },
  Zone: 'ap-guangzhou-2',
  CreatedTime: '2024-05-21 09:17:36',
  Ipv6AddressSet: [
    {
      Address: '2001:db8::17',
      Primary: true,
      AddressId: '',
      Description: '',
      IsWanIpBlocked: true,
      State: 'AVAILABLE',
    },
  ],
  TagSet: [{ Key: 'owner', Value: 'cluster-a' }],
  EniType: 0,
  Business: 'cvm',
  CdcId: '',
  AttachType: 0,
  ResourceId: '',
  QosLevel: 'DEFAULT',
} as const;

/** The primary ENI of an instance, in the shortest form: nullable fields null, unset lists empty. */
export const primaryEni = {
  ...attachedEni,
  NetworkInterfaceId: 'eni-3o9cksfw',
  NetworkInterfaceName: 'Primary ENI',
  NetworkInterfaceDescription: '',
  Primary: true,
  EniType: 1,
  PrivateIpAddressSet: [address('192.168.0.2', { Primary: true })],
  Attachment: { ...attachedEni.Attachment, DeviceIndex: 0 },
  Ipv6AddressSet: [],
  GroupSet: [],
  TagSet: [],
} as const;

/** What a creating call answers at once: groups, tags, zone and time come only later (facts, section 8). */
export const createdEni = {
  ...attachedEni,
  GroupSet: [],
  TagSet: [],
  Zone: '',
  CreatedTime: '',
  State: 'PENDING',
  NetworkInterfaceState: 'PENDING',
  Attachment: null,
  PrivateIpAddressSet: [address('192.168.0.13', { Primary: true, State: 'PENDING' })],
} as const;

/** GUESS: no public source shows a sub-ENI (facts, section 9). */
export const createdSubEni = {
  ...createdEni,
  NetworkInterfaceId: 'eni-5k56k7k7',
  EniType: 2,
  VlanId: 101,
  TrunkNetworkInterfaceId: 'eni-f1xjkw1b',
} as const;

export const subnet = {
  VpcId: 'vpc-2kx9z6h3',
  SubnetId: 'subnet-9bn8gu2k',
  SubnetName: 'pods',
  CidrBlock: '192.168.0.0/24',
  IsDefault: false,
  EnableBroadcast: false,
  Zone: 'ap-guangzhou-2',
  RouteTableId: 'rtb-8425lgjy',
  CreatedTime: '2024-05-20 18:01:02',
  AvailableIpAddressCount: 250,
  TotalIpAddressCount: 253,
  Ipv6CidrBlock: '',
  NetworkAclId: '',
  IsRemoteVpcSnat: false,
  TagSet: [],
  CdcId: '',
  IsCdcSubnet: 0,
} as const;

export const securityGroup = {
  SecurityGroupId: 'sg-ijato2x1',
  SecurityGroupName: 'my-pod-security-group',
  SecurityGroupDesc: 'My pod security group',
  ProjectId: '0',
  IsDefault: false,
  CreatedTime: '2024-05-20 18:05:12',
  UpdateTime: '2024-05-20 18:05:12',
  TagSet: [],
} as const;

export const instance = {
  Placement: { Zone: 'ap-guangzhou-2', ProjectId: 0, HostId: null },
  InstanceId: 'ins-r8hr2upy',
  InstanceType: 'SA5.LARGE8',
  CPU: 4,
  Memory: 8,
  RestrictState: 'NORMAL',
  InstanceName: 'node-a',
  InstanceChargeType: 'POSTPAID_BY_HOUR',
  PrivateIpAddresses: ['192.168.0.2'],
  PublicIpAddresses: null,
  InternetAccessible: { InternetChargeType: 'TRAFFIC_POSTPAID_BY_HOUR', InternetMaxBandwidthOut: 1 },
  VirtualPrivateCloud: { VpcId: 'vpc-2kx9z6h3', SubnetId: 'subnet-9bn8gu2k', AsVpcGateway: false },
  SecurityGroupIds: ['sg-ijato2x1'],
  InstanceState: 'RUNNING',
  Tags: [{ Key: 'owner', Value: 'cluster-a' }],
  CreatedTime: '2024-05-20T10:00:00Z',
  LatestOperation: 'RunInstances',
  LatestOperationState: 'SUCCESS',
  LatestOperationRequestId: '3c140219-cfe9-470e-b241-907877d6fb03',
  LatestOperationErrorMsg: null,
  Uuid: '68b510db-b4c1-4630-a62b-73d0c7c970f9',
} as const;

/** A secondary address as an assigning call answers it. */
export const pendingAddress = (ip: string): object => address(ip, { State: 'PENDING' });

/** An EIP on the secondary address of an ENI (facts, section 12). */
export const boundEip = {
  AddressId: 'eip-7dpl4we2',
  AddressName: 'tke-eip-1',
  AddressStatus: 'BIND',
  AddressIp: '203.0.113.20',
  InstanceId: 'ins-r8hr2upy',
  CreatedTime: '2024-05-21T01:17:36Z',
  NetworkInterfaceId: 'eni-f1xjkw1b',
  PrivateAddressIp: '192.168.0.14',
  IsArrears: false,
  IsBlocked: false,
  IsEipDirectConnection: false,
  AddressType: 'EIP',
  CascadeRelease: false,
  EipAlgType: { Ftp: true, Sip: true },
  InternetServiceProvider: 'BGP',
  LocalBgp: false,
  Bandwidth: 100,
  InternetChargeType: 'TRAFFIC_POSTPAID_BY_HOUR',
  TagSet: [{ Key: 'owner', Value: 'cluster-a' }],
  DeadlineDate: null,
  InstanceType: 'ENI',
  Egress: '',
  AntiDDoSPackageId: '',
  RenewFlag: '',
  BandwidthPackageId: '',
  UnVpcId: 'vpc-2kx9z6h3',
  DedicatedClusterId: '',
} as const;

/** The same just after it was bought: bound to nothing. */
export const newEip = {
  ...boundEip,
  AddressStatus: 'CREATING',
  AddressIp: '',
  InstanceId: '',
  NetworkInterfaceId: null,
  PrivateAddressIp: null,
  Bandwidth: null,
  InternetChargeType: null,
  InstanceType: null,
} as const;
