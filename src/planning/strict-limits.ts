// The six limits of strict routing, found before they bite (spec 002, Data Plane Solution). Pure.
import type { RoutingStatus } from '../api/node-eni-config.ts';
import type { Finding } from './finding.ts';
import { isEverMasqueraded, MASQ_CONFIG_MAP, type MasqConfig } from './masq-config.ts';

export const strictLimitCodes = [
  'NodeLocalDNS',
  'NetworkPolicy',
  'IPVS',
  'ExternalTrafficPolicyLocal',
  /** Not of the document: it fails as the one before does (ADR 0034). */
  'HostPort',
  'EarlyDemux',
  'SNAT',
  /** Not of the document: the rule that strict routing stands on was changed by another program. */
  'LocalRule',
] as const;
export type StrictLimitCode = (typeof strictLimitCodes)[number];

export interface StrictFinding extends Finding {
  readonly code: StrictLimitCode;
}

export interface StrictFacts {
  /** The nodes in question: the Pod's, or all that could carry one. `routing` is absent until the agent of the node has told. */
  readonly nodes: readonly { readonly name: string; readonly routing?: RoutingStatus | undefined }[];
  /** `namespace/name` of NetworkPolicies that select the Pods. */
  readonly networkPolicies: readonly string[];
  /** `namespace/name` of Services of type NodePort or LoadBalancer with externalTrafficPolicy Local that select the Pods. */
  readonly localServices: readonly string[];
  /** `namespace/name (ports)` of the Pods that ask for ports of their node. */
  readonly hostPorts: readonly string[];
  readonly masquerade: MasqueradeFacts;
}

/** What SNAT does to Pods: `absent` without ip-masq-agent (spec 002, Checking the SNAT Configuration), `unreadable` when its configuration cannot be used. */
export type MasqueradeFacts =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly why: string }
  | {
      readonly kind: 'configured';
      readonly config: MasqConfig;
      /** Addresses of the Pods; none: they are still to come. */
      readonly sources: readonly string[];
    };

/** Nothing when every limit is kept; else in the order of the document. */
export function strictLimits(facts: StrictFacts): readonly StrictFinding[] {
  const where = (holds: (routing: RoutingStatus) => boolean): string | undefined =>
    named(
      'node',
      facts.nodes.flatMap(({ name, routing }) => (routing !== undefined && holds(routing) ? [name] : [])),
    );
  const found: (StrictFinding | undefined)[] = [
    finding(
      'NodeLocalDNS',
      where(({ nodeLocalDNS }) => nodeLocalDNS),
      (nodes) => [
        `a DNS cache listens inside ${nodes}, where Pods with strict routing do not reach it: their names do not resolve`,
        'set dnsPolicy None with a nameserver outside the node in these Pods, or take NodeLocal DNS away from these nodes',
      ],
    ),
    finding('NetworkPolicy', named('NetworkPolicy', facts.networkPolicies), (policies) => [
      `${policies}: strict routing takes traffic past the place where it would be enforced, or loses it there`,
      'say the same with rules of the security groups, and let the NetworkPolicy not select these Pods',
    ]),
    finding(
      'IPVS',
      where(({ ipvs }) => ipvs),
      (nodes) => [
        `the service proxy of ${nodes} works with IPVS: Pods with strict routing reach no Service`,
        'use a cluster whose kube-proxy works with iptables, or standard routing',
      ],
    ),
    finding('ExternalTrafficPolicyLocal', named('Service', facts.localServices), (services) => [
      `${services}: externalTrafficPolicy is Local: clients from outside do not reach Pods with strict routing through it`,
      'set externalTrafficPolicy: Cluster',
    ]),
    finding('HostPort', named('Pod', facts.hostPorts), (pods) => [
      `hostPort of ${pods}: callers of the node do not reach a Pod with strict routing through it, and time out`,
      'use a Service with externalTrafficPolicy: Cluster, or standard routing',
    ]),
    ...(['tcp', 'udp'] as const).map((protocol) => {
      const key = protocol === 'tcp' ? 'tcpEarlyDemux' : 'udpEarlyDemux';
      return finding(
        'EarlyDemux',
        where((routing) => routing[key] === true),
        (nodes) => [
          `${protocol}_early_demux is on on ${nodes}: the node does not reach its own Pods with strict routing over ${protocol.toUpperCase()}, and probes fail`,
          `set agent.config.disable${protocol === 'tcp' ? 'Tcp' : 'Udp'}EarlyDemux to true in the add-on values`,
        ],
      );
    }),
    snat(facts.masquerade),
    ...facts.nodes.map(({ name, routing }) =>
      finding('LocalRule', routing?.strict === true ? routing.message : undefined, (message) => [
        `node ${name}: ${message}`,
        'let one program alone manage this rule; a restart of tke-eni-agent on the node puts it in its place',
      ]),
    ),
  ];
  return found.filter((each) => each !== undefined);
}

function snat(masquerade: MasqueradeFacts): StrictFinding | undefined {
  const config = `ConfigMap ${MASQ_CONFIG_MAP}`;
  switch (masquerade.kind) {
    case 'absent':
      return undefined;
    case 'unreadable':
      return {
        code: 'SNAT',
        message: `ip-masq-agent is installed and ${config} cannot be used: ${masquerade.why}; whether SNAT applies to Pods with strict routing is not known`,
        cure: `mend ${config}`,
      };
    case 'configured': {
      const { config: masq, sources } = masquerade;
      if (masq.nonMasqueradeStrictPods) return undefined;
      const hit = sources.filter((source) => isEverMasqueraded(masq, source));
      const kept = masq.nonMasqueradeCIDRs.join(', ');
      const open = masq.nonMasqueradeCIDRs.includes('0.0.0.0/0') || masq.nonMasqueradeSrcCIDRs.includes('0.0.0.0/0');
      const whose = sources.length > 0 || open ? named('Pod address', hit) : 'a Pod outside NonMasqueradeSrcCIDRs';
      return finding('SNAT', whose, (addresses) => [
        `SNAT applies to what ${addresses} ${hit.length > 1 ? 'send' : 'sends'} anywhere${kept === '' ? '' : ` but ${kept}`}: with strict routing these connections are lost`,
        `add the address of each such Pod with /32 to NonMasqueradeSrcCIDRs in ${config}, or set NonMasqueradeStrictPods there`,
      ]);
    }
  }
}

function finding(
  code: StrictLimitCode,
  where: string | undefined,
  say: (where: string) => readonly [message: string, cure: string],
): StrictFinding | undefined {
  if (where === undefined) return undefined;
  const [message, cure] = say(where);
  return { code, message, cure };
}

/** Events and conditions are short. */
const MOST_NAMES = 3;

/** `node a`, or `nodes a, b, c and 4 more`; undefined for none. */
function named(what: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const plural = what.endsWith('y') ? `${what.slice(0, -1)}ies` : what.endsWith('s') ? `${what}es` : `${what}s`;
  const shown = names.slice(0, MOST_NAMES).join(', ');
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  return `${names.length === 1 ? what : plural} ${shown}${more}`;
}
