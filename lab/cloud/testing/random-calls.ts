// Random calls, right and wrong, over everything that an account owns; what they name is taken from earlier answers, whatever became of it.
import { chooser, type Chooser, type Known } from './known-names.ts';
import type { WireService } from './wire-client.ts';

export interface RandomCall {
  readonly service: WireService;
  readonly action: string;
  readonly body: object;
}

type Make = (choose: Chooser) => object;
type Table = Readonly<Record<string, Make>>;

const newEni: Make = ({ id, number, one, rarely }) => ({
  VpcId: rarely(8) ? id('vpc') : 'vpc-random01',
  SubnetId: one(['subnet-random01', 'subnet-random01', 'subnet-random02', id('subnet')]),
  NetworkInterfaceName: rarely(10) ? 'x'.repeat(70) : one(['eni', 'pod', '']),
  SecurityGroupIds: rarely(2) ? [id('sg'), id('sg')] : [],
  ...(rarely(3) ? { SecondaryPrivateIpAddressCount: number(4) } : {}),
  ...(rarely(5) ? { PrivateIpAddresses: [{ PrivateIpAddress: id('ip'), Primary: true }] } : {}),
  ...(rarely(4) ? { ClientToken: `token-${number(3)}` } : {}),
  ...(rarely(5) ? { Tags: [{ Key: 'k', Value: 'v' }] } : {}),
});
const enisAndGroups: Make = ({ id }) => ({ NetworkInterfaceIds: [id('eni')], SecurityGroupIds: [id('sg'), id('sg')] });
const rule: Make = ({ id, one, rarely }) => ({
  Protocol: rarely(12) ? 'XYZ' : one(['TCP', 'UDP']),
  Port: rarely(12) ? '99999' : one(['80', 'ALL', '80,443']),
  Action: one(['ACCEPT', 'DROP']),
  ...one([
    { CidrBlock: '10.0.0.0/8' },
    { SecurityGroupId: id('sg') },
    { AddressTemplate: { AddressId: id('ipm') } },
    { AddressTemplate: { AddressGroupId: id('ipmg') } },
    { CidrBlock: rarely(3) ? '10.0.0.0/33' : '10.1.0.0/16' },
  ]),
  ...(rarely(4) ? { PolicyDescription: 'said' } : {}),
});
const ruleSet: Make = (choose) => ({
  SecurityGroupId: choose.id('sg'),
  SecurityGroupPolicySet: {
    [choose.one(['Ingress', 'Egress'])]: [rule(choose), ...(choose.rarely(3) ? [rule(choose)] : [])],
    ...(choose.rarely(5) ? { Version: String(choose.number(4)) } : {}),
  },
});

const placed = (place: string): { readonly NetworkInterfaceId: string; readonly PrivateIpAddress: string } => {
  const [NetworkInterfaceId = '', PrivateIpAddress = ''] = place.split('/');
  return { NetworkInterfaceId, PrivateIpAddress };
};

const vpc: Table = {
  CreateNetworkInterface: (choose) => ({
    ...newEni(choose),
    ...(choose.rarely(2) ? { TrunkingFlag: 'Enable' } : {}),
  }),
  CreateAndAttachNetworkInterface: (choose) => ({ ...newEni(choose), InstanceId: choose.id('ins') }),
  AttachNetworkInterface: ({ id }) => ({ NetworkInterfaceId: id('eni'), InstanceId: id('ins') }),
  DetachNetworkInterface: ({ id }) => ({ NetworkInterfaceId: id('eni'), InstanceId: id('ins') }),
  DeleteNetworkInterface: ({ id }) => ({ NetworkInterfaceId: placed(id('place')).NetworkInterfaceId }),
  MigrateNetworkInterface: ({ id }) => ({
    NetworkInterfaceId: id('eni'),
    SourceInstanceId: id('ins'),
    DestinationInstanceId: id('ins'),
  }),
  ModifyNetworkInterfaceAttribute: ({ id, one, rarely }) => ({
    NetworkInterfaceId: id('eni'),
    NetworkInterfaceName: rarely(10) ? 'x'.repeat(70) : one(['renamed', 'eni']),
    ...(rarely(2) ? { SecurityGroupIds: [id('sg')] } : {}),
    ...(rarely(3) ? { TrunkingFlag: one(['Enable', 'Disable']) } : {}),
  }),
  AssociateNetworkInterfaceSecurityGroups: enisAndGroups,
  DisassociateNetworkInterfaceSecurityGroups: enisAndGroups,
  CreateSubNetworkInterface: ({ id, rarely }) => ({
    VpcId: 'vpc-random01',
    SubnetId: rarely(4) ? id('subnet') : 'subnet-random01',
    TrunkNetworkInterfaceId: rarely(4) ? id('eni') : id('trunk'),
    ...(rarely(4) ? { ClientToken: 'sub' } : {}),
  }),
  DeleteSubNetworkInterface: ({ id, rarely }) => ({ NetworkInterfaceId: rarely(4) ? id('eni') : id('sub') }),
  AssignPrivateIpAddresses: ({ id, number, rarely }) => ({
    NetworkInterfaceId: id('eni'),
    ...(rarely(4) ? { PrivateIpAddresses: [{ PrivateIpAddress: id('ip') }] } : {}),
    ...(rarely(6) ? {} : { SecondaryPrivateIpAddressCount: number(7) }),
  }),
  UnassignPrivateIpAddresses: ({ id, one }) => {
    const { NetworkInterfaceId, PrivateIpAddress } = placed(id(one(['secondary', 'secondary', 'place'])));
    return { NetworkInterfaceId, PrivateIpAddresses: [{ PrivateIpAddress }] };
  },
  MigratePrivateIpAddress: ({ id, one }) => {
    const { NetworkInterfaceId, PrivateIpAddress } = placed(id(one(['secondary', 'secondary', 'place'])));
    return {
      SourceNetworkInterfaceId: NetworkInterfaceId,
      DestinationNetworkInterfaceId: id('eni'),
      PrivateIpAddress,
    };
  },
  CreateSecurityGroup: () => ({ GroupName: 'group', GroupDescription: '' }),
  CloneSecurityGroup: ({ id }) => ({ SecurityGroupId: id('sg') }),
  DeleteSecurityGroup: ({ id }) => ({ SecurityGroupId: id('sg') }),
  CreateSecurityGroupPolicies: ruleSet,
  DeleteSecurityGroupPolicies: (choose) => ({
    ...ruleSet(choose),
    SecurityGroupPolicySet: { [choose.one(['Ingress', 'Egress'])]: [{ PolicyIndex: choose.number(2) }] },
  }),
  ModifySecurityGroupPolicies: ruleSet,
  DescribeSecurityGroupExpandedPolicies: ({ id }) => ({ SecurityGroupId: id('sg') }),
  CreateAddressTemplate: ({ one }) => ({
    AddressTemplateName: one(['peers', '']),
    Addresses: [one(['10.1.0.0/16', '10.0.0.1-10.0.0.9', 'nowhere'])],
  }),
  ModifyAddressTemplateAttribute: ({ id, one }) => ({
    AddressTemplateId: id('ipm'),
    Addresses: [one(['10.2.0.0/16', '10.3.0.1', 'nowhere'])],
  }),
  DeleteAddressTemplate: ({ id }) => ({ AddressTemplateId: id('ipm') }),
  CreateAddressTemplateGroup: ({ id }) => ({ AddressTemplateGroupName: 'all', AddressTemplateIds: [id('ipm')] }),
  DeleteAddressTemplateGroup: ({ id }) => ({ AddressTemplateGroupId: id('ipmg') }),
  AllocateAddresses: ({ number }) => ({ AddressCount: number(4) }),
  ReleaseAddresses: ({ id }) => ({ AddressIds: [id('eip')] }),
  AssociateAddress: ({ id, rarely }) => ({
    AddressId: id('eip'),
    ...(rarely(3) ? { InstanceId: id('ins') } : placed(id('place'))),
  }),
  DisassociateAddress: ({ id, rarely }) => ({
    AddressId: id('eip'),
    ...(rarely(4) ? { ReallocateNormalPublicIp: true } : {}),
  }),
  TransformAddress: ({ id }) => ({ InstanceId: id('ins') }),
  ModifyAddressesBandwidth: ({ id, number }) => ({
    AddressIds: [id('eip')],
    InternetMaxBandwidthOut: number(120),
  }),
  CreateNatGateway: ({ id, rarely }) => ({
    NatGatewayName: 'nat',
    VpcId: rarely(4) ? id('vpc') : 'vpc-random01',
    ...(rarely(2) ? { PublicIpAddresses: [id('public')] } : {}),
    ...(rarely(3) ? { SubnetId: id('subnet') } : {}),
  }),
  AssociateNatGatewayAddress: ({ id }) => ({ NatGatewayId: id('nat'), PublicIpAddresses: [id('public')] }),
  DisassociateNatGatewayAddress: ({ id }) => ({ NatGatewayId: id('nat'), PublicIpAddresses: [id('public')] }),
  DeleteNatGateway: ({ id }) => ({ NatGatewayId: id('nat') }),
  CreateVpc: ({ one }) => ({ VpcName: 'vpc', CidrBlock: one(['192.168.0.0/16', '8.8.8.0/24']) }),
  DeleteVpc: ({ id }) => ({ VpcId: id('vpc') }),
  CreateSubnet: ({ id, number, rarely }) => ({
    VpcId: rarely(2) ? id('vpc') : 'vpc-random01',
    SubnetName: 'subnet',
    CidrBlock: `10.0.${number(5)}.0/28`,
    Zone: 'ap-guangzhou-3',
  }),
  DeleteSubnet: ({ id }) => ({ SubnetId: id('subnet') }),
  CreateRouteTable: ({ id }) => ({ VpcId: id('vpc'), RouteTableName: 'table' }),
  DeleteRouteTable: ({ id }) => ({ RouteTableId: id('rtb') }),
  CreateRoutes: ({ id, number }) => ({
    RouteTableId: id('rtb'),
    Routes: [{ DestinationCidrBlock: `172.${16 + number(4)}.0.0/16`, GatewayType: 'NAT', GatewayId: id('nat') }],
  }),
  ReplaceRouteTableAssociation: ({ id }) => ({ SubnetId: id('subnet'), RouteTableId: id('rtb') }),
};

const resource: Make = ({ id, one }) => {
  const kind = one(['eni', 'eip', 'subnet', 'sg', 'nat']);
  return { ResourceList: [`qcs::vpc:ap-guangzhou:uin/100000000001:${kind}/${id(kind)}`] };
};
const instances: Make = ({ id }) => ({ InstanceIds: [id('ins')] });
const others: Readonly<Record<Exclude<WireService, 'vpc'>, Table>> = {
  tag: {
    TagResources: (choose) => ({
      ...resource(choose),
      Tags: [{ TagKey: choose.one(['a', 'b']), TagValue: choose.one(['1', '2']) }],
    }),
    UnTagResources: (choose) => ({ ...resource(choose), TagKeys: [choose.one(['a', 'b', 'k'])] }),
  },
  cvm: {
    StartInstances: instances,
    StopInstances: instances,
    TerminateInstances: (choose) => (choose.rarely(3) ? instances(choose) : { InstanceIds: [] }),
    ModifyInstancesAttribute: (choose) => ({ ...instances(choose), SecurityGroups: [choose.id('sg')] }),
    DisassociateSecurityGroups: (choose) => ({ ...instances(choose), SecurityGroupIds: [choose.id('sg')] }),
  },
  tke: {
    InstallAddon: ({ one }) => ({ ClusterId: 'cls-random01', AddonName: one(['securitygrouppolicy', 'eniipamd']) }),
    UpdateAddon: ({ number }) => ({
      ClusterId: 'cls-random01',
      AddonName: 'eniipamd',
      RawValues: Buffer.from(JSON.stringify({ agent: { n: number(3) } })).toString('base64'),
    }),
    DeleteAddon: ({ one }) => ({ ClusterId: 'cls-random01', AddonName: one(['securitygrouppolicy', 'eniipamd']) }),
    DisableVpcCniNetworkType: ({ one }) => ({ ClusterId: one(['cls-random01', 'cls-nobody01']) }),
    EnableVpcCniNetworkType: ({ id }) => ({
      ClusterId: 'cls-random01',
      VpcCniType: 'tke-route-eni',
      EnableStaticIp: true,
      Subnets: [id('subnet')],
    }),
  },
  cam: {
    CreatePolicy: ({ one, number }) => ({
      PolicyName: `policy-${number(3)}`,
      PolicyDocument: one([
        JSON.stringify({ version: '2.0', statement: [{ effect: 'allow', action: 'vpc:*', resource: '*' }] }),
        '{}',
      ]),
    }),
    AttachRolePolicy: ({ number }) => ({ PolicyName: `policy-${number(3)}`, AttachRoleName: 'IPAMDofTKE_QCSRole' }),
    DetachRolePolicy: ({ number }) => ({ PolicyName: `policy-${number(3)}`, DetachRoleName: 'IPAMDofTKE_QCSRole' }),
  },
  sts: {
    AssumeRole: ({ one }) => ({
      RoleArn: `qcs::cam::uin/100000000001:roleName/${one(['mine', 'nobody'])}`,
      RoleSessionName: 'session',
    }),
  },
};

const calls: readonly (readonly [WireService, string, Make])[] = Object.entries({ vpc, ...others }).flatMap(
  ([service, table]) => Object.entries(table).map(([action, make]) => [service as WireService, action, make] as const),
);

/** The names of all actions that are called; a call is told by its place here. */
export const randomActions: readonly string[] = calls.map(([, action]) => action);

/** The call that a step means after these answers. */
export function callOf(known: Known, step: { readonly which: number; readonly picks: readonly number[] }): RandomCall {
  const [service, action, make] = calls[step.which % calls.length] ?? (['vpc', 'DescribeVpcs', () => ({})] as const);
  return { service, action, body: make(chooser(known, step.picks)) };
}
