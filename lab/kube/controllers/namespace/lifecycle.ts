// Empties a namespace that is being deleted, then lets it go.
import { createController, ownKey, watchOf } from '../../../../src/kube/controller.ts';
import { isNotFound } from '../../../../src/kube/api-error.ts';
import { configMaps, events, leases, pods, secrets, serviceAccounts } from '../../../../src/kube/resources.ts';
import { securityGroupPolicies } from '../../../../src/api/security-group-policy.ts';
import type { Controller, Resource } from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';
import { daemonSets, deployments, endpoints, namespaceObjects, replicaSets, services } from '../views.ts';

/** What a namespace of the lab can hold, workloads before their parts so that nothing is made again meanwhile. */
const contents: readonly Resource[] = [
  deployments,
  daemonSets,
  replicaSets,
  pods,
  services,
  endpoints,
  securityGroupPolicies,
  configMaps,
  secrets,
  serviceAccounts,
  leases,
  events,
];

const LOOK_AGAIN_MS = 500;

export function createNamespaceController(deps: ControllerDeps): Controller {
  const { client, clock, logger, informers } = deps;

  /** Deletes everything inside; true when a look afterwards finds nothing. */
  const empty = async (namespace: string): Promise<boolean> => {
    let left = 0;
    for (const resource of contents) {
      const { items } = await client.list(resource, { namespace }).catch((error: unknown) => {
        // The kind is not installed.
        if (isNotFound(error)) return { items: [] };
        throw error;
      });
      left += items.length;
      await Promise.all(
        items
          .filter((item) => item.metadata.deletionTimestamp === undefined)
          .map((item) => client.delete(resource, item.metadata.name, { namespace, propagationPolicy: 'Background' })),
      );
    }
    return left === 0;
  };

  return createController({
    name: 'namespace',
    clock,
    logger,
    watches: [
      watchOf(informers.namespaces, ownKey),
      // The last Pod of a namespace on its way out brings us back at once.
      watchOf(informers.pods, (change) =>
        change.type === 'deleted' ? [change.before?.metadata.namespace ?? 'default'] : [],
      ),
    ],
    reconcile: async (name) => {
      const namespace = informers.namespaces.get(name);
      if (namespace?.metadata.deletionTimestamp === undefined) return;
      if (!(await empty(name))) return { requeueAfterMs: LOOK_AGAIN_MS };
      const current = await client.get(namespaceObjects, name).catch((error: unknown) => {
        if (isNotFound(error)) return undefined;
        throw error;
      });
      if (current === undefined) return;
      await client.replace(
        namespaceObjects,
        { ...current, spec: { ...current.spec, finalizers: [] } },
        { subresource: 'finalize' },
      );
      return undefined;
    },
  });
}
