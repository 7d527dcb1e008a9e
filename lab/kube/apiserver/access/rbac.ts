// Authorization: system:masters may do everything, nodes what belongs to them, everybody what RBAC's roles and bindings say.
import type { Attributes } from './attributes.ts';
import type { NodeAuthorizer } from './node-authorizer.ts';
import type { PolicyRule } from './policy-rule.ts';
import { covers } from './policy-rule.ts';
import type { RuleResolver } from './rule-resolver.ts';
import type { User } from './user.ts';
import { MASTERS } from './user.ts';

export type { Attributes } from './attributes.ts';
export { refusal } from './attributes.ts';
export type { RbacObjects } from './rule-resolver.ts';

/** An answer with its reason: which binding allows, or what stands in the way; '' when there is nothing to say. */
export interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
}

export interface Authorizer {
  allows(user: User, attributes: Attributes): boolean;
  decide(user: User, attributes: Attributes): Decision;
  readonly resolver: RuleResolver;
}

/** Asks, in this order: the privileged group, the node authorizer, RBAC. The first that allows decides. */
export function createAuthorizer(resolver: RuleResolver, nodes: NodeAuthorizer): Authorizer {
  const decide = (user: User, attributes: Attributes): Decision => {
    if (user.groups.includes(MASTERS)) return { allowed: true, reason: '' };
    const asNode = nodes.decide(user, attributes);
    if (asNode.allowed) return asNode;
    const byRole = decideByRole(resolver, user, attributes);
    if (byRole.allowed) return byRole;
    return { allowed: false, reason: [asNode.reason, byRole.reason].filter((reason) => reason !== '').join('\n') };
  };
  return { resolver, decide, allows: (user, attributes) => decide(user, attributes).allowed };
}

function decideByRole(resolver: RuleResolver, user: User, attributes: Attributes): Decision {
  const errors = new Set<string>();
  const namespace = attributes.kind === 'resource' ? attributes.namespace : undefined;
  for (const grant of resolver.grants(user, namespace)) {
    if ('error' in grant) errors.add(grant.error);
    else if (covers(grant.rule, attributes)) return { allowed: true, reason: `RBAC: allowed by ${grant.source()}` };
  }
  return { allowed: false, reason: errors.size === 0 ? '' : `RBAC: ${errorsText([...errors])}` };
}

/** Several errors as one text: the only one, or each once in brackets. */
export function errorsText(errors: readonly string[]): string {
  const distinct = [...new Set(errors)];
  return distinct.length === 1 ? distinct.join('') : `[${distinct.join(', ')}]`;
}

/** Every rule of a user in a namespace, and what could not be resolved. */
export function rulesFor(
  resolver: RuleResolver,
  user: User,
  namespace: string | undefined,
): { readonly rules: readonly PolicyRule[]; readonly errors: readonly string[] } {
  const rules: PolicyRule[] = [];
  const errors: string[] = [];
  for (const grant of resolver.grants(user, namespace)) {
    if ('error' in grant) errors.push(grant.error);
    else rules.push(grant.rule);
  }
  return { rules, errors };
}
