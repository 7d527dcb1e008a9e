// What the configuration of ip-masq-agent does to Pods that nobody may have meant: sources that cover others, and EIPs that are not used (spec 004). Pure.
import type { Finding } from './finding.ts';
import { isSingleCidr, MASQ_CONFIG_MAP, type MasqConfig, singleCidr } from './masq-config.ts';
import { covering } from './masq-decision.ts';

export interface MasqFinding extends Finding {
  readonly code: 'CoversOtherPods' | 'EIPMasqueraded' | 'ConfigInvalid';
}

/** A Pod on a general or native node with an address of the VPC; not one on the network of its node. */
export interface MasqPod {
  readonly namespace: string;
  readonly name: string;
  readonly address: string;
  /** Bound; a Pod that still waits for its EIP only `asks`. */
  readonly hasEip: boolean;
  readonly asksEip: boolean;
  readonly strict: boolean;
}

export type MasqState =
  /** ip-masq-agent is not installed: every Pod keeps its own address (spec 002). */
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly why: string }
  | { readonly kind: 'configured'; readonly config: MasqConfig };

/** Sources that cover Pods without an EIP, by CIDR as it is written. Pods with strict routing are meant to be covered (spec 002). */
export function coveredOthers(config: MasqConfig, pods: readonly MasqPod[]): ReadonlyMap<string, readonly MasqPod[]> {
  const found = new Map<string, MasqPod[]>();
  if (config.nonMasqueradeSrcCIDRs.length === 0) return found;
  const sourceOf = sourceIndex(config.nonMasqueradeSrcCIDRs);
  for (const pod of pods) {
    if (pod.hasEip || pod.asksEip || pod.strict) continue;
    const cidr = sourceOf(pod.address);
    if (cidr === undefined) continue;
    const others = found.get(cidr);
    if (others === undefined) found.set(cidr, [pod]);
    else others.push(pod);
  }
  return found;
}

/** Nothing while the configuration does what its Pods need; without ip-masq-agent never anything. */
export function masqueradeFindings(state: MasqState, pods: readonly MasqPod[]): readonly MasqFinding[] {
  if (state.kind === 'absent') return [];
  if (state.kind === 'unreadable')
    return [
      {
        code: 'ConfigInvalid',
        message: `ConfigMap ${MASQ_CONFIG_MAP} cannot be used: ${state.why}; what each node had before stays in force there`,
        cure: 'mend it: kubectl -n kube-system edit cm ip-masq-agent-config',
      },
    ];
  const { config } = state;
  const covered = [...coveredOthers(config, pods)].map(([cidr, others]) => coversText(cidr, others));
  const unused = masqueradedEips(config, pods);
  return [
    ...covered,
    ...(unused.length === 0
      ? []
      : [
          {
            code: 'EIPMasqueraded' as const,
            message: `${named(unused)} ${unused.length === 1 ? 'has an EIP and leaves' : 'have EIPs and leave'} with the address of the node: ip-masq-agent does not know ${unused.length === 1 ? 'it' : 'them'} as exempt`,
            cure: `add the address of each with /32 to NonMasqueradeSrcCIDRs in ConfigMap ${MASQ_CONFIG_MAP}, or set NonMasqueradeEIPPods to true there`,
          },
        ]),
  ];
}

/** One sentence for a source CIDR and the Pods that it takes SNAT from. */
export const coversText = (cidr: string, others: readonly MasqPod[]): MasqFinding => ({
  code: 'CoversOtherPods',
  message: `NonMasqueradeSrcCIDRs ${cidr} covers ${others.length === 1 ? 'a Pod' : `${others.length} Pods`} without an EIP: ${named(others)}; outside the VPC ${others.length === 1 ? 'it reaches' : 'they reach'} nothing but by a NAT gateway`,
  cure: 'name the addresses of Pods with an EIP only, each with /32, or set NonMasqueradeEIPPods to true instead',
});

function masqueradedEips(config: MasqConfig, pods: readonly MasqPod[]): readonly MasqPod[] {
  if (config.nonMasqueradeEIPPods || config.nonMasqueradeCIDRs.includes('0.0.0.0/0')) return [];
  const withEip = pods.filter(({ hasEip }) => hasEip);
  if (withEip.length === 0) return [];
  const sourceOf = sourceIndex(config.nonMasqueradeSrcCIDRs);
  return withEip.filter(({ address }) => sourceOf(address) === undefined);
}

/** The source that covers an address; single addresses, of which there may be thousands, are looked up and not compared. */
function sourceIndex(sources: readonly string[]): (address: string) => string | undefined {
  const single = new Set(sources.filter(isSingleCidr));
  const wide = sources.filter((cidr) => !single.has(cidr));
  return (address) => {
    const own = singleCidr(address);
    return single.has(own) ? own : covering(wide, address);
  };
}

/** Events and conditions are short. */
const MOST_NAMES = 5;

function named(pods: readonly MasqPod[]): string {
  const names = pods.slice(0, MOST_NAMES).map(({ namespace, name, address }) => `${namespace}/${name} (${address})`);
  const more = pods.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}
