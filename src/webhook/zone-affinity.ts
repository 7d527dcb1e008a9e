// Holds a Pod to the zones of its address: a requirement in every term of its required node affinity. Pure.
import { labels } from '../api/keys.ts';
import type { AdmissionPod } from './admission-pod.ts';
import type { PatchOperation } from './pod-patch.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';

/**
 * Terms are alternatives, so that each needs it; one that is empty selects no node and stays as it is. What the Pod asks for besides stays, even when no
 * node is left then: the scheduler says so.
 */
export function zoneAffinityPatch({ spec }: AdmissionPod, zones: readonly string[]): readonly PatchOperation[] {
  const requirement = { key: labels.zone, operator: 'In', values: [...zones] };
  const affinity = spec.affinity ?? undefined;
  const nodeAffinity = affinity?.nodeAffinity ?? undefined;
  const required = nodeAffinity?.[REQUIRED] ?? undefined;
  const terms = required?.nodeSelectorTerms ?? [];
  const selector = { nodeSelectorTerms: [{ matchExpressions: [requirement] }] };
  if (affinity === undefined)
    return [{ op: 'add', path: '/spec/affinity', value: { nodeAffinity: { [REQUIRED]: selector } } }];
  if (nodeAffinity === undefined)
    return [{ op: 'add', path: '/spec/affinity/nodeAffinity', value: { [REQUIRED]: selector } }];
  const path = `/spec/affinity/nodeAffinity/${REQUIRED}`;
  if (required === undefined || terms.length === 0) return [{ op: 'add', path, value: selector }];
  return terms.flatMap<PatchOperation>(({ matchExpressions, matchFields }, index) => {
    const expressions = matchExpressions ?? [];
    if (expressions.length === 0 && (matchFields ?? []).length === 0) return [];
    if (expressions.some((each) => JSON.stringify(each) === JSON.stringify(requirement))) return [];
    const at = `${path}/nodeSelectorTerms/${index}/matchExpressions`;
    return expressions.length === 0
      ? [{ op: 'add', path: at, value: [requirement] }]
      : [{ op: 'add', path: `${at}/-`, value: requirement }];
  });
}
