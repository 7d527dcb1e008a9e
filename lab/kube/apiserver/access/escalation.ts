// Nobody gives what they do not have: the check of roles and bindings before they are written.
import { forbidden, notFound } from '../status.ts';
import type { ApiObject } from '../json.ts';
import { equalJson, objectAt, objectsAt, stringAt } from '../json.ts';
import type { PolicyRule } from './policy-rule.ts';
import { compactRules, missingRules, policyRule, quotedList, ruleText } from './policy-rule.ts';
import type { Authorizer } from './rbac.ts';
import { rulesFor } from './rbac.ts';
import { RoleMissing } from './rule-resolver.ts';
import type { User } from './user.ts';
import { MASTERS } from './user.ts';

const GROUP = 'rbac.authorization.k8s.io';

interface RbacWrite {
  readonly user: User;
  readonly plural: string;
  readonly namespace: string | undefined;
  /** The name in the request's path; '' for a create. */
  readonly requestName: string;
  readonly object: ApiObject;
  readonly old: ApiObject | undefined;
}

/**
 * Throws 403 when a role or binding would give permissions that the user does not hold, unless the user may `escalate` the role or
 * `bind` the role referred to; 404 when a binding names a role that is not there. Source: pkg/registry/rbac of Kubernetes.
 */
export function checkEscalation(authorizer: Authorizer, write: RbacWrite): void {
  const { user, object, old, plural, namespace } = write;
  if (user.groups.includes(MASTERS)) return;
  if (old !== undefined && changesOnlyCollectorFields(object, old)) return;
  if (plural === 'roles' || plural === 'clusterroles') checkRole(authorizer, write);
  else {
    const roleRef = objectAt(object, 'roleRef');
    const resource = stringAt(roleRef, 'kind') === 'Role' ? 'roles' : 'clusterroles';
    const name = stringAt(roleRef, 'name') ?? '';
    if (mayDo(authorizer, user, 'bind', resource, namespace, name)) return;
    confirm(authorizer, write, referredRules(authorizer, roleRef, namespace));
  }
}

function checkRole(authorizer: Authorizer, write: RbacWrite): void {
  const { user, object, old, plural, namespace, requestName } = write;
  if (mayDo(authorizer, user, 'escalate', plural, namespace, requestName)) return;
  confirm(authorizer, write, objectsAt(object, 'rules').map(policyRule));
  const aggregates = (role: ApiObject | undefined): boolean =>
    objectsAt(role, 'aggregationRule', 'clusterRoleSelectors').length > 0;
  if (!aggregates(object) && !aggregates(old)) return;
  if (missing(authorizer, user, namespace, everything).length > 0)
    throw forbidden(
      { group: GROUP, plural },
      object.metadata.name,
      'must have cluster-admin privileges to use the aggregationRule',
    );
}

const nothing = { apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] };
const everything: readonly PolicyRule[] = [
  { ...nothing, verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { ...nothing, verbs: ['*'], nonResourceURLs: ['*'] },
];

const mayDo = (
  authorizer: Authorizer,
  user: User,
  verb: string,
  resource: string,
  namespace: string | undefined,
  name: string,
): boolean => authorizer.allows(user, { kind: 'resource', verb, group: GROUP, resource, namespace, name });

function referredRules(
  authorizer: Authorizer,
  roleRef: Parameters<Authorizer['resolver']['rulesOf']>[0],
  namespace: string | undefined,
): readonly PolicyRule[] {
  try {
    return authorizer.resolver.rulesOf(roleRef, namespace);
  } catch (error) {
    if (!(error instanceof RoleMissing)) throw error;
    throw notFound({ group: GROUP, plural: `${error.resource}s` }, error.roleName);
  }
}

const missing = (
  authorizer: Authorizer,
  user: User,
  namespace: string | undefined,
  wanted: readonly PolicyRule[],
): PolicyRule[] => missingRules(rulesFor(authorizer.resolver, user, namespace).rules, wanted);

function confirm(
  authorizer: Authorizer,
  { user, namespace, plural, object }: RbacWrite,
  wanted: readonly PolicyRule[],
): void {
  const lacking = missing(authorizer, user, namespace, wanted);
  if (lacking.length === 0) return;
  const { errors } = rulesFor(authorizer.resolver, user, namespace);
  const lines = [...new Set(compactRules(lacking).map(ruleText))].sort();
  const message =
    `user ${JSON.stringify(user.name)} (groups=${quotedList(user.groups)}) is attempting to grant RBAC permissions not currently held:\n` +
    lines.join('\n') +
    (errors.length === 0 ? '' : `; resolution errors: [${errors.join(' ')}]`);
  throw forbidden({ group: GROUP, plural }, object.metadata.name, message);
}

/** Owners and finalizers are the garbage collector's business and give nobody anything. */
function changesOnlyCollectorFields(object: ApiObject, old: ApiObject): boolean {
  const { ownerReferences, finalizers, managedFields } = old.metadata;
  const metadata = { ...object.metadata, ownerReferences, finalizers, managedFields };
  return equalJson({ ...object, metadata }, old);
}
