// What a proxy keeps in one network namespace, as data: what changes with Services, apart from the fixed base chains.

/** All names, keys and rules are ready to print. */
export interface ProxyRuleset {
  /** Clients that stay with a backend, by set name; the kernel fills them. Value: how long, in seconds. */
  readonly affinitySets: ReadonlyMap<string, number>;
  /** Rules by chain name. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** Elements of the four maps: key to verdict. */
  readonly maps: Readonly<Record<ProxyMap, ReadonlyMap<string, string>>>;
}

/** `service-*` lead to a backend; `no-endpoint-*` say what becomes of packets that nobody answers. */
export type ProxyMap = 'service-ips' | 'service-nodeports' | 'no-endpoint-services' | 'no-endpoint-nodeports';

/** Key types of the maps. */
export const MAP_TYPES: Readonly<Record<ProxyMap, string>> = {
  'service-ips': 'ipv4_addr . inet_proto . inet_service',
  'service-nodeports': 'inet_proto . inet_service',
  'no-endpoint-services': 'ipv4_addr . inet_proto . inet_service',
  'no-endpoint-nodeports': 'inet_proto . inet_service',
};

export const PROXY_MAPS: readonly ProxyMap[] = [
  'service-ips',
  'service-nodeports',
  'no-endpoint-services',
  'no-endpoint-nodeports',
];

/** Chain of packets that get the node's own source address on their way out. */
export const MASQUERADE = 'mark-for-masquerade';
export const REJECT = 'reject-chain';
