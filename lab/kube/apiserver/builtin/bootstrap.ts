// The objects that exist before anybody creates one: system Namespaces, the kubernetes Service, priority classes, first roles.
import { administrator, AUTHENTICATED, MASTERS } from '../access/user.ts';
import type { Core } from '../core.ts';
import type { ApiObject } from '../json.ts';
import { createObject } from '../operations/create.ts';
import { redecode } from '../operations/decode-object.ts';

const SYSTEM_NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];
const RBAC = 'rbac.authorization.k8s.io';
const bootstrapping = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };

const rbacObject = (kind: string, name: string, rest: object): ApiObject => ({
  apiVersion: `${RBAC}/v1`,
  kind,
  metadata: { name, labels: bootstrapping },
  ...rest,
});

const clusterRole = (name: string, rules: readonly object[]): ApiObject => rbacObject('ClusterRole', name, { rules });

const boundToGroups = (name: string, ...groups: readonly string[]): ApiObject =>
  rbacObject('ClusterRoleBinding', name, {
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name },
    subjects: groups.map((group) => ({ apiGroup: RBAC, kind: 'Group', name: group })),
  });

const priorityClass = (name: string, value: number): ApiObject => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  value,
  description: 'Used for system critical pods that must not be moved from their current node.',
});

const objects: readonly ApiObject[] = [
  ...SYSTEM_NAMESPACES.map((name): ApiObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }] },
  },
  priorityClass('system-cluster-critical', 2_000_000_000),
  priorityClass('system-node-critical', 2_000_001_000),
  clusterRole('cluster-admin', [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ]),
  boundToGroups('cluster-admin', MASTERS),
  clusterRole('system:basic-user', [
    { apiGroups: ['authorization.k8s.io'], resources: ['selfsubjectaccessreviews'], verbs: ['create'] },
    { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
  ]),
  boundToGroups('system:basic-user', AUTHENTICATED),
];

/** Creates them in an empty store. */
export async function bootstrap(core: Core): Promise<void> {
  for (const object of objects) {
    const [group, version] = object.apiVersion.includes('/') ? object.apiVersion.split('/') : ['', object.apiVersion];
    const definition = core.registry.findKind(group ?? '', version ?? '', object.kind);
    if (definition === undefined)
      throw new Error(`the bootstrap object ${object.kind} ${object.metadata.name} has no served kind`);
    const scope = {
      user: administrator,
      definition,
      namespace: object.metadata.namespace,
      name: object.metadata.name,
      subresource: undefined,
      query: new URLSearchParams(),
      userAgent: 'kube-apiserver',
      warn: () => undefined,
    };
    await createObject(core, scope, redecode(definition, object), undefined);
  }
}
