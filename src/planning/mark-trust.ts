// Whether ipamd acts on the marks of a Pod: where admission may have been passed over, anybody could have written them. Pure.
import { type AllowedGroups, forbiddenGroups } from './allowed-groups.ts';
import { type LabelledNamespace, namespaceEnforces, namespaceExempt } from './policy-label.ts';

export interface MarkFacts {
  readonly namespace: string;
  /** `undefined`: not seen yet. */
  readonly object: LabelledNamespace | undefined;
  /** Policies of the namespace. */
  readonly policies: number;
  readonly allowed: AllowedGroups;
  /** That the Pod asks for. */
  readonly groups: readonly string[];
}

export type MarkTrust =
  | { readonly kind: 'trusted' }
  /** The namespace is about to be labelled. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'refused'; readonly message: string };

/**
 * Marks count where admission fails closed, and in exempt namespaces, where administrators write them by hand. Elsewhere a Pod may have been
 * created while the webhook did not answer. Groups that the namespace may not use never count.
 */
export function judgeMarks({ namespace, object, policies, allowed, groups }: MarkFacts): MarkTrust {
  const forbidden = forbiddenGroups(allowed, namespace, groups);
  if (forbidden !== undefined) return { kind: 'refused', message: forbidden.message };
  if (namespaceEnforces(object) || namespaceExempt(object)) return { kind: 'trusted' };
  if (policies > 0 || object === undefined) return { kind: 'wait' };
  return {
    kind: 'refused',
    message: `the Pod asks for a sub-ENI, but no SecurityGroupPolicy was ever in force in namespace "${namespace}", so admission cannot have decided so; recreate the Pod, after a policy if it should have one`,
  };
}
