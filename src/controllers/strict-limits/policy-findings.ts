// The limits of strict routing that concern the Pods of a policy, for its status.
import { type StrictFinding, strictLimits } from '../../planning/strict-limits.ts';
import type { WorkingPod } from '../views.ts';
import {
  addressesOf,
  isStrictEni,
  masqueradeFacts,
  nodeFacts,
  selectors,
  strictIsWanted,
  type StrictLimitDeps,
} from './facts.ts';

/**
 * `pods`: those that the policy matches now; empty while there is none. Nothing while routing is standard and none of them is strict. With strict routing
 * every node that carries sub-ENIs counts, and every Pod, since it would be strict when it is made anew.
 */
export function policyStrictFindings(deps: StrictLimitDeps, pods: readonly WorkingPod[]): readonly StrictFinding[] {
  const wanted = strictIsWanted(deps);
  const enis = pods.flatMap((pod) => deps.informers.vpcEnis.get(`sub-${pod.metadata.uid}`) ?? []);
  const strict = enis.filter(isStrictEni);
  if (!wanted && strict.length === 0) return [];
  const strictUids = new Set(strict.map(({ spec }) => spec.pod?.uid));
  const concerned = wanted ? pods : pods.filter(({ metadata }) => strictUids.has(metadata.uid));
  const capable = deps.informers.nodeEniConfigs
    .list()
    .flatMap(({ metadata, status }) => ((status?.subENI?.quota ?? 0) > 0 ? [metadata.name] : []));
  const nodes = wanted ? capable : strict.map(({ spec }) => spec.nodeName);
  return strictLimits({
    nodes: [...new Set(nodes)].toSorted().map((name) => nodeFacts(deps, name)),
    ...selectors(deps, concerned),
    masquerade: masqueradeFacts(deps, (wanted ? enis : strict).flatMap(addressesOf)),
  });
}
