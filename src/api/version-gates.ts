// Every documented version gate: from which version of the add-on or of the cluster a feature may be used.

export interface VersionGate {
  /** Whose version is asked: the eniipamd add-on (its image tag) or the Kubernetes cluster. */
  readonly of: 'add-on' | 'cluster';
  /** The first version that has it. */
  readonly since: string;
  readonly title: string;
  /** The document the gate comes from. */
  readonly source: string;
}

export const versionGates = {
  nodeSecurityGroups: {
    of: 'add-on',
    since: '3.2.0',
    title: 'security groups of node ENIs',
    source: 'spec 000, preconditions',
  },
  eipExclusiveNonStatic: {
    of: 'add-on',
    since: '3.3.9',
    title: 'EIP in exclusive ENI, non-static mode',
    source: 'spec 004, limitations',
  },
  eipCascadeReclaim: {
    of: 'add-on',
    since: '3.3.9',
    title: 'release of an EIP or a kept address with its workload',
    source: 'spec 004, cascade reclaim',
  },
  addOnConfiguration: {
    of: 'add-on',
    since: '3.5.0',
    title: 'configuration through add-on management',
    source: 'spec 004, reclaim',
  },
  trunkingEni: {
    of: 'add-on',
    since: '3.5.6',
    title: 'Trunking ENI and Pod security groups on general nodes',
    source: 'spec 002, version limits',
  },
  podSecurityGroups: { of: 'cluster', since: '1.20.0', title: 'Pod security groups', source: 'spec 001, limitations' },
  podToPodPlaybook: {
    of: 'cluster',
    since: '1.20.6',
    title: 'the Pod-to-Pod time-out playbook',
    source: 'spec 003, environment',
  },
} as const satisfies Record<string, VersionGate>;

export type GatedFeature = keyof typeof versionGates;

export type GateAnswer = { readonly open: true } | { readonly open: false; readonly reason: string };

/**
 * Whether `version` (`v3.6.0`, `1.30.1-tke.2`, `1.20+`) has the feature. A text that is no version closes the gate,
 * with the reason; nothing is ever guessed open. A pre-release counts as its release.
 */
export function gate(feature: GatedFeature, version: string): GateAnswer {
  const { of, since, title, source } = versionGates[feature];
  const have = versionNumbers(version);
  if (have === undefined)
    return {
      open: false,
      reason: `${title}: "${version}" is not a version; expected a tag such as v${since} (${source})`,
    };
  if (compare(have, versionNumbers(since) ?? [0, 0, 0]) >= 0) return { open: true };
  return { open: false, reason: `${title} needs ${of} version ${since} or newer, this one is ${version} (${source})` };
}

type Numbers = readonly [number, number, number];

function versionNumbers(text: string): Numbers | undefined {
  const match = /^v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-+].*)?$/.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3] ?? '0')];
}

function compare(a: Numbers, b: Numbers): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
