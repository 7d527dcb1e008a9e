// Keeps the served custom resources in step with the stored CustomResourceDefinitions, within the same write.
import type { Logger } from '../../../../src/base/logger.ts';
import { equalJson, stringAt } from '../json.ts';
import { collectionId } from '../registry/definition.ts';
import type { Registry } from '../registry/registry.ts';
import type { Schema } from '../schema/schema.ts';
import type { Store } from '../storage/store.ts';
import { definitionsOf } from './definitions.ts';

interface EstablishDeps {
  readonly store: Store;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly objectMeta: Schema;
}

/** From now on every stored definition is served, and one that is deleted is not, and loses its objects. */
export function serveCustomResources({ store, registry, logger, objectMeta }: EstablishDeps): void {
  const definitions = store.collection(
    collectionId({ group: 'apiextensions.k8s.io', plural: 'customresourcedefinitions' }),
  );
  definitions.subscribe(({ type, current, previous }) => {
    const crd = current.object;
    const names = {
      group: stringAt(crd, 'spec', 'group') ?? '',
      plural: stringAt(crd, 'spec', 'names', 'plural') ?? '',
    };
    // A change of status alone must not count as a change of what is served.
    const specChanged = previous === undefined || !equalJson(previous.object['spec'], crd['spec']);
    if (type !== 'DELETED' && !specChanged) return;
    registry.remove(names.group, names.plural);
    if (type === 'DELETED') {
      const collection = store.collection(collectionId(names));
      for (const entry of collection.list()) {
        const { namespace, name } = entry.object.metadata;
        collection.remove(namespace === undefined ? name : `${namespace}/${name}`, entry, entry.object);
      }
      logger.info({ crd: crd.metadata.name }, 'custom resource is no longer served');
      return;
    }
    for (const definition of definitionsOf(crd, objectMeta)) registry.add(definition);
    logger.debug({ crd: crd.metadata.name }, 'custom resource is served');
  });
}
