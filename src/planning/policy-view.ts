// A SecurityGroupPolicy as it is matched: decoded and compiled once, when the watch delivers it. Pure.
import {
  type Anchor,
  type CompiledSelector,
  compileSelector,
  type Labels,
  type SelectorInput,
} from '../api/label-selector.ts';
import { type SecurityGroupPolicy, securityGroupPolicySpecSchema } from '../api/security-group-policy.ts';
import type { KubeObject } from '../kube/types.ts';

/** What is known of whom a policy selects. */
export type Selection =
  | {
      readonly kind: 'selectors';
      readonly pod: Test | undefined;
      readonly serviceAccount: Test | undefined;
      /** Of the Pod's labels; absent: a Pod with any labels may be selected. */
      readonly anchor?: Anchor;
    }
  /** Neither selector is given: the policy selects nobody. Admission refuses to store such a one. */
  | { readonly kind: 'nobody' }
  /** Stored past admission and not readable: whom it selects cannot be said. */
  | { readonly kind: 'unreadable'; readonly problem: string };

type Test = (labels: Labels) => boolean;

export interface PolicyView extends KubeObject {
  readonly selection: Selection;
  /** In order of priority, as written. */
  readonly groups: readonly string[];
}

/** Keeps metadata's identity, the groups and the compiled selectors; never throws, whatever was stored. */
export function projectPolicy(policy: SecurityGroupPolicy): PolicyView {
  const { name, namespace, uid, resourceVersion, generation, creationTimestamp } = policy.metadata;
  return {
    apiVersion: policy.apiVersion,
    kind: policy.kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(generation === undefined ? {} : { generation }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    },
    ...readSpec(policy.spec),
  };
}

function readSpec(spec: unknown): Pick<PolicyView, 'selection' | 'groups'> {
  const decoded = securityGroupPolicySpecSchema.safeParse(spec);
  if (!decoded.success) {
    const issue = decoded.error.issues[0];
    return unreadable(`spec.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not accepted'}`);
  }
  const { podSelector, serviceAccountSelector, securityGroups } = decoded.data;
  if (podSelector === undefined && serviceAccountSelector === undefined)
    return { selection: { kind: 'nobody' }, groups: securityGroups.groupIds };
  const pod = compile(podSelector);
  const serviceAccount = compile(serviceAccountSelector);
  if (pod?.ok === false) return unreadable(`spec.podSelector.${firstProblem(pod.problems)}`);
  if (serviceAccount?.ok === false)
    return unreadable(`spec.serviceAccountSelector.${firstProblem(serviceAccount.problems)}`);
  return {
    selection: {
      kind: 'selectors',
      pod: pod?.matches,
      serviceAccount: serviceAccount?.matches,
      ...(pod?.anchor === undefined ? {} : { anchor: pod.anchor }),
    },
    groups: securityGroups.groupIds,
  };
}

const compile = (selector: SelectorInput | undefined): CompiledSelector | undefined =>
  selector === undefined ? undefined : compileSelector(selector);

const unreadable = (problem: string): Pick<PolicyView, 'selection' | 'groups'> => ({
  selection: { kind: 'unreadable', problem },
  groups: [],
});

const firstProblem = (problems: readonly { readonly path: string; readonly message: string }[]): string =>
  `${problems[0]?.path ?? ''}: ${problems[0]?.message ?? 'not accepted'}`;
