// The objects that exist before anybody creates one: system Namespaces, the kubernetes Service, priority classes, first roles.
import { administrator } from '../access/user.ts';
import type { Core } from '../core.ts';
import { collectionOf } from '../core.ts';
import type { ApiObject } from '../json.ts';
import { createObject } from '../operations/create.ts';
import { redecode } from '../operations/decode-object.ts';
import { objectKey } from '../registry/definition.ts';
import { defaultClusterRoleBindings, defaultClusterRoles, defaultSystemRoles } from './default-roles.ts';

const SYSTEM_NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];
const priorityClass = (name: string, value: number): ApiObject => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  value,
  description: 'Used for system critical pods that must not be moved from their current node.',
});

const objects = (): readonly ApiObject[] => [
  ...SYSTEM_NAMESPACES.map((name): ApiObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }] },
  },
  priorityClass('system-cluster-critical', 2_000_000_000),
  priorityClass('system-node-critical', 2_000_001_000),
  ...defaultClusterRoles(),
  ...defaultClusterRoleBindings(),
  ...defaultSystemRoles(),
];

/** Creates those that are not there yet: all in an empty store, the missing ones after a restart. */
export async function bootstrap(core: Core): Promise<void> {
  for (const object of objects()) {
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
    if (collectionOf(core, definition).get(objectKey(scope.namespace, scope.name)) !== undefined) continue;
    await createObject(core, scope, redecode(definition, object), undefined);
  }
}
