// From Service ports to chains and map elements, in the layout of kube-proxy's nftables mode. Pure.
import { createHash } from 'node:crypto';
import type { ProxyMap, ProxyRuleset } from './ruleset.ts';
import { MASQUERADE, REJECT } from './ruleset.ts';
import type { Backend, ServicePort } from './service-ports.ts';

/** nft refuses longer names. */
const LONGEST_NAME = 120;

/** The same ports give the same names and rules, so that only what differs is loaded. */
export function compile(ports: readonly ServicePort[]): ProxyRuleset {
  const affinitySets = new Map<string, number>();
  const chains = new Map<string, readonly string[]>();
  const maps = {
    'service-ips': new Map<string, string>(),
    'service-nodeports': new Map<string, string>(),
    'no-endpoint-services': new Map<string, string>(),
    'no-endpoint-nodeports': new Map<string, string>(),
  };

  /** The chain that picks one of the backends. */
  const balance = (port: ServicePort, prefix: string, backends: readonly Backend[]): string => {
    const chain = chainName(prefix, port.key);
    const targets = backends.map((backend) => endpoint(port, backend));
    chains.set(chain, [
      ...targets.flatMap(({ name, affinity }) =>
        affinity === undefined ? [] : [`ip saddr @${affinity} goto ${name}`],
      ),
      // One of the remaining ones each time, so that every backend is as likely as another.
      ...targets.map(({ name }, index) => {
        const remaining = targets.length - index;
        return remaining === 1 ? `goto ${name}` : `numgen random mod ${remaining} 0 goto ${name}`;
      }),
    ]);
    return chain;
  };

  const endpoint = (port: ServicePort, { ip, port: target }: Backend): { name: string; affinity?: string } => {
    const key = `${port.key}__${ip}/${target}`;
    const name = chainName('endpoint', key);
    const affinity = port.affinitySeconds === undefined ? undefined : chainName(`affinity${port.affinitySeconds}`, key);
    if (affinity !== undefined) affinitySets.set(affinity, port.affinitySeconds ?? 0);
    chains.set(name, [
      // Who calls its own Service would otherwise get an answer from an address that it never called.
      `ip saddr ${ip} jump ${MASQUERADE}`,
      ...(affinity === undefined ? [] : [`update @${affinity} { ip saddr }`]),
      `meta l4proto ${port.protocol} dnat to ${ip}:${target}`,
    ]);
    return affinity === undefined ? { name } : { name, affinity };
  };

  for (const port of ports) {
    const at = `${port.clusterIp} . ${port.protocol} . ${port.port}`;
    const local = port.backends.filter((backend) => backend.local);
    const inside = port.internalLocal ? local : port.backends;
    if (port.backends.length === 0) maps['no-endpoint-services'].set(at, `goto ${REJECT}`);
    else if (inside.length === 0) maps['no-endpoint-services'].set(at, 'drop');
    else maps['service-ips'].set(at, `goto ${balance(port, 'service', inside)}`);

    const outside = entrances(port);
    if (outside.length === 0) continue;
    if (port.backends.length === 0) {
      for (const { refused, key } of outside) maps[refused].set(key, `goto ${REJECT}`);
      continue;
    }
    const everywhere = port.internalLocal ? balance(port, 'cluster', port.backends) : chainName('service', port.key);
    const external = chainName('external', port.key);
    for (const { served, key } of outside) maps[served].set(key, `goto ${external}`);
    if (!port.externalLocal) {
      chains.set(external, [`jump ${MASQUERADE}`, `goto ${everywhere}`]);
      continue;
    }
    if (local.length === 0) for (const { refused, key } of outside) maps[refused].set(key, 'drop');
    chains.set(external, [
      // The node itself is no outside: it reaches every backend.
      `fib saddr type local jump ${MASQUERADE}`,
      `fib saddr type local goto ${everywhere}`,
      ...(local.length === 0 ? [] : [`goto ${balance(port, 'local', local)}`]),
    ]);
  }
  return { affinitySets, chains, maps };
}

interface Entrance {
  readonly served: ProxyMap;
  readonly refused: ProxyMap;
  readonly key: string;
}

/** Where a port is called from outside: the node port, and every further address. */
function entrances({ protocol, port, nodePort, outsideIps }: ServicePort): Entrance[] {
  const atAddress = { served: 'service-ips', refused: 'no-endpoint-services' } as const;
  const atNode = { served: 'service-nodeports', refused: 'no-endpoint-nodeports' } as const;
  return [
    ...(nodePort === undefined ? [] : [{ ...atNode, key: `${protocol} . ${nodePort}` }]),
    ...outsideIps.map((ip) => ({ ...atAddress, key: `${ip} . ${protocol} . ${port}` })),
  ];
}

/** Readable, unique and short enough. */
function chainName(prefix: string, key: string): string {
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 8);
  return `${prefix}-${hash}-${key}`.slice(0, LONGEST_NAME);
}
