// Whether a Pod lives on an address of its node's shared pool. Pure.
import { annotations, networks } from '../api/keys.ts';

/** What decides, as admission and kubelet left it. */
export interface SharedPodFacts {
  readonly hostNetwork: boolean;
  /** Succeeded or Failed (facts/tke.md 6.1, rule 8: such Pods do not count). */
  readonly ended: boolean;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Names of a `networks` annotation: a comma list, each optionally `name@interface`, or a JSON list of objects with `name`. */
export function networkNames(annotation: string): readonly string[] {
  const text = annotation.trim();
  if (!text.startsWith('[')) return text.split(',').map((entry) => entry.trim().split('@')[0] ?? '');
  // A list that is cut short still names what it names.
  return [...text.matchAll(/"name"\s*:\s*"([^"@]*)/g)].map((match) => match[1] ?? '');
}

/** Without the annotation a Pod uses the default network, which is tke-route-eni in a cluster of this kind (facts/tke.md 6.5). */
export function usesSharedAddress({ hostNetwork, ended, annotations: marks }: SharedPodFacts): boolean {
  if (hostNetwork || ended) return false;
  const named = marks[annotations.networks];
  return named === undefined || named.trim() === '' || networkNames(named).includes(networks.routeEni);
}
