// What the rules of a security group are: as they were written, and with their templates expanded.
import { z } from 'zod';
import { type Action, type ActionCall, defineAction, filterList, text } from '../action.ts';
import { ApiError } from '../api-error.ts';
import { findGroup } from '../lookup.ts';
import type { Filter } from '../paging.ts';
import { policyAnswer } from '../policy.ts';
import { expandPolicy } from '../policy-expand.ts';
import type { PolicyRecord, SecurityGroupRecord } from '../state.ts';

const describeParameters = z.object({ SecurityGroupId: text, Filters: filterList.optional() });

const describePolicies = defineAction({
  name: 'DescribeSecurityGroupPolicies',
  services: ['vpc'],
  parameters: describeParameters,
  handle: ({ SecurityGroupId, Filters = [] }, { core }) => {
    checkFilters(Filters);
    const group = findGroup(core, SecurityGroupId);
    return { SecurityGroupPolicySet: setAnswer(group, Filters) };
  },
});

/** GUESS: answered in the shape of DescribeSecurityGroupPolicies; of one call to the next it may be a minute old. */
const describeExpandedPolicies = defineAction({
  name: 'DescribeSecurityGroupExpandedPolicies',
  services: ['vpc'],
  parameters: describeParameters,
  handle: ({ SecurityGroupId, Filters = [] }, { core }) => {
    checkFilters(Filters);
    const group = findGroup(core, SecurityGroupId);
    return { SecurityGroupPolicySet: setAnswer(cachedExpansion(group, core), Filters) };
  },
});

type Rules = Pick<SecurityGroupRecord, 'version' | 'ingress' | 'egress'>;

/** The expansion that was made last, while it is younger than the settings allow. */
function cachedExpansion(group: SecurityGroupRecord, core: ActionCall['core']): Rules {
  const now = core.clock.monotonicMs();
  const kept = group.expansion;
  if (kept !== undefined && now - kept.at < core.settings.expandedPoliciesCacheMs) return kept.rules;
  const plain = (list: readonly PolicyRecord[]): PolicyRecord[] =>
    list.flatMap((policy) => expandPolicy(policy, core.state.templates));
  const rules = { version: group.version, ingress: plain(group.ingress), egress: plain(group.egress) };
  group.expansion = { at: now, rules };
  return rules;
}

/** Each rule keeps its index in the whole list; the statistics count the whole lists. */
function setAnswer(group: Rules, filters: readonly Filter[]): object {
  const shown = (list: readonly PolicyRecord[], direction: 'INBOUND' | 'OUTBOUND'): object[] =>
    list.flatMap((policy, index) =>
      filters.every((filter) => matches(filter, policy, direction)) ? [policyAnswer(policy, index)] : [],
    );
  return {
    Version: String(group.version),
    Ingress: shown(group.ingress, 'INBOUND'),
    Egress: shown(group.egress, 'OUTBOUND'),
    PolicyStatistics: { ...statistics('Ingress', group.ingress), ...statistics('Egress', group.egress) },
  };
}

type PolicyTest = (policy: PolicyRecord, value: string, direction: 'INBOUND' | 'OUTBOUND') => boolean;

const sameWord = (a: string, b: string): boolean => a.toUpperCase() === b.toUpperCase();

/** Facts, section 10. GUESS: addresses, ports and descriptions are found by a part of them, everything else as a whole. */
const policyFilters: Readonly<Record<string, PolicyTest>> = {
  'security-group-id': (policy, value) => policy.securityGroupId === value,
  ip: (policy, value) => `${policy.cidr}${policy.cidr6}`.includes(value.toLowerCase()),
  'address-module': (policy, value) => policy.addressId === value || policy.addressGroupId === value,
  'service-module': (policy, value) => policy.serviceId === value || policy.serviceGroupId === value,
  'protocol-type': (policy, value) => !byService(policy) && sameWord(policy.protocol, value),
  port: (policy, value) => sameWord(value, 'ALL') || (!byService(policy) && policy.port.includes(value)),
  poly: (policy, value) => sameWord(value, 'ALL') || sameWord(policy.action, value),
  direction: (_policy, value, direction) => sameWord(value, 'ALL') || sameWord(direction, value),
  description: (policy, value) => policy.description.includes(value),
};

const byService = (policy: PolicyRecord): boolean => policy.serviceId !== '' || policy.serviceGroupId !== '';

function checkFilters(filters: readonly Filter[]): void {
  const unknown = filters.find((filter) => !Object.hasOwn(policyFilters, filter.Name));
  if (unknown !== undefined)
    throw new ApiError(
      'InvalidParameter.FilterInvalidKey',
      `there is no filter \`${unknown.Name}\`; known: ${Object.keys(policyFilters).join(', ')}`,
    );
}

function matches(filter: Filter, policy: PolicyRecord, direction: 'INBOUND' | 'OUTBOUND'): boolean {
  const test = policyFilters[filter.Name];
  return test !== undefined && filter.Values.some((value) => test(policy, value, direction));
}

function statistics(direction: string, list: readonly PolicyRecord[]): object {
  const six = list.filter((policy) => policy.cidr6 !== '').length;
  return { [`${direction}IPv4TotalCount`]: list.length - six, [`${direction}IPv6TotalCount`]: six };
}

/** What is asked about the rules of security groups. */
export const securityGroupPolicyDescribeActions: readonly Action[] = [describePolicies, describeExpandedPolicies];
