// Authorization: system:masters may do everything, everybody else what RBAC's roles and bindings say.
import type { ApiObject, JsonObject } from '../json.ts';
import { objectAt, objectsAt, stringAt, stringsAt } from '../json.ts';
import type { User } from './user.ts';
import { MASTERS } from './user.ts';

/** What a request wants to do, to a resource or to a path. */
export type Attributes =
  | {
      readonly kind: 'resource';
      readonly verb: string;
      readonly group: string;
      /** `pods` or `pods/status`. */
      readonly resource: string;
      readonly namespace: string | undefined;
      /** '' when the request is about the whole collection. */
      readonly name: string;
    }
  | { readonly kind: 'path'; readonly verb: string; readonly path: string };

export interface Authorizer {
  allows(user: User, attributes: Attributes): boolean;
}

/** The RBAC objects, read at each decision so that a change counts at once. */
export interface RbacObjects {
  clusterRole(name: string): ApiObject | undefined;
  role(namespace: string, name: string): ApiObject | undefined;
  clusterRoleBindings(): readonly ApiObject[];
  roleBindings(namespace: string): readonly ApiObject[];
}

export function createAuthorizer(objects: RbacObjects): Authorizer {
  const rulesOf = (binding: ApiObject, namespace: string | undefined): readonly JsonObject[] => {
    const ref = objectAt(binding, 'roleRef');
    const name = stringAt(ref, 'name') ?? '';
    const role = stringAt(ref, 'kind') === 'Role' ? objects.role(namespace ?? '', name) : objects.clusterRole(name);
    return objectsAt(role, 'rules');
  };
  const grants = (
    bindings: readonly ApiObject[],
    namespace: string | undefined,
    user: User,
    attributes: Attributes,
  ): boolean =>
    bindings.some(
      (binding) =>
        objectsAt(binding, 'subjects').some((subject) => isSubject(subject, user, namespace)) &&
        rulesOf(binding, namespace).some((rule) => covers(rule, attributes)),
    );
  return {
    allows(user, attributes) {
      if (user.groups.includes(MASTERS)) return true;
      if (grants(objects.clusterRoleBindings(), undefined, user, attributes)) return true;
      if (attributes.kind !== 'resource' || attributes.namespace === undefined) return false;
      return grants(objects.roleBindings(attributes.namespace), attributes.namespace, user, attributes);
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
    case 'ServiceAccount':
      return user.name === `system:serviceaccount:${stringAt(subject, 'namespace') ?? bindingNamespace ?? ''}:${name}`;
    default:
      return false;
  }
}

/** Does one PolicyRule cover a request? */
export function covers(rule: JsonObject, attributes: Attributes): boolean {
  const verbs = stringsAt(rule, 'verbs');
  if (!verbs.includes('*') && !verbs.includes(attributes.verb)) return false;
  if (attributes.kind === 'path')
    return stringsAt(rule, 'nonResourceURLs').some((pattern) =>
      pattern.endsWith('*') ? attributes.path.startsWith(pattern.slice(0, -1)) : attributes.path === pattern,
    );
  const groups = stringsAt(rule, 'apiGroups');
  if (!groups.includes('*') && !groups.includes(attributes.group)) return false;
  const [, subresource] = attributes.resource.split('/');
  const covered = stringsAt(rule, 'resources').some(
    (resource) =>
      resource === '*' ||
      resource === attributes.resource ||
      (subresource !== undefined && resource === `*/${subresource}`),
  );
  if (!covered) return false;
  const names = stringsAt(rule, 'resourceNames');
  return names.length === 0 || names.includes(attributes.name);
}

/** The sentence of a refusal, as kubectl prints it after `is forbidden:`. */
export function refusal(user: User, attributes: Attributes): string {
  if (attributes.kind === 'path')
    return `User ${JSON.stringify(user.name)} cannot ${attributes.verb} path ${JSON.stringify(attributes.path)}`;
  const scope =
    attributes.namespace === undefined
      ? 'at the cluster scope'
      : `in the namespace ${JSON.stringify(attributes.namespace)}`;
  return `User ${JSON.stringify(user.name)} cannot ${attributes.verb} resource ${JSON.stringify(attributes.resource)} in API group ${JSON.stringify(attributes.group)} ${scope}`;
}
