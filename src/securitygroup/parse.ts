// From the cloud API's shape of rules to our values: every field checked, nothing guessed, each problem with its path.
import { z } from 'zod';
import { parseCidr } from './address.ts';
import { parsePorts } from './parse-ports.ts';
import { type Direction, type Peer, protocols, type Rule, type SecurityGroup } from './rule.ts';

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const template = z.record(z.string(), z.unknown()).nullish();

/** One `SecurityGroupPolicy` of the API; unused strings come as "" or not at all, unused templates with empty ids. */
const apiRuleSchema = z.looseObject({
  PolicyIndex: z.union([z.int(), z.string().regex(/^\d+$/).transform(Number)]).nullish(),
  Protocol: text,
  Port: text,
  ServiceTemplate: template,
  CidrBlock: text,
  Ipv6CidrBlock: text,
  SecurityGroupId: text,
  AddressTemplate: template,
  Action: text,
  PolicyDescription: text,
});

const apiRuleSetSchema = z.looseObject({
  Ingress: z.array(apiRuleSchema).nullish(),
  Egress: z.array(apiRuleSchema).nullish(),
});

type ApiRule = z.output<typeof apiRuleSchema>;

/** Where (`Ingress[2].CidrBlock`), what is wrong and what would be right. */
export interface RuleProblem {
  readonly path: string;
  readonly message: string;
}

export type ParseResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly RuleProblem[] };

/**
 * Decodes `DescribeSecurityGroupPolicies`' `SecurityGroupPolicySet`. Rules that all carry a `PolicyIndex` are put in its
 * order; otherwise the list's order stands. One bad rule fails the whole group, since skipping it would change verdicts.
 */
export function parseSecurityGroup(groupId: string, policySet: unknown): ParseResult<SecurityGroup> {
  const decoded = apiRuleSetSchema.safeParse(policySet);
  if (!decoded.success)
    return {
      ok: false,
      problems: decoded.error.issues.map((issue) => ({ path: pathText(issue.path), message: issue.message })),
    };
  const problems: RuleProblem[] = [];
  const collect = (direction: Direction, rules: readonly ApiRule[] | null | undefined): readonly Rule[] =>
    inOrder(rules ?? []).flatMap((rule, index) => {
      const result = toRule(rule, `${direction === 'ingress' ? 'Ingress' : 'Egress'}[${index}]`);
      if (result.ok) return [result.value];
      problems.push(...result.problems);
      return [];
    });
  const group = {
    groupId,
    ingress: collect('ingress', decoded.data.Ingress),
    egress: collect('egress', decoded.data.Egress),
  };
  return problems.length === 0 ? { ok: true, value: group } : { ok: false, problems };
}

function inOrder(rules: readonly ApiRule[]): readonly ApiRule[] {
  const indexed = rules.map((rule) => ({ rule, index: rule.PolicyIndex }));
  if (indexed.some(({ index }) => index === undefined || index === null)) return rules;
  return indexed.toSorted((a, b) => Number(a.index) - Number(b.index)).map(({ rule }) => rule);
}

function toRule(source: ApiRule, path: string): ParseResult<Rule> {
  const problems: RuleProblem[] = [];
  const complain = (field: string, message: string): void => void problems.push({ path: `${path}.${field}`, message });
  if (hasTemplate(source.ServiceTemplate))
    complain('ServiceTemplate', 'parameter templates are not supported; write Protocol and Port');
  if (hasTemplate(source.AddressTemplate))
    complain('AddressTemplate', 'parameter templates are not supported; write CidrBlock or SecurityGroupId');
  const action = source.Action.toUpperCase();
  if (action !== 'ACCEPT' && action !== 'DROP')
    complain('Action', `"${source.Action}" is no action; expected ACCEPT or DROP`);
  const protocol = toProtocol(source, complain);
  const ports = toPorts(source, protocol, complain);
  const peer = toPeer(source, protocol, complain);
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    value: {
      protocol,
      ports,
      peer,
      action: action === 'DROP' ? 'DROP' : 'ACCEPT',
      description: source.PolicyDescription,
    },
  };
}

type Complain = (field: string, message: string) => void;

function toProtocol({ Protocol }: ApiRule, complain: Complain): Rule['protocol'] {
  const upper = Protocol.toUpperCase();
  if (upper === '' || upper === 'ALL') return 'ALL';
  const found = protocols.find((name) => name === upper);
  if (found === undefined)
    complain('Protocol', `"${Protocol}" is no protocol; expected ${protocols.join(', ')} or ALL`);
  return found ?? 'ALL';
}

function toPorts({ Port }: ApiRule, protocol: Rule['protocol'], complain: Complain): Rule['ports'] {
  const result = parsePorts(Port);
  if (!result.ok) {
    complain('Port', result.problem);
    return 'ALL';
  }
  if (result.ports !== 'ALL' && protocol !== 'TCP' && protocol !== 'UDP')
    complain('Port', `"${Port}" with protocol ${protocol}: only TCP and UDP have ports; leave it out or write ALL`);
  return result.ports;
}

function toPeer(source: ApiRule, protocol: Rule['protocol'], complain: Complain): Peer {
  const given = (['CidrBlock', 'Ipv6CidrBlock', 'SecurityGroupId'] as const).filter((field) => source[field] !== '');
  const [field, second] = given;
  if (field === undefined) return { kind: 'any' };
  if (second !== undefined) complain(second, `excludes ${field}; a rule has one peer`);
  if (field === 'SecurityGroupId') return { kind: 'group', groupId: source.SecurityGroupId };
  const cidr = parseCidr(source[field]);
  const family = field === 'CidrBlock' ? 4 : 6;
  if (cidr === undefined || cidr.family !== family) {
    complain(
      field,
      `"${source[field]}" is no IPv${family} CIDR; expected e.g. ${family === 4 ? '10.0.0.0/16' : '2402:4e00::/32'}`,
    );
    return { kind: 'any' };
  }
  if (family === 6 && protocol === 'ICMP') complain(field, 'excludes protocol ICMP; use ICMPV6');
  return { kind: 'cidr', cidr, text: source[field] };
}

function hasTemplate(value: Readonly<Record<string, unknown>> | null | undefined): boolean {
  return Object.values(value ?? {}).some((id) => typeof id === 'string' && id !== '');
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}
