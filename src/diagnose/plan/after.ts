// The picture as it would be after a proposal: policies, accounts, workloads, lists of nodes and rules, nothing else. Pure.
import { isDeepStrictEqual } from 'node:util';

import type { SecurityGroupPolicy } from '../../api/security-group-policy.ts';
import type { Pod } from '../../kube/resources.ts';
import type { Rule } from '../../securitygroup/rule.ts';
import { ownerOf } from '../explain/owner.ts';
import type { ClusterPicture, CloudGroup } from '../picture/picture.ts';
import type { Proposal, RuleChange, WorkloadChange } from './proposal.ts';

/** Pods have the labels that their workload would give them; else they and ENIs are as they were: what becomes of them is what the plan works out. */
export function afterProposal(picture: ClusterPicture, proposal: Proposal): ClusterPicture {
  const { kube, cloud, takenAt } = picture;
  return {
    ...picture,
    kube: {
      ...kube,
      pods: podsAfter(picture, proposal),
      securityGroupPolicies: policiesAfter(kube.securityGroupPolicies, proposal, takenAt),
      serviceAccounts: [
        ...kube.serviceAccounts.filter(
          ({ metadata }) => !proposal.serviceAccounts.has(`${metadata.namespace ?? ''}/${metadata.name}`),
        ),
        ...[...proposal.serviceAccounts].map(([key, labels]) => {
          const [namespace = '', name = ''] = key.split('/');
          return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name, labels: { ...labels } } };
        }),
      ],
      nodeEniConfigs: kube.nodeEniConfigs.map((nec) => {
        const list = proposal.nodeGroups.get(nec.metadata.name);
        return list === undefined ? nec : { ...nec, spec: { ...nec.spec, securityGroups: [...list] } };
      }),
    },
    ...(cloud === undefined ? {} : { cloud: { ...cloud, groups: groupsAfter(cloud.groups, proposal.rules) } }),
  };
}

/** Of workloads that the proposal has: made anew by its template. */
function podsAfter(picture: ClusterPicture, { workloads }: Proposal): readonly Pod[] {
  if (workloads.length === 0) return picture.kube.pods;
  const proposed = new Map(workloads.map((workload) => [workloadName(workload), workload]));
  const templates = new Map(
    picture.kube.workloads.map(({ kind, metadata, spec }) => [
      workloadName({ kind, name: metadata.name, namespace: metadata.namespace ?? '' }),
      spec?.template?.metadata?.labels ?? {},
    ]),
  );
  return picture.kube.pods.map((pod) => {
    const owner = ownerOf(picture, pod);
    const workload = proposed.get(owner);
    if (workload === undefined) return pod;
    // What others put on the Pod itself, such as the hash of the template, stays.
    const template = templates.get(owner) ?? (pod.metadata.ownerReferences === undefined ? pod.metadata.labels : {});
    const own = Object.entries(pod.metadata.labels ?? {}).filter(([key]) => template?.[key] === undefined);
    const labels = { ...Object.fromEntries(own), ...workload.labels };
    const { serviceAccount: serviceAccountName } = workload;
    const same =
      isDeepStrictEqual(labels, pod.metadata.labels ?? {}) &&
      serviceAccountName === (pod.spec.serviceAccountName ?? 'default');
    return same ? pod : { ...pod, metadata: { ...pod.metadata, labels }, spec: { ...pod.spec, serviceAccountName } };
  });
}

/** As `ownerOf` says it. */
export const workloadName = ({ kind, name, namespace }: Pick<WorkloadChange, 'kind' | 'name' | 'namespace'>): string =>
  `${namespace}/${kind}/${name}`;

function policiesAfter(
  before: readonly SecurityGroupPolicy[],
  { policies, deletedPolicies }: Proposal,
  now: string,
): readonly SecurityGroupPolicy[] {
  const key = ({ metadata }: SecurityGroupPolicy): string => `${metadata.namespace ?? ''}/${metadata.name}`;
  const changed = new Map(policies.map((policy) => [key(policy), policy]));
  const kept = before
    .filter((policy) => !deletedPolicies.includes(key(policy)))
    .map((policy) => {
      const next = changed.get(key(policy));
      if (next === undefined) return policy;
      const same = JSON.stringify(next.spec) === JSON.stringify(policy.spec);
      const generation = (policy.metadata.generation ?? 1) + (same ? 0 : 1);
      return { ...policy, metadata: { ...policy.metadata, generation }, spec: next.spec };
    });
  const known = new Set(kept.map(key));
  const added = policies
    .filter((policy) => !known.has(key(policy)))
    .map((policy) => ({
      ...policy,
      metadata: { ...policy.metadata, uid: `planned-${key(policy)}`, generation: 1, creationTimestamp: now },
    }));
  return [...kept, ...added];
}

function groupsAfter(
  before: ReadonlyMap<string, CloudGroup>,
  changes: readonly RuleChange[],
): ReadonlyMap<string, CloudGroup> {
  const after = new Map(before);
  for (const change of changes) {
    const old = after.get(change.groupId);
    // A full reset says all there is; additions to a group that is not understood stay not understood.
    if (change.action === 'ModifySecurityGroupPolicies')
      after.set(change.groupId, {
        groupId: change.groupId,
        name: old?.name ?? '',
        rules: { ok: true, value: change.rules },
      });
    else if (old?.rules.ok === true) {
      const { ingress, egress } = old.rules.value;
      after.set(change.groupId, {
        ...old,
        rules: {
          ok: true,
          value: {
            groupId: change.groupId,
            ingress: inserted(ingress, change.rules.ingress, change.at),
            egress: inserted(egress, change.rules.egress, change.at),
          },
        },
      });
    }
  }
  return after;
}

const inserted = (rules: readonly Rule[], added: readonly Rule[], at = rules.length): readonly Rule[] => [
  ...rules.slice(0, at),
  ...added,
  ...rules.slice(at),
];
