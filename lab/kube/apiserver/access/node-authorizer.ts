// The Node authorizer: a kubelet (user system:node:NAME of group system:nodes) may read what its Pods refer to, and keep its own lease.
import type { ApiObject } from '../json.ts';
import { stringAt } from '../json.ts';
import type { Attributes } from './attributes.ts';
import { podReferences } from './node-references.ts';
import type { PodReferences } from './node-references.ts';
import type { PolicyRule } from './policy-rule.ts';
import { covers } from './policy-rule.ts';
import type { User } from './user.ts';

export const NODES_GROUP = 'system:nodes';
const NODE_PREFIX = 'system:node:';

/** The node that a user is; '' for a member of the group without a node's name, `undefined` for everybody else. */
export function nodeOf(user: User): string | undefined {
  if (!user.groups.includes(NODES_GROUP)) return undefined;
  return user.name.startsWith(NODE_PREFIX) ? user.name.slice(NODE_PREFIX.length) : undefined;
}

export interface NodeAuthorizer {
  decide(user: User, attributes: Attributes): { readonly allowed: boolean; readonly reason: string };
}

export interface NodeAuthorizerDeps {
  /** Pods of a namespace, or all of them. */
  readonly pods: (namespace: string) => readonly ApiObject[];
  /** What any node may do beside what belongs to it: the rules of ClusterRole system:node. */
  readonly nodeRules: readonly PolicyRule[];
}

type Reason = string | undefined;

/** Not a reason: what any node may do decides. */
const BY_RULES = 'rules';

/** Which kinds are given by relation, and which reads of them a node may ask for. */
const related: Readonly<Record<string, keyof PodReferences>> = {
  secrets: 'secrets',
  configmaps: 'configmaps',
  persistentvolumeclaims: 'persistentvolumeclaims',
};

/** Source: plugin/pkg/auth/authorizer/node of Kubernetes; relations are looked up when asked, not kept as a graph. */
export function createNodeAuthorizer({ pods, nodeRules }: NodeAuthorizerDeps): NodeAuthorizer {
  const isRelated = (node: string, kind: keyof PodReferences, namespace: string, name: string): boolean =>
    pods(namespace).some((pod) => stringAt(pod, 'spec', 'nodeName') === node && podReferences(pod)[kind].has(name));

  const noRelation = (node: string, kind: keyof PodReferences, asked: ResourceAttributes): Reason => {
    if (asked.name === '') return 'No Object name found';
    return isRelated(node, kind, asked.namespace ?? '', asked.name)
      ? undefined
      : `no relationship found between node '${node}' and this object`;
  };

  /** Why not; `undefined`: allowed. BY_RULES when the kind is not subdivided. */
  const objection = (node: string, asked: ResourceAttributes): Reason => {
    const [plural = '', subresource = ''] = asked.resource.split('/');
    const kind = related[plural];
    if (asked.group === 'coordination.k8s.io' && plural === 'leases') return leaseObjection(node, asked);
    if (asked.group !== '') return BY_RULES;
    if (plural === 'serviceaccounts') {
      if (asked.verb !== 'create' || asked.name === '') return 'can only create tokens for individual service accounts';
      if (subresource !== 'token') return 'can only create token subresource of serviceaccount';
      return noRelation(node, 'serviceaccounts', asked);
    }
    if (kind === undefined) return BY_RULES;
    if (kind === 'persistentvolumeclaims') {
      if (subresource === 'status')
        return ['update', 'patch'].includes(asked.verb)
          ? noRelation(node, kind, asked)
          : 'can only get/update/patch this type';
      if (asked.verb !== 'get') return 'can only get individual resources of this type';
      return subresource === '' ? noRelation(node, kind, asked) : 'cannot get subresource';
    }
    if (!['get', 'list', 'watch'].includes(asked.verb)) return 'can only read resources of this type';
    if (subresource !== '') return 'cannot read subresource';
    if ((asked.namespace ?? '') === '') return 'can only read namespaced object of this type';
    return noRelation(node, kind, asked);
  };

  return {
    decide(user, attributes) {
      const node = nodeOf(user);
      if (node === undefined) return { allowed: false, reason: '' };
      if (node === '') return { allowed: false, reason: `unknown node for user ${JSON.stringify(user.name)}` };
      const why = attributes.kind === 'resource' ? objection(node, attributes) : BY_RULES;
      if (why === undefined) return { allowed: true, reason: '' };
      if (why === BY_RULES) return { allowed: nodeRules.some((rule) => covers(rule, attributes)), reason: '' };
      return { allowed: false, reason: why };
    },
  };
}

type ResourceAttributes = Extract<Attributes, { kind: 'resource' }>;

function leaseObjection(node: string, asked: ResourceAttributes): Reason {
  if (!['get', 'create', 'update', 'patch', 'delete'].includes(asked.verb))
    return 'can only get, create, update, patch, or delete a node lease';
  if (asked.namespace !== 'kube-node-lease') return 'can only access leases in the "kube-node-lease" system namespace';
  // A create does not know the name yet; NodeRestriction looks at it.
  return asked.verb === 'create' || asked.name === node
    ? undefined
    : 'can only access node lease with the same name as the requesting node';
}
