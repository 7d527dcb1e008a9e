// One security group rule: from the API's words to a record, and back (facts, section 11).
import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import { integer, text } from './action.ts';
import { vpcTime } from './actions/eni-answer.ts';
import { ApiError } from './api-error.ts';
import type { PolicyRecord } from './state.ts';

/** A rule as sent. */
export const policyParameters = z.strictObject({
  PolicyIndex: integer.optional(),
  Protocol: text.optional(),
  Port: text.optional(),
  ServiceTemplate: z.strictObject({ ServiceId: text.optional(), ServiceGroupId: text.optional() }).optional(),
  CidrBlock: text.optional(),
  Ipv6CidrBlock: text.optional(),
  SecurityGroupId: text.optional(),
  AddressTemplate: z.strictObject({ AddressId: text.optional(), AddressGroupId: text.optional() }).optional(),
  Action: text.optional(),
  PolicyDescription: text.optional(),
  ModifyTime: text.optional(),
  Priority: integer.optional(),
});

export type PolicyParameters = z.output<typeof policyParameters>;

export const policySetParameters = z.strictObject({
  Version: text.optional(),
  Ingress: z.array(policyParameters).optional(),
  Egress: z.array(policyParameters).optional(),
});

const MAX_DESCRIPTION = 100;
const PROTOCOLS: readonly PolicyRecord['protocol'][] = ['TCP', 'UDP', 'ICMP', 'ICMPV6', 'GRE', 'ALL'];

export type PolicySet = z.output<typeof policySetParameters>;

/** What stands for nothing: texts come back as "" in answers and are sent so again. */
const given = (value: string | undefined): string => value ?? '';

/**
 * Reads one rule; whether the groups and templates it names exist is not checked here. Throws InvalidParameter.Coexist for
 * fields that exclude each other and InvalidParameterValue.* for bad values. `myPublicIp` is what MY_PUBLIC_IP stands for.
 */
export function parsePolicy(rule: PolicyParameters, now: Date, myPublicIp?: string): PolicyRecord {
  const names = {
    securityGroupId: given(rule.SecurityGroupId),
    addressId: given(rule.AddressTemplate?.AddressId),
    addressGroupId: given(rule.AddressTemplate?.AddressGroupId),
    serviceId: given(rule.ServiceTemplate?.ServiceId),
    serviceGroupId: given(rule.ServiceTemplate?.ServiceGroupId),
  };
  const byService = checkServiceTemplate(rule, names);
  const protocol = byService ? 'ALL' : parseProtocol(rule.Protocol);
  checkPeers(rule, names, protocol);
  return {
    protocol,
    port: byService ? 'ALL' : parsePort(protocol, rule.Port),
    cidr: parseCidr(rule.CidrBlock === 'MY_PUBLIC_IP' ? (myPublicIp ?? rule.CidrBlock) : rule.CidrBlock),
    cidr6: parseCidr6(rule.Ipv6CidrBlock),
    ...names,
    action: parseAction(rule.Action),
    description: parseDescription(rule.PolicyDescription),
    modifiedAt: now,
  };
}

type Names = Pick<PolicyRecord, 'securityGroupId' | 'addressId' | 'addressGroupId' | 'serviceId' | 'serviceGroupId'>;

function checkServiceTemplate(rule: PolicyParameters, names: Names): boolean {
  const named = [names.serviceId, names.serviceGroupId].filter((id) => id !== '');
  if (named.length > 1)
    throw new ApiError('InvalidParameter.Coexist', 'ServiceId and ServiceGroupId exclude each other');
  if (named.length === 1 && (given(rule.Protocol) !== '' || given(rule.Port) !== ''))
    throw new ApiError('InvalidParameter.Coexist', 'Protocol and Port exclude ServiceTemplate');
  return named.length === 1;
}

function checkPeers(rule: PolicyParameters, names: Names, protocol: PolicyRecord['protocol']): void {
  const peers = [
    given(rule.CidrBlock),
    given(rule.Ipv6CidrBlock),
    names.securityGroupId,
    names.addressId,
    names.addressGroupId,
  ].filter((peer) => peer !== '');
  if (peers.length > 1)
    throw new ApiError(
      'InvalidParameter.Coexist',
      'CidrBlock, Ipv6CidrBlock, SecurityGroupId and AddressTemplate exclude each other',
    );
  if (given(rule.Ipv6CidrBlock) !== '' && protocol === 'ICMP')
    throw new ApiError('InvalidParameter.Coexist', 'Ipv6CidrBlock excludes ICMP; use ICMPV6');
}

/** GUESS: as long as a group's description may be (facts, section 10). */
function parseDescription(text = ''): string {
  if (text.length > MAX_DESCRIPTION)
    throw new ApiError(
      'InvalidParameterValue.TooLong',
      `PolicyDescription has ${text.length} characters; at most ${MAX_DESCRIPTION}`,
    );
  return text;
}

function parseProtocol(text: string | undefined): PolicyRecord['protocol'] {
  const wanted = given(text) === '' ? 'ALL' : given(text).toUpperCase();
  const protocol = PROTOCOLS.find((candidate) => candidate === wanted);
  if (protocol === undefined)
    throw new ApiError('InvalidParameterValue', `Protocol is \`${text}\`; it must be one of ${PROTOCOLS.join(', ')}`);
  return protocol;
}

/** One port, a range or a list for TCP and UDP; otherwise nothing or `ALL`. */
function parsePort(protocol: PolicyRecord['protocol'], text: string | undefined): string {
  const port = given(text) === '' ? 'ALL' : given(text).toUpperCase();
  if (port === 'ALL') return port;
  if (protocol !== 'TCP' && protocol !== 'UDP')
    throw new ApiError(
      'InvalidParameter.Coexist',
      `Port is \`${text}\`; with Protocol ${protocol} it must be absent or ALL`,
    );
  for (const part of port.split(',')) {
    const [low = NaN, high = low] = part.split('-').map((word) => (/^\d{1,5}$/.test(word) ? Number(word) : NaN));
    if (!/^\d+(-\d+)?$/.test(part) || low > high || high > 65_535 || low < 1)
      throw new ApiError(
        'InvalidParameterValue.Range',
        `Port is \`${text}\`; it must be ALL, one port, a range 8000-8010 or a list 80,443`,
      );
  }
  return port;
}

function parseCidr(text: string | undefined): string {
  if (text === undefined || text === '') return '';
  const [address = '', prefix = '32', more] = text.split('/');
  if (!isIPv4(address) || !/^\d{1,2}$/.test(prefix) || Number(prefix) > 32 || more !== undefined)
    throw new ApiError(
      'InvalidParameterValue.Malformed',
      `CidrBlock is \`${text}\`; it must be an IPv4 address or CIDR or MY_PUBLIC_IP`,
    );
  return address === '0.0.0.0' && text.includes('/') ? '0.0.0.0/0' : text;
}

function parseCidr6(text: string | undefined): string {
  if (text === undefined || text === '') return '';
  const [address = '', prefix = '128', more] = text.split('/');
  if (!isIPv6(address) || !/^\d{1,3}$/.test(prefix) || Number(prefix) > 128 || more !== undefined)
    throw new ApiError(
      'InvalidParameterValue.Malformed',
      `Ipv6CidrBlock is \`${text}\`; it must be an IPv6 address or CIDR`,
    );
  return text.toLowerCase();
}

function parseAction(text: string | undefined): PolicyRecord['action'] {
  if (given(text) === '') throw new ApiError('InvalidParameterValue.Empty', 'Action is required: ACCEPT or DROP');
  const action = given(text).toUpperCase();
  if (action !== 'ACCEPT' && action !== 'DROP')
    throw new ApiError('InvalidParameterValue', `Action is \`${text}\`; it must be ACCEPT or DROP`);
  return action;
}

/** Two rules that say the same, descriptions apart. */
export function samePolicy(a: PolicyRecord, b: PolicyRecord): boolean {
  return (
    a.protocol === b.protocol &&
    a.port === b.port &&
    a.action === b.action &&
    a.cidr === b.cidr &&
    a.cidr6 === b.cidr6 &&
    a.securityGroupId === b.securityGroupId &&
    a.addressId === b.addressId &&
    a.addressGroupId === b.addressGroupId &&
    a.serviceId === b.serviceId &&
    a.serviceGroupId === b.serviceGroupId
  );
}

/** The rule as answers show it, at its place in the list. */
export function policyAnswer(policy: PolicyRecord, index: number): object {
  const byService = policy.serviceId !== '' || policy.serviceGroupId !== '';
  return {
    PolicyIndex: index,
    Protocol: byService ? '' : policy.protocol,
    Port: byService ? '' : policy.port,
    ServiceTemplate: { ServiceId: policy.serviceId, ServiceGroupId: policy.serviceGroupId },
    CidrBlock: policy.cidr,
    Ipv6CidrBlock: policy.cidr6,
    SecurityGroupId: policy.securityGroupId,
    AddressTemplate: { AddressId: policy.addressId, AddressGroupId: policy.addressGroupId },
    Action: policy.action,
    PolicyDescription: policy.description,
    ModifyTime: vpcTime(policy.modifiedAt),
  };
}
