// Tells who stands behind each Service with a selector in its EndpointSlices, leaving Pods and zones included.
import { createController, ownKey, watchOf } from '../../../../src/kube/controller.ts';
import { splitKey } from '../../../../src/kube/object-key.ts';
import type { Controller } from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';
import { backendsOf, hasSelector } from '../endpoints/backends.ts';
import { servicesOfPod } from '../endpoints/services-of-pod.ts';
import { createRecentCreations } from '../recent-creations.ts';
import { planSlices } from './plan.ts';
import { endpointSlices, MANAGED_BY_LABEL, MANAGER, serviceKeyOf } from './view.ts';

export function createEndpointSliceController(deps: ControllerDeps): Controller {
  const { client, clock, logger, informers } = deps;
  const recent = createRecentCreations(clock, informers.endpointSlices);
  return createController({
    name: 'endpointslice',
    clock,
    logger,
    concurrency: 2,
    watches: [
      watchOf(informers.services, ownKey),
      watchOf(informers.pods, servicesOfPod(informers)),
      watchOf(informers.endpointSlices, ({ before, after }) =>
        [before, after].flatMap((slice) => {
          const key = slice === undefined ? '' : serviceKeyOf(slice);
          return key === '' ? [] : [key];
        }),
      ),
    ],
    reconcile: async (key) => {
      const service = informers.services.get(key);
      // The slices of a Service that is gone are the garbage collector's.
      if (service === undefined || service.metadata.deletionTimestamp !== undefined || !hasSelector(service)) return;
      const { namespace = 'default' } = splitKey(key);
      const existing = informers.endpointSlices
        .byIndex('service', key)
        .filter(({ metadata }) => metadata.labels?.[MANAGED_BY_LABEL] === MANAGER);
      // A slice that was made a moment ago will be shown and brings us back: another one would be one too many.
      if (recent.unseen(key, new Set(existing.map(({ metadata }) => metadata.uid ?? ''))) > 0) return;
      const backends = backendsOf(service, informers.pods.byIndex('namespace', namespace));
      const plan = planSlices(service, backends, existing, (name) => informers.nodes.get(name));
      for (const slice of plan.update) await client.replace(endpointSlices, slice, { namespace });
      for (const slice of plan.create) {
        const made = await client.create(endpointSlices, slice, { namespace });
        recent.add(key, made.metadata.uid ?? '');
      }
      for (const { metadata } of plan.remove)
        await client.delete(endpointSlices, metadata.name, { namespace, preconditions: { uid: metadata.uid ?? '' } });
    },
  });
}
