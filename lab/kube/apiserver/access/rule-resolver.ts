// Which rules RBAC's bindings give a user, each with the binding it comes from.
import type { ApiObject, JsonObject } from '../json.ts';
import { objectsAt, stringAt } from '../json.ts';
import type { PolicyRule } from './policy-rule.ts';
import { policyRule } from './policy-rule.ts';
import type { User } from './user.ts';

/** The RBAC objects, read at each decision so that a change counts at once. */
export interface RbacObjects {
  clusterRole(name: string): ApiObject | undefined;
  role(namespace: string, name: string): ApiObject | undefined;
  clusterRoleBindings(): readonly ApiObject[];
  roleBindings(namespace: string): readonly ApiObject[];
}

/** A rule with the sentence that names its binding, or a binding whose role is missing. */
export type Grant = { readonly rule: PolicyRule; readonly source: () => string } | { readonly error: string };

export interface RuleResolver {
  /** Everything that applies to `user` in `namespace` ('' or absent: at the cluster scope), cluster-wide bindings first. */
  grants(user: User, namespace: string | undefined): Iterable<Grant>;
  /** The rules of the role that a binding names; throws RoleMissing. */
  rulesOf(roleRef: JsonObject, namespace: string | undefined): readonly PolicyRule[];
}

/** A binding names a role that does not exist; the message is that of a real server's lister. */
export class RoleMissing extends Error {
  readonly resource: 'clusterrole' | 'role';
  readonly roleName: string;
  constructor(resource: 'clusterrole' | 'role', roleName: string) {
    super(`${resource}.rbac.authorization.k8s.io ${JSON.stringify(roleName)} not found`);
    this.name = 'RoleMissing';
    this.resource = resource;
    this.roleName = roleName;
  }
}

export function createRuleResolver(objects: RbacObjects): RuleResolver {
  const rulesOf: RuleResolver['rulesOf'] = (roleRef, namespace) => {
    const name = stringAt(roleRef, 'name') ?? '';
    const isRole = stringAt(roleRef, 'kind') === 'Role';
    const role = isRole ? objects.role(namespace ?? '', name) : objects.clusterRole(name);
    if (role === undefined) throw new RoleMissing(isRole ? 'role' : 'clusterrole', name);
    return objectsAt(role, 'rules').map(policyRule);
  };

  function* ofBinding(binding: ApiObject, user: User): Iterable<Grant> {
    const { namespace } = binding.metadata;
    const subject = objectsAt(binding, 'subjects').find((candidate) => isSubject(candidate, user, namespace));
    if (subject === undefined) return;
    const roleRef = binding['roleRef'] as JsonObject;
    try {
      const source = (): string => describe(binding, roleRef, subject);
      for (const rule of rulesOf(roleRef, namespace)) yield { rule, source };
    } catch (error) {
      if (!(error instanceof RoleMissing)) throw error;
      yield { error: error.message };
    }
  }

  return {
    rulesOf,
    *grants(user, namespace) {
      for (const binding of objects.clusterRoleBindings()) yield* ofBinding(binding, user);
      if (namespace === undefined || namespace === '') return;
      for (const binding of objects.roleBindings(namespace)) yield* ofBinding(binding, user);
    },
  };
}

function isSubject(subject: JsonObject, user: User, bindingNamespace: string | undefined): boolean {
  const name = stringAt(subject, 'name') ?? '';
  switch (stringAt(subject, 'kind') ?? '') {
    case 'User':
      return user.name === name;
    case 'Group':
      return user.groups.includes(name);
    case 'ServiceAccount': {
      const namespace = stringAt(subject, 'namespace') || (bindingNamespace ?? '');
      return namespace !== '' && user.name === `system:serviceaccount:${namespace}:${name}`;
    }
    default:
      return false;
  }
}

function describe(binding: ApiObject, roleRef: JsonObject, subject: JsonObject): string {
  const { name, namespace } = binding.metadata;
  const bound = namespace === undefined ? name : `${name}/${namespace}`;
  const who = stringAt(subject, 'name') ?? '';
  const kind = stringAt(subject, 'kind') ?? '';
  const home = stringAt(subject, 'namespace') || (namespace ?? '');
  return (
    `${binding.kind} ${JSON.stringify(bound)} of ${stringAt(roleRef, 'kind')} ${JSON.stringify(stringAt(roleRef, 'name'))} ` +
    `to ${kind} ${JSON.stringify(kind === 'ServiceAccount' ? `${who}/${home}` : who)}`
  );
}
