// Which labels of its Node a kubelet may set: those of its machine, and none that steer other people's workloads.

const RESTRICTED = 'node-restriction.kubernetes.io';

/** Labels of Kubernetes that a kubelet knows about its machine. */
const KUBELET_LABELS = [
  'kubernetes.io/hostname',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
];
const KUBELET_DOMAINS = ['kubelet.kubernetes.io', 'node.kubernetes.io'];

type Labels = Readonly<Record<string, string>>;

/** Keys that are not the same in both. */
export const changedLabels = (one: Labels, other: Labels): string[] =>
  [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((key) => one[key] !== other[key]);

/** Those among `keys` that a kubelet may not touch, sorted. */
export const forbiddenLabels = (keys: readonly string[]): string[] => keys.filter(isForbidden).sort();

function isForbidden(key: string): boolean {
  const slash = key.indexOf('/');
  const domain = slash < 0 ? '' : key.slice(0, slash);
  if (isIn(domain, RESTRICTED)) return true;
  if (!isIn(domain, 'kubernetes.io') && !isIn(domain, 'k8s.io')) return false;
  return !KUBELET_LABELS.includes(key) && !KUBELET_DOMAINS.some((allowed) => isIn(domain, allowed));
}

const isIn = (domain: string, parent: string): boolean => domain === parent || domain.endsWith(`.${parent}`);
