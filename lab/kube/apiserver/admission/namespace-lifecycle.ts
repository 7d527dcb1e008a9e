// Nothing is created in a Namespace that does not exist or is being deleted.
import type { Core, Scope } from '../core.ts';
import { collectionId } from '../registry/definition.ts';
import { notFound, qualified, StatusError } from '../status.ts';

const namespaces = { group: '', plural: 'namespaces' };
const NAMESPACES = collectionId(namespaces);

/** Throws 404 or 403 when a namespaced object cannot be created now. */
export function checkNamespace(
  core: Pick<Core, 'store'>,
  scope: Pick<Scope, 'definition' | 'namespace' | 'name'>,
): void {
  const { definition, namespace, name } = scope;
  if (!definition.namespaced || namespace === undefined) return;
  const found = core.store.collection(NAMESPACES).get(namespace)?.object;
  if (found === undefined) throw notFound(namespaces, namespace);
  if (found.metadata.deletionTimestamp !== undefined) {
    const about = name === '' ? qualified(definition) : `${qualified(definition)} ${JSON.stringify(name)}`;
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    throw new StatusError(403, 'Forbidden', `${about} is forbidden: ${why}`, {
      name,
      kind: definition.plural,
      causes: [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    });
  }
}
