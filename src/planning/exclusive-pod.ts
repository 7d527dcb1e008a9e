// Whether a Pod asks for a whole ENI of its own (`tke-direct-eni`), which this version does not serve (ADR 0025). Pure.
import { annotations, networks, resourceNames } from '../api/keys.ts';
import type { Pod } from '../kube/resources.ts';
import { wantsSubEni } from './pod-intent.ts';
import { networkNames } from './shared-pod.ts';

/** What decides, as admission and kubelet left it. */
export interface ExclusivePodFacts {
  readonly hostNetwork: boolean;
  /** Succeeded or Failed. */
  readonly ended: boolean;
  readonly annotations: Readonly<Record<string, string>>;
  /** `requestsExclusiveEni` of its spec: the only mark of a Pod that got this network as the default one. */
  readonly requestsExclusive: boolean;
}

/** Of a Pod, also as somebody else's program sends it. */
interface PodResources {
  readonly spec: { readonly containers?: Pod['spec']['containers'] };
}

/** Some container counts against the resource `direct-eni`, as admission or a person wrote it. */
export const requestsExclusiveEni = ({ spec }: PodResources): boolean =>
  spec.containers?.some(({ resources }) =>
    [resources?.limits, resources?.requests].some((amounts) => {
      const amount = amounts?.[resourceNames.directEni];
      return amount !== undefined && Number(amount) !== 0;
    }),
  ) === true;

/** Exclusive before shared, and a sub-ENI before both, as admission counts it (facts/tke.md 6.5). */
export function usesExclusiveEni({
  hostNetwork,
  ended,
  annotations: marks,
  requestsExclusive,
}: ExclusivePodFacts): boolean {
  if (hostNetwork || ended) return false;
  const named = marks[annotations.networks]?.trim() ?? '';
  if (wantsSubEni(named)) return false;
  return named === '' ? requestsExclusive : networkNames(named).includes(networks.directEni);
}

/** In the words of whoever has to choose another network; the cause, then the cure. */
export const exclusiveNotServed = {
  reason: 'ExclusiveENINotServed',
  message: `network ${networks.directEni}: exclusive ENIs have no data path in this version; use ${networks.routeEni}, or a SecurityGroupPolicy for an ENI of its own`,
} as const;
