// One security group rule: from the API's words to a record, and back (facts, section 11).
import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import { integer, text } from './action.ts';
import { vpcTime } from './actions/eni-answer.ts';
import { ApiError } from './api-error.ts';
import type { PolicyRecord } from './state.ts';

/** A rule as sent. Templates are refused by `parsePolicy`, not simulated. */
export const policyParameters = z.strictObject({
  PolicyIndex: integer.optional(),
  Protocol: text.optional(),
  Port: text.optional(),
  ServiceTemplate: z.looseObject({ ServiceId: text.optional(), ServiceGroupId: text.optional() }).optional(),
  CidrBlock: text.optional(),
  Ipv6CidrBlock: text.optional(),
  SecurityGroupId: text.optional(),
  AddressTemplate: z.looseObject({ AddressId: text.optional(), AddressGroupId: text.optional() }).optional(),
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

const PROTOCOLS: readonly PolicyRecord['protocol'][] = ['TCP', 'UDP', 'ICMP', 'ICMPV6', 'GRE', 'ALL'];

/** Reads one rule. Throws InvalidParameter.Coexist for fields that exclude each other and InvalidParameterValue.* for bad values. */
export function parsePolicy(rule: PolicyParameters, now: Date): PolicyRecord {
  refuseTemplates(rule);
  const protocol = parseProtocol(rule.Protocol);
  const peers = [rule.CidrBlock, rule.Ipv6CidrBlock, rule.SecurityGroupId].filter(
    (peer) => peer !== undefined && peer !== '',
  );
  if (peers.length > 1)
    throw new ApiError('InvalidParameter.Coexist', 'CidrBlock, Ipv6CidrBlock and SecurityGroupId exclude each other');
  if ((rule.Ipv6CidrBlock ?? '') !== '' && protocol === 'ICMP')
    throw new ApiError('InvalidParameter.Coexist', 'Ipv6CidrBlock excludes ICMP; use ICMPV6');
  return {
    protocol,
    port: parsePort(protocol, rule.Port),
    cidr: parseCidr(rule.CidrBlock),
    cidr6: parseCidr6(rule.Ipv6CidrBlock),
    securityGroupId: rule.SecurityGroupId ?? '',
    action: parseAction(rule.Action),
    description: rule.PolicyDescription ?? '',
    modifiedAt: now,
  };
}

function refuseTemplates(rule: PolicyParameters): void {
  const parts = [...Object.values(rule.ServiceTemplate ?? {}), ...Object.values(rule.AddressTemplate ?? {})];
  if (parts.some((part) => part !== undefined && part !== ''))
    throw new ApiError('UnsupportedOperation', 'ServiceTemplate and AddressTemplate are not simulated');
}

function parseProtocol(given: string | undefined): PolicyRecord['protocol'] {
  const wanted = (given ?? 'ALL').toUpperCase();
  const protocol = PROTOCOLS.find((candidate) => candidate === wanted);
  if (protocol === undefined)
    throw new ApiError('InvalidParameterValue', `Protocol is \`${given}\`; it must be one of ${PROTOCOLS.join(', ')}`);
  return protocol;
}

/** One port, a range or a list for TCP and UDP; otherwise nothing or `ALL`. */
function parsePort(protocol: PolicyRecord['protocol'], given: string | undefined): string {
  const port = (given ?? '') === '' ? 'ALL' : (given ?? '').toUpperCase();
  if (port === 'ALL') return port;
  if (protocol !== 'TCP' && protocol !== 'UDP')
    throw new ApiError(
      'InvalidParameter.Coexist',
      `Port is \`${given}\`; with Protocol ${protocol} it must be absent or ALL`,
    );
  for (const part of port.split(',')) {
    const [low = NaN, high = low] = part.split('-').map((word) => (/^\d{1,5}$/.test(word) ? Number(word) : NaN));
    if (!/^\d+(-\d+)?$/.test(part) || low > high || high > 65_535 || low < 1)
      throw new ApiError(
        'InvalidParameterValue.Range',
        `Port is \`${given}\`; it must be ALL, one port, a range 8000-8010 or a list 80,443`,
      );
  }
  return port;
}

function parseCidr(given: string | undefined): string {
  if (given === undefined || given === '') return '';
  const [address = '', prefix = '32', more] = given.split('/');
  if (!isIPv4(address) || !/^\d{1,2}$/.test(prefix) || Number(prefix) > 32 || more !== undefined)
    throw new ApiError(
      'InvalidParameterValue.Malformed',
      `CidrBlock is \`${given}\`; it must be an IPv4 address or CIDR (MY_PUBLIC_IP is not simulated)`,
    );
  return address === '0.0.0.0' && given.includes('/') ? '0.0.0.0/0' : given;
}

function parseCidr6(given: string | undefined): string {
  if (given === undefined || given === '') return '';
  const [address = '', prefix = '128', more] = given.split('/');
  if (!isIPv6(address) || !/^\d{1,3}$/.test(prefix) || Number(prefix) > 128 || more !== undefined)
    throw new ApiError(
      'InvalidParameterValue.Malformed',
      `Ipv6CidrBlock is \`${given}\`; it must be an IPv6 address or CIDR`,
    );
  return given.toLowerCase();
}

function parseAction(given: string | undefined): PolicyRecord['action'] {
  if (given === undefined) throw new ApiError('InvalidParameterValue.Empty', 'Action is required: ACCEPT or DROP');
  const action = given.toUpperCase();
  if (action !== 'ACCEPT' && action !== 'DROP')
    throw new ApiError('InvalidParameterValue', `Action is \`${given}\`; it must be ACCEPT or DROP`);
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
    a.securityGroupId === b.securityGroupId
  );
}

/** The rule as answers show it, at its place in the list. */
export function policyAnswer(policy: PolicyRecord, index: number): object {
  return {
    PolicyIndex: index,
    Protocol: policy.protocol,
    Port: policy.port,
    ServiceTemplate: { ServiceId: '', ServiceGroupId: '' },
    CidrBlock: policy.cidr,
    Ipv6CidrBlock: policy.cidr6,
    SecurityGroupId: policy.securityGroupId,
    AddressTemplate: { AddressId: '', AddressGroupId: '' },
    Action: policy.action,
    PolicyDescription: policy.description,
    ModifyTime: vpcTime(policy.modifiedAt),
  };
}
