// What ip-masq-agent does to a new connection of a Pod, and which line of its configuration says so (spec 004). Pure.
import { contains, parseAddress } from '../securitygroup/address.ts';
import { LINK_LOCAL, type MasqConfig, readCidr } from './masq-config.ts';

export interface MasqDecision {
  /** The connection leaves with the node's address. */
  readonly masqueraded: boolean;
  /** One sentence, naming the key and the CIDR that decided. */
  readonly why: string;
}

/** `source` and `destination` (behind a Service: the endpoint) are addresses of one family; others are never masqueraded. */
export function decideMasquerade(config: MasqConfig, source: string, destination: string): MasqDecision {
  const family = parseAddress(destination)?.family;
  if (family === undefined || family !== parseAddress(source)?.family)
    return { masqueraded: false, why: `${source} and ${destination} are not two addresses of one family` };
  const bySource = covering(config.nonMasqueradeSrcCIDRs, source);
  if (bySource !== undefined)
    return {
      masqueraded: false,
      why: `NonMasqueradeSrcCIDRs of ip-masq-agent has ${bySource}, which covers ${source}`,
    };
  const byDestination = covering(config.nonMasqueradeCIDRs, destination);
  if (byDestination !== undefined)
    return {
      masqueraded: false,
      why: `NonMasqueradeCIDRs of ip-masq-agent has ${byDestination}, which covers ${destination}`,
    };
  const linkLocal = covering([LINK_LOCAL[family]], destination);
  if (linkLocal !== undefined && !(family === 4 ? config.masqLinkLocal : config.masqLinkLocalIPv6))
    return {
      masqueraded: false,
      why: `${family === 4 ? 'MasqLinkLocal' : 'MasqLinkLocalIPv6'} of ip-masq-agent is false`,
    };
  return {
    masqueraded: true,
    why: `ip-masq-agent gives it the node's address: NonMasqueradeSrcCIDRs does not cover ${source}, nor NonMasqueradeCIDRs ${destination}`,
  };
}

/** The first of them that covers the address, as it is written. */
export function covering(cidrs: readonly string[], address: string): string | undefined {
  const host = parseAddress(address);
  if (host === undefined) return undefined;
  return cidrs.find((text) => {
    const cidr = readCidr(text);
    return cidr !== undefined && contains(cidr, host);
  });
}
