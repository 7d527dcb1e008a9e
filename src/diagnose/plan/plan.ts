// What would change if a proposal were applied: Pods with other groups, connections that open or close, cloud calls, quotas. Nothing is written. Pure.
import { type ClusterPicture, type Gap, gapOf } from '../picture/picture.ts';
import { afterProposal } from './after.ts';
import { groupsOfWorkload, type PlannedCall, plannedCalls, type QuotaFinding, quotaFindings } from './calls.ts';
import { type AskedPort, type FlowPlan, flowPlan } from './flows.ts';
import { type PodChange, podChanges, standings } from './pod-groups.ts';
import type { Proposal } from './proposal.ts';

export interface PlannedWorkload {
  readonly workload: string;
  readonly pods: number;
  readonly groups: readonly string[];
}

export interface PlanReport {
  readonly takenAt: string;
  readonly pods: readonly PodChange[];
  /** New workloads and the groups that their Pods would get. */
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
  const readable = picture.cloud !== undefined && gapOf(picture, 'enis') === undefined;
  return {
    takenAt: picture.takenAt,
    pods: changes,
    workloads: proposal.workloads.map((workload) => ({
      workload: `${workload.namespace}/${workload.kind}/${workload.name}`,
      pods: workload.replicas,
      groups: groupsOfWorkload(after, workload),
    })),
    ...(readable ? { flows: flowPlan({ before: picture, after, pods, changes, ports }) } : {}),
    calls: plannedCalls(after, changes, proposal),
    quotas: quotaFindings(picture, after, changes, proposal),
    assumptions: assumptionsOf(changes, proposal),
    notLookedAt: proposal.notLookedAt,
    notKnown: picture.gaps,
  };
}

function assumptionsOf(changes: readonly PodChange[], { rules, workloads }: Proposal): readonly string[] {
  return [
    ...(changes.some(({ when }) => when === 'rebuilt')
      ? [
          'Pods marked "rebuilt" keep their groups until they are deleted and come again; the flows are those after that, with the addresses of now',
        ]
      : []),
    ...(changes.length > 0 || rules.length > 0
      ? [
          'flows are judged by groups alone; Pods of one node with standard routing reach each other past them (spec 002)',
        ]
      : []),
    ...(workloads.length > 0 ? ['flows of Pods that do not exist yet are not judged: they have no address'] : []),
  ];
}
