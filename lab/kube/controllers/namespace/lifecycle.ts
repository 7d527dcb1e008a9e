// Empties a namespace that is being deleted, says what keeps it, then lets it go.
import { isConflict, isNotFound } from '../../../../src/kube/api-error.ts';
import { createController, ownKey, watchOf } from '../../../../src/kube/controller.ts';
import { rfc3339 } from '../../../../src/kube/times.ts';
import type { Controller } from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';
import { discoverResources } from '../served-resources.ts';
import { namespaceObjects } from '../views.ts';
import type { NamespaceObject } from '../views.ts';
import type { NamespaceCondition } from './conditions.ts';
import { verdicts, withVerdicts } from './conditions.ts';
import { deleteContents } from './contents.ts';
import type { Leftovers } from './contents.ts';

const LOOK_AGAIN_MS = 500;

type Conditioned = NamespaceObject & { status?: { conditions?: NamespaceCondition[] } };

/** Source: pkg/controller/namespace of Kubernetes. */
export function createNamespaceController({ client, clock, logger, informers }: ControllerDeps): Controller {
  const current = async (name: string): Promise<Conditioned | undefined> => {
    try {
      return await client.get(namespaceObjects, name);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };

  const report = async (namespace: Conditioned, leftovers: Leftovers): Promise<void> => {
    const before = namespace.status?.conditions ?? [];
    const conditions = withVerdicts(before, verdicts(leftovers), rfc3339(clock.now()));
    if (conditions === undefined) return;
    const status = { ...namespace.status, conditions };
    await client.replace(namespaceObjects, { ...namespace, status } as NamespaceObject, { subresource: 'status' });
  };

  /** Everything that waited for the namespace to be empty; others may have finalizers of their own in it. */
  const finalize = async (namespace: Conditioned): Promise<void> => {
    const finalizers = (namespace.spec?.finalizers ?? []).filter((finalizer) => finalizer !== 'kubernetes');
    await client
      .replace(namespaceObjects, { ...namespace, spec: { ...namespace.spec, finalizers } }, { subresource: 'finalize' })
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
  };

  return createController({
    name: 'namespace',
    clock,
    logger,
    concurrency: 4,
    watches: [
      watchOf(informers.namespaces, ownKey),
      // The last Pod of a namespace on its way out brings us back at once.
      watchOf(informers.pods, (change) =>
        change.type === 'deleted' ? [change.before?.metadata.namespace ?? 'default'] : [],
      ),
    ],
    reconcile: async (name) => {
      if (informers.namespaces.get(name)?.metadata.deletionTimestamp === undefined) return undefined;
      const namespace = await current(name);
      if (namespace?.metadata.deletionTimestamp === undefined) return undefined;
      if (namespace.spec?.finalizers?.includes('kubernetes') !== true) return undefined;
      const leftovers = await deleteContents(client, await discoverResources(client), name);
      if (leftovers.resources.size === 0 && leftovers.failures.length === 0) {
        await finalize(namespace);
        return undefined;
      }
      await report(namespace, leftovers).catch((error: unknown) => {
        if (!isNotFound(error) && !isConflict(error)) throw error;
      });
      return { requeueAfterMs: LOOK_AGAIN_MS };
    },
  });
}
