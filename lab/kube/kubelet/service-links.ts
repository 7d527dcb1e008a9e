// The variables by which containers find Services that exist when they start, as Docker's links named them. Pure.
import type { KubeObject, Resource } from '../../../src/kube/types.ts';

export interface LinkedService extends KubeObject {
  spec?: { clusterIP?: string; ports?: { name?: string; port: number; protocol?: string }[] };
}

/** `services` with what the variables tell. */
export const linkedServices: Resource<LinkedService> = {
  group: '',
  version: 'v1',
  plural: 'services',
  kind: 'Service',
  namespaced: true,
};

/** Variables of every Service with an address of its own; headless ones have none. */
export function serviceVariables(services: readonly LinkedService[]): Record<string, string> {
  return Object.fromEntries(services.flatMap(variablesOf));
}

function variablesOf({ metadata, spec }: LinkedService): [string, string][] {
  const { clusterIP: host = '', ports = [] } = spec ?? {};
  const [first] = ports;
  if (host === '' || host === 'None' || first === undefined) return [];
  const name = variableName(metadata.name);
  const address = host.includes(':') ? `[${host}]` : host;
  const url = (port: { port: number; protocol?: string }): string =>
    `${(port.protocol ?? 'TCP').toLowerCase()}://${address}:${port.port}`;
  return [
    [`${name}_SERVICE_HOST`, host],
    [`${name}_SERVICE_PORT`, String(first.port)],
    ...ports
      .filter((port) => (port.name ?? '') !== '')
      .map((port): [string, string] => [`${name}_SERVICE_PORT_${variableName(port.name ?? '')}`, String(port.port)]),
    [`${name}_PORT`, url(first)],
    ...ports.flatMap((port): [string, string][] => {
      const prefix = `${name}_PORT_${port.port}_${(port.protocol ?? 'TCP').toUpperCase()}`;
      return [
        [prefix, url(port)],
        [`${prefix}_PROTO`, (port.protocol ?? 'TCP').toLowerCase()],
        [`${prefix}_PORT`, String(port.port)],
        [`${prefix}_ADDR`, host],
      ];
    }),
  ];
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
