// The authorizer over the objects of a store.
import { roleNamed } from '../builtin/default-roles.ts';
import { collectionId, objectKey } from '../registry/definition.ts';
import type { Store } from '../storage/store.ts';
import { createNodeAuthorizer } from './node-authorizer.ts';
import { policyRule } from './policy-rule.ts';
import type { Authorizer } from './rbac.ts';
import { createAuthorizer } from './rbac.ts';
import { createRuleResolver } from './rule-resolver.ts';

/** Reads roles, bindings and Pods from `store` at each decision. */
export function authorizerOf(store: Store): Authorizer {
  const rbac = (plural: string): ReturnType<Store['collection']> =>
    store.collection(collectionId({ group: 'rbac.authorization.k8s.io', plural }));
  const resolver = createRuleResolver({
    clusterRole: (name) => rbac('clusterroles').get(name)?.object,
    role: (namespace, name) => rbac('roles').get(objectKey(namespace, name))?.object,
    clusterRoleBindings: () =>
      rbac('clusterrolebindings')
        .list()
        .map((entry) => entry.object),
    roleBindings: (namespace) =>
      rbac('rolebindings')
        .list(`${namespace}/`)
        .map((entry) => entry.object),
  });
  const nodes = createNodeAuthorizer({
    pods: (namespace) =>
      store
        .collection(collectionId({ group: '', plural: 'pods' }))
        .list(`${namespace}/`)
        .map((entry) => entry.object),
    nodeRules: roleNamed('system:node').map(policyRule),
  });
  return createAuthorizer(resolver, nodes);
}
