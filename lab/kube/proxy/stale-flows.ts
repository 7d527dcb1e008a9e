// Which UDP flows the kernel still sends to backends that are gone, or past a Service that has backends now. Pure.
import type { ServicePort } from './service-ports.ts';

/** For `conntrack --delete`; TCP ends by itself, a UDP client would go on talking to nobody (as kube-proxy, UDP only). */
export function staleFlows(
  before: readonly ServicePort[],
  after: readonly ServicePort[],
  nodeIps: readonly string[],
): string[][] {
  const now = new Map(after.map((port) => [port.key, port]));
  const then = new Map(before.map((port) => [port.key, port]));
  return [
    ...before
      .filter(({ protocol }) => protocol === 'udp')
      .flatMap((port) => {
        const kept = new Set(now.get(port.key)?.backends.map((backend) => `${backend.ip}/${backend.port}`));
        const gone = port.backends.filter((backend) => !kept.has(`${backend.ip}/${backend.port}`));
        return [...new Set(gone.map((backend) => backend.ip))].flatMap((ip) =>
          addressesOf(port, nodeIps).map((address) => [...address, '--dst-nat', ip]),
        );
      }),
    // Without backends, packets passed by untranslated, and the kernel remembers that too.
    ...after
      .filter(({ protocol, backends }) => protocol === 'udp' && backends.length > 0)
      .filter(({ key }) => (then.get(key)?.backends.length ?? 0) === 0)
      .flatMap((port) => addressesOf(port, nodeIps)),
  ];
}

function addressesOf(port: ServicePort, nodeIps: readonly string[]): string[][] {
  return [
    ['--orig-dst', port.clusterIp, '--orig-port-dst', String(port.port)],
    ...(port.nodePort === undefined
      ? []
      : nodeIps.map((ip) => ['--orig-dst', ip, '--orig-port-dst', String(port.nodePort)])),
  ];
}
