// For tests: the configuration of ip-masq-agent read as plainly as possible, by another reader of addresses than the product's.
import ipaddr from 'ipaddr.js';
import type { MasqConfig } from '../masq-config.ts';

/** Whether a new connection leaves with the node's address: spec 004's lists, and link-local destinations unless they are asked for. */
export function isMasqueraded(config: MasqConfig, source: string, destination: string): boolean {
  const from = ipaddr.parse(source);
  const to = ipaddr.parse(destination);
  const covers = (list: readonly string[], address: ipaddr.IPv4 | ipaddr.IPv6): boolean =>
    list.some((text) => {
      const [network, length] = ipaddr.parseCIDR(text);
      return network.kind() === address.kind() && address.match(network, length);
    });
  if (covers(config.nonMasqueradeSrcCIDRs, from) || covers(config.nonMasqueradeCIDRs, to)) return false;
  return to.range() !== 'linkLocal' || (to.kind() === 'ipv4' ? config.masqLinkLocal : config.masqLinkLocalIPv6);
}
