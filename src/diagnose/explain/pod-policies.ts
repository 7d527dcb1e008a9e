// Every SecurityGroupPolicy of a Pod's namespace: whether it applies to the Pod, and why or why not. Pure.
import { decodeAdmissionDecision } from '../../api/admission-decision.ts';
import type { Labels } from '../../api/label-selector.ts';
import type { SecurityGroupPolicy } from '../../api/security-group-policy.ts';
import type { VpcEni } from '../../api/vpc-eni.ts';
import type { Pod } from '../../kube/resources.ts';
import { isChanging } from '../../planning/live-change.ts';
import { byCreationThenName, selects } from '../../planning/match-policies.ts';
import { podStanding } from '../../planning/policy-pods.ts';
import { type PolicyView, projectPolicy } from '../../planning/policy-view.ts';
import { isSuperNode } from '../../planning/super-node-requirements.ts';
import type { ClusterPicture } from '../picture/picture.ts';
import type { World } from '../trace/world.ts';
import { ownEniOf } from './pod-network.ts';
import { selectorMiss, selectorText } from './selector.ts';

export interface PolicyAnswer {
  /** Name in the Pod's namespace. */
  readonly policy: string;
  /**
   * `applies`: its groups are the Pod's. `pending`: they will be. `differs`: it selects the Pod, or did, and the Pod has other groups. `failed`: they
   * cannot be put into force. `no`: it does not concern the Pod.
   */
  readonly answer: 'applies' | 'pending' | 'differs' | 'failed' | 'no';
  /** The selector that matched, or what of it did not. */
  readonly why: string;
  readonly groups: readonly string[];
}

/** In the order in which their groups are united; those that do not concern the Pod come last. */
export function podPolicies(world: World, pod: Pod): readonly PolicyAnswer[] {
  const { picture } = world;
  const namespace = pod.metadata.namespace ?? '';
  const policies = picture.kube.securityGroupPolicies.filter((policy) => policy.metadata.namespace === namespace);
  const views = policies
    .map((policy) => ({ policy, view: projectPolicy(policy) }))
    .toSorted((a, b) => byCreationThenName(a.view, b.view));
  const labels = pod.metadata.labels ?? {};
  const account = accountLabels(picture, pod);
  const matching = views.filter(({ view }) => selects(view, labels, account)).map(({ view }) => view);
  const answers = views.map(({ policy, view }) => answerOf(world, pod, { policy, view, matching, labels, account }));
  return [...answers.filter(({ answer }) => answer !== 'no'), ...answers.filter(({ answer }) => answer === 'no')];
}

interface OfPolicy {
  readonly policy: SecurityGroupPolicy;
  readonly view: PolicyView;
  readonly matching: readonly PolicyView[];
  readonly labels: Labels;
  readonly account: Labels;
}

function answerOf(world: World, pod: Pod, of: OfPolicy): PolicyAnswer {
  const { view, matching } = of;
  const policy = view.metadata.name;
  const read = decodeAdmissionDecision(pod.metadata.annotations);
  const decision = read.kind === 'decision' ? read.decision : undefined;
  const admitted = decision?.policies.some(({ uid }) => uid === view.metadata.uid) === true;
  if (!matching.includes(view) && !admitted) return { policy, answer: 'no', why: missText(of), groups: view.groups };
  const node = world.nodesByName.get(pod.spec.nodeName ?? '');
  const eni = ownEniOf(world, pod);
  const standing = podStanding({
    policy: view,
    matching,
    decision,
    scheduled: pod.spec.nodeName !== undefined,
    hostNetwork: pod.spec.hostNetwork === true,
    onSuperNode: node !== undefined && isSuperNode(node),
    eni: eni === undefined ? undefined : { ...eniStanding(eni), bound: boundGroups(world, eni) },
  });
  const by = matching.includes(view) ? selectionText(of.policy) : 'selected it when it was created';
  switch (standing.kind) {
    case 'programmed':
      return { policy, answer: 'applies', why: by, groups: view.groups };
    case 'pending':
      return { policy, answer: 'pending', why: `${by}; its groups are on their way`, groups: view.groups };
    case 'failed':
      return { policy, answer: 'failed', why: `${by}; ${standing.message}`, groups: view.groups };
    case 'differs':
      return { policy, answer: 'differs', why: `${by}, but the Pod ${standing.message}`, groups: view.groups };
  }
}

/** What a policy selects by, in words. */
export function selectionText({ spec }: SecurityGroupPolicy): string {
  const parts = [
    ...(spec.podSelector === undefined ? [] : [`podSelector ${selectorText(spec.podSelector)}`]),
    ...(spec.serviceAccountSelector === undefined
      ? []
      : [`serviceAccountSelector ${selectorText(spec.serviceAccountSelector)}`]),
  ];
  return parts.length === 0 ? 'it has no selector and selects nothing' : parts.join(' and ');
}

function missText({ policy, view, labels, account }: OfPolicy): string {
  if (view.selection.kind === 'unreadable') return `it cannot be read: ${view.selection.problem}`;
  const { podSelector, serviceAccountSelector } = policy.spec;
  if (podSelector === undefined && serviceAccountSelector === undefined)
    return 'it has no selector and selects nothing';
  const pod = podSelector === undefined ? undefined : selectorMiss(podSelector, labels);
  if (pod !== undefined) return `podSelector: ${pod}`;
  const own = serviceAccountSelector === undefined ? undefined : selectorMiss(serviceAccountSelector, account);
  return own === undefined ? 'it does not select the Pod' : `serviceAccountSelector: ${own} (ServiceAccount)`;
}

/** Labels of the Pod's ServiceAccount; none when there is no such account. */
export function accountLabels({ kube }: ClusterPicture, { metadata, spec }: Pod): Labels {
  const name = spec.serviceAccountName ?? 'default';
  return (
    kube.serviceAccounts.find(
      (account) => account.metadata.namespace === metadata.namespace && account.metadata.name === name,
    )?.metadata.labels ?? {}
  );
}

function eniStanding(eni: VpcEni): {
  readonly ready: boolean;
  readonly given: readonly string[];
  readonly problem: string | undefined;
  readonly changing: boolean;
} {
  const bad = eni.status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'False');
  const onItsWay = bad === undefined || bad.reason === 'Creating';
  return {
    ready: eni.status?.phase === 'Ready',
    given: eni.spec.securityGroups,
    problem: onItsWay ? undefined : bad.message,
    changing: isChanging(eni),
  };
}

const boundGroups = ({ enisById }: World, { status }: VpcEni): readonly string[] =>
  enisById.get(status?.eni?.eniID ?? '')?.securityGroups ?? status?.eni?.securityGroups ?? [];
