// Tells who stands behind each Service with a selector: addresses of ready Pods, and of those that are not, in its Endpoints.
import { isDeepStrictEqual } from 'node:util';

import { createController, ownKey, watchOf } from '../../../../src/kube/controller.ts';
import { isAlreadyExists } from '../../../../src/kube/api-error.ts';
import { splitKey } from '../../../../src/kube/object-key.ts';
import type { Controller } from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';
import { endpoints } from '../views.ts';
import type { Endpoints } from '../views.ts';
import { backendsOf, hasSelector, isHeadless } from './backends.ts';
import { servicesOfPod } from './services-of-pod.ts';
import { subsetsOf } from './subsets.ts';

export { backends, targetPort } from './backends.ts';

const HEADLESS_LABEL = 'service.kubernetes.io/headless';

export function createEndpointsController(deps: ControllerDeps): Controller {
  const { client, clock, logger, informers } = deps;
  return createController({
    name: 'endpoints',
    clock,
    logger,
    concurrency: 2,
    watches: [
      watchOf(informers.services, ownKey),
      watchOf(informers.pods, servicesOfPod(informers)),
      watchOf(informers.endpoints, ownKey),
    ],
    reconcile: async (key) => {
      const { namespace = 'default', name } = splitKey(key);
      const service = informers.services.get(key);
      const before = informers.endpoints.get(key);
      if (service === undefined) {
        // Endpoints that locks of old clients are kept in have no Service, and stay.
        if (before !== undefined && before.metadata.annotations?.[LOCK_ANNOTATION] === undefined)
          await client.delete(endpoints, name, { namespace, preconditions: { uid: before.metadata.uid ?? '' } });
        return;
      }
      if (!hasSelector(service)) return;
      const subsets = subsetsOf(service, backendsOf(service, informers.pods.byIndex('namespace', namespace)));
      const labels = { ...service.metadata.labels, ...(isHeadless(service) ? { [HEADLESS_LABEL]: '' } : {}) };
      if (before === undefined) {
        const object: Endpoints = {
          apiVersion: 'v1',
          kind: 'Endpoints',
          metadata: { name, namespace, labels },
          subsets,
        };
        try {
          await client.create(endpoints, object, { namespace });
        } catch (error) {
          // Made a moment ago; the informer will show it and bring us back.
          if (!isAlreadyExists(error)) throw error;
        }
        return;
      }
      const isSame =
        isDeepStrictEqual(plain(before.subsets ?? []), plain(subsets)) &&
        isDeepStrictEqual(plain(before.metadata.labels ?? {}), plain(labels));
      if (isSame) return;
      const { metadata } = before;
      const removed = Object.fromEntries(Object.keys(metadata.labels ?? {}).map((label) => [label, null]));
      const body = {
        metadata: { resourceVersion: metadata.resourceVersion, labels: { ...removed, ...labels } },
        subsets: subsets.length === 0 ? null : subsets,
      };
      await client.patch(endpoints, name, { type: 'merge', body }, { namespace });
    },
  });
}

const LOCK_ANNOTATION = 'control-plane.alpha.kubernetes.io/leader';

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;
