// What a plan costs in the cloud: which calls, how many, and which quotas they meet. Pure.
import { capacityOf } from '../capacity/capacity.ts';
import type { ClusterPicture } from '../picture/picture.ts';
import { matchPolicies } from '../../planning/match-policies.ts';
import { projectPolicy } from '../../planning/policy-view.ts';
import type { PodChange } from './pod-groups.ts';
import type { Proposal, WorkloadChange } from './proposal.ts';

export interface PlannedCall {
  readonly action: string;
  readonly count: number;
  readonly when: 'now' | 'at-once' | 'rebuilt' | 'created';
  readonly why: string;
}

export interface QuotaFinding {
  readonly quota: string;
  readonly message: string;
}

/** facts of the cloud API, section 18. */
const GROUPS_PER_ENI = 5;
const RULES_PER_DIRECTION = 100;
const MEMBERS_PER_GROUP = 2000;

/** Without retries and reads; calls of one kind that the add-on can batch are counted for each Pod. */
export function plannedCalls(
  after: ClusterPicture,
  changes: readonly PodChange[],
  proposal: Proposal,
): readonly PlannedCall[] {
  const count = (test: (change: PodChange) => boolean): number => changes.filter(test).length;
  const rebuilt = (change: PodChange): boolean => change.when === 'rebuilt';
  const calls: readonly PlannedCall[] = [
    ...proposal.rules.map(
      ({ action, groupId }): PlannedCall => ({ action, count: 1, when: 'now', why: `the rules of ${groupId}` }),
    ),
    {
      action: 'ModifyNetworkInterfaceAttribute',
      count: count(({ when, to }) => when === 'at-once' && to === 'sub-eni'),
      when: 'at-once',
      why: 'groups of running Pods, by policies with updateStrategy Live',
    },
    {
      action: 'CreateSubNetworkInterface',
      count: count((change) => rebuilt(change) && change.to === 'sub-eni'),
      when: 'rebuilt',
      why: 'a sub-ENI for each rebuilt Pod',
    },
    {
      action: 'DeleteSubNetworkInterface',
      count: count((change) => rebuilt(change) && change.from === 'sub-eni'),
      when: 'rebuilt',
      why: 'the sub-ENI of each Pod that goes',
    },
    ...nodeCalls(after, proposal),
    ...proposal.workloads.flatMap((workload) => workloadCalls(after, workload)),
  ];
  return calls.filter((call) => call.count > 0);
}

function nodeCalls({ kube, cloud }: ClusterPicture, { nodeGroups }: Proposal): readonly PlannedCall[] {
  let [bind, unbind] = [0, 0];
  for (const [node, list] of nodeGroups)
    for (const { eniID, securityGroups } of kube.nodeEniConfigs.find(({ metadata }) => metadata.name === node)?.status
      ?.eniInfos ?? []) {
      const bound = cloud?.enis.find(({ eniId }) => eniId === eniID)?.securityGroups ?? securityGroups;
      if (bound.join() === list.join()) continue;
      bind += 1;
      if (bound.length > 0) unbind += 1;
    }
  const why = 'the groups of the ENIs of the nodes (spec 000: unbound, then bound in the new order)';
  return [
    { action: 'AssociateNetworkInterfaceSecurityGroups', count: bind, when: 'at-once', why },
    { action: 'DisassociateNetworkInterfaceSecurityGroups', count: unbind, when: 'at-once', why },
  ];
}

/** Groups that the Pods of a workload would get. */
export function groupsOfWorkload(after: ClusterPicture, workload: WorkloadChange): readonly string[] {
  if (workload.hostNetwork) return [];
  const match = matchPolicies({
    policies: after.kube.securityGroupPolicies
      .filter(({ metadata }) => metadata.namespace === workload.namespace)
      .map(projectPolicy),
    podLabels: workload.labels,
    serviceAccountLabels:
      after.kube.serviceAccounts.find(
        ({ metadata }) => metadata.namespace === workload.namespace && metadata.name === workload.serviceAccount,
      )?.metadata.labels ?? {},
  });
  return match.kind === 'matched' ? match.groups : [];
}

function workloadCalls(after: ClusterPicture, workload: WorkloadChange): readonly PlannedCall[] {
  if (groupsOfWorkload(after, workload).length === 0) return [];
  return [
    {
      action: 'CreateSubNetworkInterface',
      count: workload.replicas,
      when: 'created',
      why: `the Pods of ${workload.kind} ${workload.namespace}/${workload.name}`,
    },
  ];
}

/** Limits that the cloud or the nodes would meet. */
export function quotaFindings(
  before: ClusterPicture,
  after: ClusterPicture,
  changes: readonly PodChange[],
  proposal: Proposal,
): readonly QuotaFinding[] {
  return [
    ...subEniRoom(before, after, changes, proposal),
    ...groupCounts(after, changes, proposal),
    ...ruleCounts(after, proposal),
    ...memberCounts(before, changes),
  ];
}

function subEniRoom(
  before: ClusterPicture,
  after: ClusterPicture,
  changes: readonly PodChange[],
  proposal: Proposal,
): readonly QuotaFinding[] {
  const more = changes.filter(({ to, from }) => to === 'sub-eni' && from !== 'sub-eni');
  const created = proposal.workloads.reduce(
    (sum, workload) => sum + (groupsOfWorkload(after, workload).length > 0 ? workload.replicas : 0),
    0,
  );
  const wanted = more.length + created;
  if (wanted === 0) return [];
  const { room, limit } = capacityOf(before).total['sub-eni'];
  if (room === undefined)
    return [{ quota: 'sub-ENIs', message: `${wanted} more are needed; whether they fit is not known: ${limit}` }];
  return wanted <= room ? [] : [{ quota: 'sub-ENIs', message: `${wanted} more are needed and ${room} fit: ${limit}` }];
}

function groupCounts(
  after: ClusterPicture,
  changes: readonly PodChange[],
  proposal: Proposal,
): readonly QuotaFinding[] {
  const lists = [
    ...changes.map(({ pod, after: groups }) => [`Pod ${pod}`, groups] as const),
    ...[...proposal.nodeGroups].map(([node, groups]) => [`nec ${node}`, groups] as const),
    ...proposal.workloads.map(
      (workload) => [`${workload.kind} ${workload.name}`, groupsOfWorkload(after, workload)] as const,
    ),
  ];
  const over = lists.find(([, groups]) => groups.length > GROUPS_PER_ENI);
  const named = new Set(lists.flatMap(([, groups]) => groups));
  const unknown = after.cloud === undefined ? [] : [...named].filter((id) => after.cloud?.groups.has(id) === false);
  return [
    ...(over === undefined
      ? []
      : [
          {
            quota: 'groups of an ENI',
            message: `${over[0]} would have ${over[1].length}, and ${GROUPS_PER_ENI} are allowed`,
          },
        ]),
    ...unknown.map((id) => ({ quota: 'groups that exist', message: `${id} was not found in this account and region` })),
  ];
}

function ruleCounts({ cloud }: ClusterPicture, { rules }: Proposal): readonly QuotaFinding[] {
  return rules.flatMap(({ groupId }): QuotaFinding[] => {
    const parsed = cloud?.groups.get(groupId)?.rules;
    if (parsed?.ok !== true) return [];
    const most = Math.max(parsed.value.ingress.length, parsed.value.egress.length);
    return most <= RULES_PER_DIRECTION
      ? []
      : [
          {
            quota: 'rules of a group',
            message: `${groupId} would have ${most} in one direction, and ${RULES_PER_DIRECTION} are allowed`,
          },
        ];
  });
}

function memberCounts({ cloud }: ClusterPicture, changes: readonly PodChange[]): readonly QuotaFinding[] {
  const counts = new Map<string, number>();
  for (const eni of cloud?.enis ?? []) for (const id of eni.securityGroups) counts.set(id, (counts.get(id) ?? 0) + 1);
  const more = new Map<string, number>();
  for (const { now, after } of changes)
    for (const id of after) if (!now.includes(id)) more.set(id, (more.get(id) ?? 0) + 1);
  return [...more].flatMap(([id, added]): QuotaFinding[] => {
    const sum = (counts.get(id) ?? 0) + added;
    return sum <= MEMBERS_PER_GROUP
      ? []
      : [
          {
            quota: 'members of a group',
            message: `${id} would be on ${sum} ENIs, and ${MEMBERS_PER_GROUP} are allowed`,
          },
        ];
  });
}
