// Who may take the label off a namespace by which admission fails closed there: ipamd alone, and only when no policy is left or on its way.
import { labels as keys, WEBHOOK_EXEMPT_LABEL } from '../api/keys.ts';
import type { Labels } from '../api/label-selector.ts';
import { IPAMD_USER } from './guard-pod-update.ts';

export interface NamespaceUpdate {
  readonly before: Labels;
  readonly after: Labels;
  readonly username: string;
}

export type NamespaceVerdict =
  | { readonly kind: 'allow'; readonly warnings: readonly string[] }
  | { readonly kind: 'refuse'; readonly message: string }
  /** Allowed if the namespace has no policy at this moment. */
  | { readonly kind: 'if-no-policy' };

/** Other labels are nobody's concern here. The documented exemption stays a person's choice, with a warning of what it means. */
export function guardNamespaceUpdate({ before, after, username }: NamespaceUpdate): NamespaceVerdict {
  const had = Object.hasOwn(before, keys.securityGroupPolicy);
  if (had && !Object.hasOwn(after, keys.securityGroupPolicy)) {
    if (username === IPAMD_USER) return { kind: 'if-no-policy' };
    return {
      kind: 'refuse',
      message: `label ${keys.securityGroupPolicy} stands while the namespace has a SecurityGroupPolicy, or Pods that one decided about, and ipamd takes it off afterwards; delete the policies first`,
    };
  }
  const exempted = Object.hasOwn(after, WEBHOOK_EXEMPT_LABEL) && !Object.hasOwn(before, WEBHOOK_EXEMPT_LABEL);
  const warning = `label ${WEBHOOK_EXEMPT_LABEL}: from now on no SecurityGroupPolicy of this namespace has any effect on new Pods`;
  return { kind: 'allow', warnings: exempted ? [warning] : [] };
}
