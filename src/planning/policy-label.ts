// The label that puts the Pods of a namespace under admission that fails closed: when it must stand, and what it says. Pure.
import { labels as keys, objectNames, WEBHOOK_EXEMPT_LABEL } from '../api/keys.ts';

/** As much of a Namespace as is asked here. */
export interface LabelledNamespace {
  readonly metadata: { readonly name?: string; readonly labels?: Readonly<Record<string, string>> };
}

/** Whether Pods of the namespace are refused while nobody can decide about them. `undefined`: not seen yet. */
export function namespaceEnforces(namespace: LabelledNamespace | undefined): boolean {
  return Object.hasOwn(namespace?.metadata.labels ?? {}, keys.securityGroupPolicy) && !namespaceExempt(namespace);
}

/** Whether policies have no effect there: by the documented label, or because the system's Pods never wait for a webhook. */
export function namespaceExempt(namespace: LabelledNamespace | undefined): boolean {
  const { name, labels = {} } = namespace?.metadata ?? {};
  return name === objectNames.systemNamespace || Object.hasOwn(labels, WEBHOOK_EXEMPT_LABEL);
}

export interface LabelFacts {
  readonly namespace: LabelledNamespace;
  /** Policies that exist, whether or not they are on their way out: their Pods are still being created. */
  readonly policies: number;
}

/** `set` and `remove` change the label alone; kube-system never carries it. */
export function planPolicyLabel({ namespace, policies }: LabelFacts): 'set' | 'remove' | 'leave' {
  const { name, labels = {} } = namespace.metadata;
  const has = Object.hasOwn(labels, keys.securityGroupPolicy);
  const wanted = policies > 0 && name !== objectNames.systemNamespace;
  if (wanted === has) return 'leave';
  return wanted ? 'set' : 'remove';
}
