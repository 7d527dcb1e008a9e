// From the cloud API's shape of rules to our values: every field checked, nothing guessed, each problem with its path.
import { z } from 'zod';
import { parseCidr } from './address.ts';
import { parsePorts } from './parse-ports.ts';
import { type Direction, type Peer, protocols, type Rule, type SecurityGroup } from './rule.ts';
import { canMeet, peersOfTemplate, type Service, servicesOfTemplate, type Templates } from './templates.ts';

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
 * A rule that names templates becomes the plain rules that it means; without `templates` it is one that is not understood.
 */
export function parseSecurityGroup(
  groupId: string,
  policySet: unknown,
  templates?: Templates,
): ParseResult<SecurityGroup> {
  const decoded = apiRuleSetSchema.safeParse(policySet);
  if (!decoded.success)
    return {
      ok: false,
      problems: decoded.error.issues.map((issue) => ({ path: pathText(issue.path), message: issue.message })),
    };
  const expands = [...(decoded.data.Ingress ?? []), ...(decoded.data.Egress ?? [])].some(
    (rule) => templateId(rule.ServiceTemplate) !== undefined || templateId(rule.AddressTemplate) !== undefined,
  );
  const problems: RuleProblem[] = [];
  const collect = (direction: Direction, rules: readonly ApiRule[] | null | undefined): readonly Rule[] =>
    inOrder(rules ?? []).flatMap((rule, index) => {
      const result = toRules(rule, `${direction === 'ingress' ? 'Ingress' : 'Egress'}[${index}]`, templates);
      if (result.ok)
        // Places shift behind a rule that became several, or none.
        return expands ? result.value.map((plain) => ({ ...plain, policyIndex: index })) : result.value;
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

function toRules(source: ApiRule, path: string, templates: Templates | undefined): ParseResult<readonly Rule[]> {
  const problems: RuleProblem[] = [];
  const complain = (field: string, message: string): void => void problems.push({ path: `${path}.${field}`, message });
  const action = source.Action.toUpperCase();
  if (action !== 'ACCEPT' && action !== 'DROP')
    complain('Action', `"${source.Action}" is no action; expected ACCEPT or DROP`);
  const [address, service] = [templateId(source.AddressTemplate), templateId(source.ServiceTemplate)];
  const services = toServices(source, service, templates, complain);
  const peers = toPeers(
    source,
    service === undefined ? services[0]?.protocol : undefined,
    address,
    templates,
    complain,
  );
  if (problems.length > 0) return { ok: false, problems };
  const ids = { ...(address === undefined ? {} : { address }), ...(service === undefined ? {} : { service }) };
  const value = services.flatMap((plain) =>
    peers
      .filter((peer) => Object.keys(ids).length === 0 || canMeet(peer, plain))
      .map((peer) => ({
        ...plain,
        peer,
        action: action === 'DROP' ? ('DROP' as const) : ('ACCEPT' as const),
        description: source.PolicyDescription,
        ...(Object.keys(ids).length === 0 ? {} : { templates: ids }),
      })),
  );
  return { ok: true, value };
}

type Complain = (field: string, message: string) => void;

const UNKNOWN_TEMPLATES = 'names a parameter template, whose entries are not known here';

function toServices(
  source: ApiRule,
  id: string | undefined,
  templates: Templates | undefined,
  complain: Complain,
): readonly Service[] {
  if (id === undefined) {
    const protocol = toProtocol(source, complain);
    return [{ protocol, ports: toPorts(source, protocol, complain) }];
  }
  for (const field of ['Protocol', 'Port'] as const)
    if (!['', 'ALL'].includes(source[field].toUpperCase()))
      complain(field, 'excludes ServiceTemplate; a rule has one service');
  const result = templates === undefined ? undefined : servicesOfTemplate(id, templates);
  if (result?.ok === true) return result.value;
  complain('ServiceTemplate', result?.problem ?? UNKNOWN_TEMPLATES);
  return [];
}

function toPeers(
  source: ApiRule,
  protocol: Rule['protocol'] | undefined,
  id: string | undefined,
  templates: Templates | undefined,
  complain: Complain,
): readonly Peer[] {
  if (id === undefined) return [toPeer(source, protocol, complain)];
  for (const field of ['CidrBlock', 'Ipv6CidrBlock', 'SecurityGroupId'] as const)
    if (source[field] !== '') complain(field, 'excludes AddressTemplate; a rule has one peer');
  const result = templates === undefined ? undefined : peersOfTemplate(id, templates);
  if (result?.ok === true) return result.value;
  complain('AddressTemplate', result?.problem ?? UNKNOWN_TEMPLATES);
  return [];
}

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

function toPeer(source: ApiRule, protocol: Rule['protocol'] | undefined, complain: Complain): Peer {
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

/** Templates come with empty ids where none is named. */
function templateId(value: Readonly<Record<string, unknown>> | null | undefined): string | undefined {
  return Object.values(value ?? {}).find((id): id is string => typeof id === 'string' && id !== '');
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}
