// `explain sgp` as data: what a SecurityGroupPolicy selects, what its Pods have, what its groups let through and what they lack. Pure.
import { decodeAdmissionDecision } from '../../api/admission-decision.ts';
import type { SecurityGroupPolicy } from '../../api/security-group-policy.ts';
import type { Pod } from '../../kube/resources.ts';
import { selects } from '../../planning/match-policies.ts';
import { type PolicyView, projectPolicy } from '../../planning/policy-view.ts';
import type { Direction, Rule } from '../../securitygroup/rule.ts';
import type { ClusterPicture, Gap } from '../picture/picture.ts';
import { openWorld } from '../trace/world.ts';
import { ruleText } from '../trace/rule-text.ts';
import { accountLabels, podPolicies, selectionText } from './pod-policies.ts';

export interface PolicyGroup {
  readonly groupId: string;
  readonly name?: string;
  readonly exists?: boolean;
  /** Numbered from 0 as in the cloud, in order of priority; absent when not known. */
  readonly ingress?: readonly string[];
  readonly egress?: readonly string[];
  readonly notUnderstood?: readonly string[];
}

export interface PolicyExplanation {
  readonly policy: string;
  readonly selects: string;
  readonly updateStrategy: string;
  readonly groups: readonly PolicyGroup[];
  readonly pods: readonly {
    readonly pod: string;
    readonly node?: string;
    readonly answer: string;
    readonly why: string;
  }[];
  readonly conditions: readonly {
    readonly type: string;
    readonly status: string;
    readonly text: string;
    readonly since: string;
  }[];
  readonly preflight: readonly { readonly requirement: string; readonly message: string; readonly command?: string }[];
  readonly notKnown: readonly Gap[];
}

export function explainPolicy(picture: ClusterPicture, policy: SecurityGroupPolicy): PolicyExplanation {
  const { namespace = '', name } = policy.metadata;
  const world = openWorld(picture);
  const view = projectPolicy(policy);
  const pods = picture.kube.pods
    .filter(
      ({ metadata, status }) =>
        metadata.namespace === namespace && status?.phase !== 'Succeeded' && status?.phase !== 'Failed',
    )
    .filter((pod) => mayConcern(picture, view, pod))
    .flatMap((pod) => {
      const answer = podPolicies(world, pod).find((each) => each.policy === name);
      if (answer === undefined || answer.answer === 'no') return [];
      const { nodeName } = pod.spec;
      return [
        {
          pod: pod.metadata.name,
          ...(nodeName === undefined ? {} : { node: nodeName }),
          answer: answer.answer,
          why: answer.why,
        },
      ];
    });
  return {
    policy: `${namespace}/${name}`,
    selects: selectionText(policy),
    updateStrategy: policy.spec.updateStrategy?.type ?? 'OnDelete',
    groups: policy.spec.securityGroups.groupIds.map((groupId) => policyGroup(picture, groupId)),
    pods,
    conditions: (policy.status?.conditions ?? []).map(({ type, status, reason, message, lastTransitionTime }) => ({
      type,
      status,
      text: message === '' ? reason : `${reason}: ${message}`,
      since: lastTransitionTime,
    })),
    preflight: (policy.status?.preflight ?? []).map(({ requirement, message, command }) => ({
      requirement,
      message,
      ...(command === undefined ? {} : { command }),
    })),
    notKnown: picture.gaps,
  };
}

/** Selected now, or when it was created: the dearer questions are for these alone. */
function mayConcern(picture: ClusterPicture, view: PolicyView, pod: Pod): boolean {
  if (selects(view, pod.metadata.labels ?? {}, accountLabels(picture, pod))) return true;
  const read = decodeAdmissionDecision(pod.metadata.annotations);
  return read.kind === 'decision' && read.decision.policies.some(({ uid }) => uid === view.metadata.uid);
}

function policyGroup({ cloud, gaps }: ClusterPicture, groupId: string): PolicyGroup {
  const group = cloud?.groups.get(groupId);
  if (group === undefined)
    return cloud === undefined || gaps.some(({ what }) => what === `group ${groupId}`)
      ? { groupId }
      : { groupId, exists: false };
  const named = { groupId, exists: true, ...(group.name === '' ? {} : { name: group.name }) };
  if (!group.rules.ok)
    return { ...named, notUnderstood: group.rules.problems.map(({ path, message }) => `${path}: ${message}`) };
  const texts = (rules: readonly Rule[], direction: Direction): readonly string[] =>
    rules.map((rule, index) => `${rule.policyIndex ?? index} ${ruleText(rule, direction)}`);
  return {
    ...named,
    ingress: texts(group.rules.value.ingress, 'ingress'),
    egress: texts(group.rules.value.egress, 'egress'),
  };
}
