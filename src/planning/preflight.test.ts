// Document 001's conditions, one by one: met, missing, and shut by a rule that stands before.
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../securitygroup/address.ts';
import { parseSecurityGroup } from '../securitygroup/parse.ts';
import type { SecurityGroup } from '../securitygroup/rule.ts';
import { type Party, planPreflight, type PreflightFacts } from './preflight.ts';

const at = (text: string) => parseAddress(text) ?? { family: 4 as const, value: 0n };
const group = (groupId: string, set: object): [string, SecurityGroup] => {
  const parsed = parseSecurityGroup(groupId, set);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return [groupId, parsed.value];
};
const accept = (rule: object) => ({ Protocol: 'ALL', Port: 'ALL', Action: 'ACCEPT', ...rule });
const POD = 'sg-pod00001';
const DNS = 'sg-cluster1';

/** As the document's commands leave the two groups. */
const podGroup = {
  Ingress: [accept({ SecurityGroupId: POD }), accept({ SecurityGroupId: DNS })],
  Egress: [accept({})],
};
const dnsGroup = {
  Ingress: [
    accept({ Protocol: 'UDP', Port: '53', SecurityGroupId: POD }),
    accept({ Protocol: 'TCP', Port: '53', SecurityGroupId: POD }),
  ],
  Egress: [accept({})],
};
const party = (name: string, address: string, ...groupIds: string[]): Party => ({
  name,
  address: at(address),
  groupIds,
});
const facts = (more: Partial<PreflightFacts> = {}, pod: object = podGroup, dns: object = dnsGroup): PreflightFacts => ({
  missingGroups: [],
  rules: new Map([group(POD, pod), group(DNS, dns)]),
  pod: party('Pod shop/web', '10.0.32.5', POD),
  dns: [party('Pod kube-system/coredns-1', '10.0.32.9', DNS)],
  dnsPorts: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
  probers: [party('node 10.0.1.2', '10.0.1.2', DNS)],
  probes: [{ protocol: 'TCP', port: 8080 }],
  services: [{ service: 'shop/my-app', protocol: 'TCP', port: 80 }],
  ...more,
});
const missing = (input: PreflightFacts) => planPreflight(input).map(({ requirement }) => requirement);

describe("document 001's conditions", () => {
  it.each<[string, PreflightFacts, string[]]>([
    ['are met by the groups that the document makes', facts(), []],
    [
      'name a group that does not exist, and nothing else',
      facts({ missingGroups: ['sg-gone0001'] }, { Ingress: [], Egress: [] }),
      ['GroupsExist'],
    ],
    [
      'name the kubelet when the group lets it not in',
      facts({}, { ...podGroup, Ingress: [accept({ SecurityGroupId: POD })] }),
      ['Probes'],
    ],
    [
      'do not ask about probes where these do not pass the groups',
      facts({ probers: [] }, { ...podGroup, Ingress: [accept({ SecurityGroupId: POD })] }),
      [],
    ],
    ['name each of the two DNS rules', facts({}, podGroup, { Ingress: [], Egress: [] }), ['DnsIngress', 'DnsIngress']],
    ['name the one that is missing', facts({}, podGroup, { Ingress: dnsGroup.Ingress.slice(0, 1) }), ['DnsIngress']],
    [
      'name egress to DNS',
      facts({}, { ...podGroup, Egress: [accept({ SecurityGroupId: POD })] }),
      ['DnsEgress', 'DnsEgress'],
    ],
    [
      'name the ports at which the Pods reach each other',
      facts({}, { ...podGroup, Ingress: [accept({ SecurityGroupId: DNS })] }),
      ['Members'],
    ],
    [
      'name both ways when neither is open',
      facts({ dns: [] }, { Ingress: [accept({ SecurityGroupId: DNS })], Egress: [] }),
      ['Members', 'Members'],
    ],
    [
      'say nothing of DNS Pods without a group, which everything reaches',
      facts({ dns: [party('Pod kube-system/coredns-1', '10.0.32.9')] }, podGroup, {}),
      [],
    ],
    [
      'say nothing where the rules cannot be read',
      facts({ dns: [party('Pod kube-system/coredns-1', '10.0.32.9', 'sg-unread01')] }),
      [],
    ],
    [
      'ask once for one rule, however many DNS Pods',
      facts({ dns: ['10.0.32.9', '10.0.32.10'].map((ip) => party(`Pod ${ip}`, ip, DNS)) }, podGroup, {
        Ingress: dnsGroup.Ingress.slice(0, 1),
      }),
      ['DnsIngress'],
    ],
  ])('%s', (_, input, expected) => {
    expect(missing(input)).toEqual(expected);
  });

  it('name the exact rule, and the command of the document that adds it', () => {
    const [finding] = planPreflight(facts({}, podGroup, { Ingress: dnsGroup.Ingress.slice(1) }));
    expect(finding?.message).toBe(
      `${DNS} of Pod kube-system/coredns-1 lets no UDP 53 from ${POD} (Pod shop/web) in: no rule accepts it`,
    );
    expect(finding?.command).toBe(
      `tccli vpc CreateSecurityGroupPolicies --cli-unfold-argument --SecurityGroupId ${DNS} --SecurityGroupPolicySet.Ingress.0.Protocol UDP --SecurityGroupPolicySet.Ingress.0.Port 53 --SecurityGroupPolicySet.Ingress.0.SecurityGroupId ${POD} --SecurityGroupPolicySet.Ingress.0.Action ACCEPT`,
    );
  });

  it('name the rule that drops before another could accept', () => {
    const drop = { Protocol: 'UDP', Port: '53', CidrBlock: '10.0.0.0/8', Action: 'DROP' };
    const [finding] = planPreflight(facts({}, podGroup, { Ingress: [drop, ...dnsGroup.Ingress] }));
    expect(finding?.message).toContain(`rule Ingress[0] of ${DNS} drops it`);
    expect(finding?.command).toContain('--SecurityGroupPolicySet.Ingress.0.PolicyIndex 0');
  });

  it('count all groups of the Pod, and a rule by address like one by group', () => {
    const open = group('sg-second01', { Ingress: [accept({ CidrBlock: '10.0.1.0/24' })], Egress: [] });
    const rules = new Map([
      group(POD, { ...podGroup, Ingress: [accept({ SecurityGroupId: POD })] }),
      group(DNS, dnsGroup),
      open,
    ]);
    expect(missing(facts({ rules, pod: party('Pod shop/web', '10.0.32.5', POD, 'sg-second01') }))).toEqual([]);
  });
});
