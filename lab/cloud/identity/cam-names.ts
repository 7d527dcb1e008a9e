// What each action is called in a CAM policy and which resources it touches; the one place to correct when the real names are learnt.
import type { Action } from '../action.ts';
import type { Wish } from './cam-evaluate.ts';

/**
 * Actions whose CAM name begins with `cvm:` although the vpc service answers them. The two for groups are in spec 000, the
 * readiness check in spec 002, `cvm:AllocateAddresses` in the error text of facts tke.md, section 13.1.
 * GUESS: the other EIP actions like AllocateAddresses; every action that is not here is called after its service.
 */
const CVM_NAMED: ReadonlySet<string> = new Set([
  'AssociateNetworkInterfaceSecurityGroups',
  'DisassociateNetworkInterfaceSecurityGroups',
  'CheckNetworkInterfaceSecurityGroupReady',
  'AllocateAddresses',
  'ReleaseAddresses',
  'AssociateAddress',
  'DisassociateAddress',
  'DescribeAddresses',
  'DescribeAddressQuota',
  'ModifyAddressAttribute',
  'ModifyAddressesBandwidth',
  'ModifyAddressInternetChargeType',
  'TransformAddress',
  'ReturnNormalAddresses',
]);

/** Actions that need no permission: who calls may always ask who it is; AssumeRole is decided by the role's trust as well. */
export const FREE_ACTIONS: ReadonlySet<string> = new Set(['GetCallerIdentity', 'AssumeRoleWithWebIdentity']);

interface ResourceKind {
  readonly service: string;
  readonly prefix: string;
  /** Part of the action's name by which a call is known to be about this kind. */
  readonly in: RegExp;
  /** Parameters that hold its ids. */
  readonly ids: readonly string[];
}

/** Service and prefix: facts, section 15 (Terraform) and the error text for EIPs. GUESS: which action checks which kind; the first that fits. */
const KINDS: readonly ResourceKind[] = [
  {
    service: 'vpc',
    prefix: 'eni',
    in: /NetworkInterface|PrivateIpAddress/,
    ids: ['NetworkInterfaceId', 'NetworkInterfaceIds', 'SourceNetworkInterfaceId', 'DestinationNetworkInterfaceId'],
  },
  { service: 'cvm', prefix: 'eip', in: /^(?!\w*NatGateway)\w*Address(?!Template)/, ids: ['AddressId', 'AddressIds'] },
  { service: 'cvm', prefix: 'sg', in: /SecurityGroup/, ids: ['SecurityGroupId'] },
  { service: 'ccs', prefix: 'cluster', in: /VpcCni|IPAMD/, ids: ['ClusterId'] },
  { service: 'vpc', prefix: 'subnet', in: /Subnet/, ids: ['SubnetId', 'SubnetIds'] },
  { service: 'vpc', prefix: 'rtb', in: /Route/, ids: ['RouteTableId', 'RouteTableIds'] },
  { service: 'vpc', prefix: 'nat', in: /Nat/, ids: ['NatGatewayId', 'NatGatewayIds'] },
  { service: 'vpc', prefix: 'vpc', in: /Vpc/, ids: ['VpcId', 'VpcIds'] },
  { service: 'cvm', prefix: 'instance', in: /Instance/, ids: ['InstanceId', 'InstanceIds'] },
  { service: 'ccs', prefix: 'cluster', in: /Cluster|Addon/, ids: ['ClusterId', 'ClusterIds'] },
];

/** What the action is called in a policy, e.g. `cvm:AllocateAddresses`. */
export function camName(action: Pick<Action, 'name' | 'services'>): string {
  return `${CVM_NAMED.has(action.name) ? 'cvm' : (action.services[0] ?? 'vpc')}:${action.name}`;
}

/** What a call wants: one wish for each id that it names, one for all (`PREFIX/*`) when it names none. */
export function wishesOf(
  action: Pick<Action, 'name' | 'services'>,
  body: Readonly<Record<string, unknown>>,
  where: { readonly region: string; readonly uin: string },
): readonly Wish[] {
  const name = camName(action);
  const kind = KINDS.find((candidate) => candidate.in.test(action.name) && isOfVpcFamily(action));
  if (kind === undefined)
    return [{ action: name, resource: `qcs::${name.split(':')[0]}:${where.region}:uin/${where.uin}:*` }];
  const head = `qcs::${kind.service}:${where.region}:uin/${where.uin}:${kind.prefix}`;
  const ids = kind.ids.flatMap((parameter) => textsOf(body[parameter]));
  const names = ids.length === 0 || action.name.startsWith('Create') ? ['*'] : [...new Set(ids)];
  return names.map((id) => ({ action: name, resource: `${head}/${id}` }));
}

function isOfVpcFamily(action: Pick<Action, 'services'>): boolean {
  return action.services.some((service) => service === 'vpc' || service === 'cvm' || service === 'tke');
}

function textsOf(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((item): item is string => typeof item === 'string' && item !== '');
}
