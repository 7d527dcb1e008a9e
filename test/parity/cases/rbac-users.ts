// Users for the cases about authorization: anybody the administrator acts as, and what they are given.
import type { Answer } from '../drivers/http.ts';
import type { ParityContext } from '../context.ts';

export const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const GROUP = 'rbac.authorization.k8s.io';

export interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

export interface TestUser {
  readonly name: string;
  /** As `t.http.call`, as this user. */
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Gives rules in the case's namespace; resolves to the role's name. */
  grant(rules: readonly Rule[]): Promise<string>;
  /** Gives rules everywhere. */
  grantEverywhere(rules: readonly Rule[]): Promise<string>;
  readonly subject: { readonly apiGroup: string; readonly kind: 'User'; readonly name: string };
}

/** Somebody new whom nobody has given anything. */
export function newUser(t: ParityContext, groups: readonly string[] = []): TestUser {
  return userNamed(t, t.unique('user'), groups);
}

export function userNamed(t: ParityContext, name: string, groups: readonly string[] = []): TestUser {
  const identity: Record<string, string> = { 'impersonate-user': name };
  const [group] = groups;
  if (group !== undefined) identity['impersonate-group'] = group;
  const subject = { apiGroup: GROUP, kind: 'User', name } as const;
  const make = async (role: string, binding: string, root: string, rules: readonly Rule[]): Promise<string> => {
    const made = t.unique('granted');
    const kind = role === 'roles' ? 'Role' : 'ClusterRole';
    await t.http.ok('POST', `${root}/${role}`, { metadata: { name: made }, rules });
    t.defer(() => t.http.call('DELETE', `${root}/${role}/${made}`));
    await t.http.ok('POST', `${root}/${binding}`, {
      metadata: { name: made },
      roleRef: { apiGroup: GROUP, kind, name: made },
      subjects: [subject],
    });
    t.defer(() => t.http.call('DELETE', `${root}/${binding}/${made}`));
    return made;
  };
  const user: TestUser = {
    name,
    subject,
    call: (method, path, body, headers = {}) =>
      t.http.call(method, path, body, { headers: { ...identity, ...headers } }),
    grant: async (rules) => {
      const made = await make('roles', 'rolebindings', `${RBAC}/namespaces/${t.namespace}`, rules);
      await seen(t, user, t.namespace, rules);
      return made;
    },
    grantEverywhere: async (rules) => {
      const made = await make('clusterroles', 'clusterrolebindings', RBAC, rules);
      await seen(t, user, t.namespace, rules);
      return made;
    },
  };
  return user;
}

/** A real server's authorizer learns of bindings by watching: a moment may pass. */
async function seen(t: ParityContext, user: TestUser, namespace: string, rules: readonly Rule[]): Promise<void> {
  const last = rules.at(-1);
  const verb = last?.verbs[0];
  await t.until('the rules to count', async () => {
    const [group = '', resource = '', name, path] = [
      last?.apiGroups?.[0],
      last?.resources?.[0],
      last?.resourceNames?.[0],
      last?.nonResourceURLs?.[0],
    ];
    const [plural, subresource] = resource.split('/');
    const spec =
      path === undefined
        ? { resourceAttributes: { verb, group, resource: plural, subresource, namespace, name } }
        : { nonResourceAttributes: { verb, path: path.replace('*', '') } };
    const { body } = await user.call('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { spec });
    return body['status']?.allowed === true ? true : undefined;
  });
}
