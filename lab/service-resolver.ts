// How the API server reaches a Service (its webhooks): a ready Pod behind it, on the port the Service means.
import { backends, targetPort } from './kube/controllers/endpoints/publish.ts';
import { isReady } from './kube/controllers/ownership.ts';
import type { ControllerDeps } from './kube/controllers/deps.ts';

export interface ServiceAddress {
  readonly host: string;
  readonly port: number;
}

/** The address of some ready Pod of the Service, or nothing. Reads the controllers' caches, so it never waits. */
export function resolveService(
  informers: ControllerDeps['informers'],
  namespace: string,
  name: string,
  port: number,
): ServiceAddress | undefined {
  const service = informers.services.get(`${namespace}/${name}`);
  const servicePort = service?.spec?.ports?.find((candidate) => candidate.port === port);
  if (service === undefined || servicePort === undefined) return undefined;
  const pod = backends(service, informers.pods.list()).find(isReady);
  const host = pod?.status?.podIP;
  return pod === undefined || host === undefined ? undefined : { host, port: targetPort(servicePort, pod) };
}
