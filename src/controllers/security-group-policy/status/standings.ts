// From the caches to how each Pod of a policy stands to it.
import type { AdmissionDecision } from '../../../api/admission-decision.ts';
import { labels, SUPER_NODE_INSTANCE_TYPE } from '../../../api/keys.ts';
import { subEniName, type VpcEni } from '../../../api/vpc-eni.ts';
import { isChanging } from '../../../planning/live-change.ts';
import { type PodEni, podStanding } from '../../../planning/policy-pods.ts';
import type { StandingPod } from '../../../planning/policy-status.ts';
import type { PolicyView } from '../../../planning/policy-view.ts';
import type { IpamdDeps } from '../../deps.ts';
import { GROUPS_IN_FORCE } from '../../vpc-eni/groups/apply.ts';
import type { WorkingPod } from '../../views.ts';
import type { Population } from './population.ts';

export type StandingDeps = Pick<IpamdDeps, 'enis'> & {
  readonly informers: Pick<IpamdDeps['informers'], 'pods' | 'nodes'>;
};

/** Every Pod of the policy that has not ended and is not on its way out. */
export function standingsOf(deps: StandingDeps, population: Population, policy: PolicyView): readonly StandingPod[] {
  const policyKey = `${policy.metadata.namespace ?? ''}/${policy.metadata.name}`;
  return population.podsOf(policyKey).flatMap((key) => {
    const pod = deps.informers.pods.get(key);
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return [];
    const matching = population.index.matching(key);
    const eni = deps.enis.latest(subEniName(pod.metadata.uid ?? ''));
    const standing = podStanding({
      policy,
      matching,
      decision: givenBy(population.decision(key), eni),
      scheduled: pod.nodeName !== undefined,
      hostNetwork: pod.hostNetwork,
      onSuperNode: isOnSuperNode(deps, pod),
      eni: podEni(eni),
    });
    const selected = matching.some(({ metadata }) => metadata.uid === policy.metadata.uid);
    return [{ name: pod.metadata.name, selected, standing }];
  });
}

/** What gave the Pod its groups: the last change in place, where there was one. */
function givenBy(decision: AdmissionDecision | undefined, eni: VpcEni | undefined): AdmissionDecision | undefined {
  const change = eni?.spec.groupChange;
  if (eni === undefined || change === undefined) return decision;
  return { policies: change.policies, groups: eni.spec.securityGroups, outcome: 'sub-eni' };
}

function isOnSuperNode({ informers }: StandingDeps, { nodeName }: WorkingPod): boolean {
  const node = informers.nodes.get(nodeName ?? '');
  return node?.metadata.labels?.[labels.instanceType] === SUPER_NODE_INSTANCE_TYPE;
}

/** As `podStanding` reads it. */
export function podEni(eni: VpcEni | undefined): PodEni | undefined {
  if (eni === undefined) return undefined;
  const ready = eni.status?.phase === 'Ready';
  const changing = isChanging(eni);
  const told = (type: string): string | undefined => {
    const condition = eni.status?.conditions?.find((each) => each.type === type);
    return condition?.status === 'False' ? condition.message : undefined;
  };
  return {
    ready,
    given: eni.spec.securityGroups,
    bound: eni.status?.eni?.securityGroups ?? [],
    problem: ready ? (changing ? told(GROUPS_IN_FORCE) : undefined) : told('Ready'),
    changing,
  };
}
