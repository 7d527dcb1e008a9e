// Gives each namespace its ServiceAccount `default` and ConfigMap `kube-root-ca.crt`.
import { isAlreadyExists } from '../../../../src/kube/api-error.ts';
import { createController, watchOf } from '../../../../src/kube/controller.ts';
import { configMaps, serviceAccounts } from '../../../../src/kube/resources.ts';
import type { Controller } from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';

export function createServiceAccountController(deps: ControllerDeps): Controller {
  const { client, clock, logger, informers, caPem } = deps;
  return createController({
    name: 'serviceaccount',
    clock,
    logger,
    watches: [
      watchOf(informers.namespaces, (change) => [change.key]),
      watchOf(informers.serviceAccounts, (change) =>
        change.type === 'deleted' ? [change.before?.metadata.namespace ?? 'default'] : [],
      ),
    ],
    reconcile: async (namespace) => {
      const found = informers.namespaces.get(namespace);
      if (found === undefined || found.metadata.deletionTimestamp !== undefined) return;
      const unlessThere = async (work: Promise<unknown>): Promise<void> => {
        await work.catch((error: unknown) => {
          if (!isAlreadyExists(error)) throw error;
        });
      };
      if (informers.serviceAccounts.get(`${namespace}/default`) === undefined)
        await unlessThere(
          client.create(
            serviceAccounts,
            { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } },
            { namespace },
          ),
        );
      await unlessThere(
        client.create(
          configMaps,
          {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: 'kube-root-ca.crt', namespace },
            data: { 'ca.crt': caPem },
          },
          { namespace },
        ),
      );
    },
  });
}
