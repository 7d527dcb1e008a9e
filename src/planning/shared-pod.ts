// Whether a Pod lives on an address of its node's shared pool. Pure.
import { annotations, networks } from '../api/keys.ts';

/** What decides, as admission and kubelet left it. */
export interface SharedPodFacts {
  readonly hostNetwork: boolean;
  /** Succeeded or Failed (facts/tke.md 6.1, rule 8: such Pods do not count). */
  readonly ended: boolean;
  readonly annotations: Readonly<Record<string, string>>;
  /** It counts against `direct-eni`: without an annotation its network is the exclusive one (ADR 0025). */
  readonly requestsExclusive?: boolean;
}

/** Names of a `networks` annotation: a comma list, each optionally `name@interface`, or a JSON list of objects with `name`. */
export function networkNames(annotation: string): readonly string[] {
  const text = annotation.trim();
  if (!text.startsWith('[')) return text.split(',').map((entry) => entry.trim().split('@')[0] ?? '');
  // A list that is cut short still names what it names.
  return [...text.matchAll(/"name"\s*:\s*"([^"@]*)/g)].map((match) => match[1] ?? '');
}

/**
 * Without the annotation a Pod uses the default network, which is tke-route-eni in a cluster of this kind, unless it was counted as exclusive.
 * Exclusive before shared, as admission counts a Pod that names both (facts/tke.md 6.5).
 */
export function usesSharedAddress({
  hostNetwork,
  ended,
  annotations: marks,
  requestsExclusive,
}: SharedPodFacts): boolean {
  if (hostNetwork || ended) return false;
  const named = marks[annotations.networks];
  if (named === undefined || named.trim() === '') return requestsExclusive !== true;
  const names = networkNames(named);
  return names.includes(networks.routeEni) && !names.includes(networks.directEni);
}
