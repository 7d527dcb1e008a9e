// What would change if a proposal were applied: Pods with other groups, connections that open or close, cloud calls, quotas. Nothing is written. Pure.
import { type ClusterPicture, type Gap, gapOf } from '../picture/picture.ts';
import { ownerOf } from '../explain/owner.ts';
import { afterProposal, workloadName } from './after.ts';
import { groupsOfWorkload, type PlannedCall, plannedCalls, type QuotaFinding, quotaFindings } from './calls.ts';
import { type AskedPort, type FlowPlan, flowPlan } from './flows.ts';
import { type PodChange, podChanges, routingOf, standings } from './pod-groups.ts';
import type { Proposal, WorkloadChange } from './proposal.ts';

export interface PlannedWorkload {
  readonly workload: string;
  readonly pods: number;
  readonly groups: readonly string[];
}

export interface PlanReport {
  readonly takenAt: string;
  readonly pods: readonly PodChange[];
  /** Workloads that would have more Pods than now: how many more, and the groups that these would get. */
  readonly workloads: readonly PlannedWorkload[];
  /** Absent: without the rules of the cloud nobody can say. */
  readonly flows?: FlowPlan;
  readonly calls: readonly PlannedCall[];
  readonly quotas: readonly QuotaFinding[];
  /** What the answer takes for granted. */
  readonly assumptions: readonly string[];
  readonly notLookedAt: readonly string[];
  readonly notKnown: readonly Gap[];
}

export function planProposal(picture: ClusterPicture, proposal: Proposal, ports: readonly AskedPort[]): PlanReport {
  const after = afterProposal(picture, proposal);
  const pods = standings(picture);
  const changes = podChanges(picture, after, pods);
  const growing = { ...proposal, workloads: moreOf(picture, proposal.workloads) };
  const readable = picture.cloud !== undefined && gapOf(picture, 'enis') === undefined;
  return {
    takenAt: picture.takenAt,
    pods: changes,
    workloads: growing.workloads.map((workload) => ({
      workload: workloadName(workload),
      pods: workload.replicas,
      groups: groupsOfWorkload(after, workload),
    })),
    ...(readable
      ? { flows: flowPlan({ before: picture, after, pods, changes, routing: routingOf(picture), ports }) }
      : {}),
    calls: plannedCalls(after, changes, growing),
    quotas: quotaFindings(picture, after, changes, growing),
    assumptions: assumptionsOf(changes, growing),
    notLookedAt: proposal.notLookedAt,
    notKnown: picture.gaps,
  };
}

/** With the number of Pods that they do not have yet. A DaemonSet that is there has its Pods already: its nodes are no matter of the proposal. */
function moreOf(picture: ClusterPicture, workloads: readonly WorkloadChange[]): readonly WorkloadChange[] {
  if (workloads.length === 0) return [];
  const have = new Map<string, number>();
  for (const pod of picture.kube.pods) {
    if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') continue;
    const owner = ownerOf(picture, pod);
    have.set(owner, (have.get(owner) ?? 0) + 1);
  }
  return workloads.flatMap((workload) => {
    const there = have.get(workloadName(workload)) ?? 0;
    const more = workload.kind === 'DaemonSet' && there > 0 ? 0 : workload.replicas - there;
    return more > 0 ? [{ ...workload, replicas: more }] : [];
  });
}

function assumptionsOf(changes: readonly PodChange[], { rules, workloads }: Proposal): readonly string[] {
  return [
    ...(changes.some(({ when }) => when === 'rebuilt')
      ? [
          'Pods marked "rebuilt" keep their groups until they are deleted and come again; the flows are those after that, with the addresses and on the nodes of now',
        ]
      : []),
    ...(changes.length > 0 || rules.length > 0
      ? [
          'flows are judged by groups, which Pods of one node with standard routing reach each other past (spec 002); SNAT is not looked at',
        ]
      : []),
    ...(workloads.length > 0 ? ['flows of Pods that do not exist yet are not judged: they have no address'] : []),
  ];
}
