// Publishes a Service's ready Pods as its Endpoints.
import { createController, ownKey, watchOf } from '../../../../src/kube/controller.ts';
import { isNotFound } from '../../../../src/kube/api-error.ts';
import type { Pod } from '../../../../src/kube/resources.ts';
import type { Controller } from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';
import { isActive, isReady } from '../ownership.ts';
import { endpoints } from '../views.ts';
import type { Service } from '../views.ts';

/** Pods that the Service's selector picks and that can serve. A Service without a selector picks none. Pure. */
export function backends(service: Service, pods: readonly Pod[]): Pod[] {
  const selector = Object.entries(service.spec?.selector ?? {});
  if (selector.length === 0) return [];
  return pods.filter(
    (pod) =>
      pod.metadata.namespace === service.metadata.namespace &&
      isActive(pod) &&
      pod.status?.podIP !== undefined &&
      selector.every(([key, value]) => pod.metadata.labels?.[key] === value),
  );
}

/** The number a Service port reaches on a Pod; a named target port is looked up in the Pod. */
export function targetPort(port: { port: number; targetPort?: number | string }, pod: Pod): number {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target;
  const named = pod.spec.containers
    .flatMap((container) => container.ports ?? [])
    .find((candidate) => candidate.name === target);
  return named?.containerPort ?? port.port;
}

/**
 * Endpoints may not name loopback addresses (API validation), which is what host-network Pods of the lab's control-plane node have: they run on
 * the user's own network. The API server finds them by their Pods instead (lab/service-resolver.ts).
 */
const isPublishable = (pod: Pod): boolean => !/^(127\.|::1$)/.test(pod.status?.podIP ?? '');

export function createEndpointsController(deps: ControllerDeps): Controller {
  const { client, clock, logger, informers } = deps;
  return createController({
    name: 'endpoints',
    clock,
    logger,
    watches: [
      watchOf(informers.services, ownKey),
      watchOf(informers.pods, (change) => {
        const pod = change.after ?? change.before;
        return pod === undefined
          ? []
          : informers.services
              .list()
              .filter(
                (service) =>
                  backends(
                    service,
                    [change.after, change.before].filter((side) => side !== undefined),
                  ).length > 0,
              )
              .map((service) => `${service.metadata.namespace}/${service.metadata.name}`);
      }),
    ],
    reconcile: async (key) => {
      const service = informers.services.get(key);
      const [namespace = 'default', name = ''] = key.split('/');
      if (service === undefined) {
        await client.delete(endpoints, name, { namespace });
        return;
      }
      const picked = backends(service, informers.pods.list()).filter(isPublishable);
      const address = (pod: Pod) => ({
        ip: pod.status?.podIP,
        nodeName: pod.spec.nodeName,
        targetRef: { kind: 'Pod', name: pod.metadata.name, namespace, uid: pod.metadata.uid },
      });
      const first = picked[0];
      const ports = (service.spec?.ports ?? []).map((port) => ({
        ...(port.name === undefined ? {} : { name: port.name }),
        port: first === undefined ? port.port : targetPort(port, first),
        protocol: port.protocol ?? 'TCP',
      }));
      const ready = picked.filter(isReady).map(address);
      const notReady = picked.filter((pod) => !isReady(pod)).map(address);
      const subsets =
        picked.length === 0
          ? []
          : [
              {
                ...(ready.length === 0 ? {} : { addresses: ready }),
                ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady }),
                ports,
              },
            ];
      const body = { apiVersion: 'v1', kind: 'Endpoints', metadata: { name, namespace }, subsets };
      try {
        await client.patch(endpoints, name, { type: 'merge', body: { subsets } }, { namespace });
      } catch (error) {
        if (!isNotFound(error)) throw error;
        await client.create(endpoints, body, { namespace });
      }
    },
  });
}
