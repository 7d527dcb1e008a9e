// Which ENIs of the node can be used, read from what ipamd lists: those that make sense and whose device is plugged in. Pure.
import type { EniInfo } from '../api/node-eni-config.ts';
import { contains, parseAddress, parseCidr } from '../securitygroup/address.ts';
import type { KernelLink } from './kernel.ts';
import { linkByMac } from './link-driver.ts';
import type { Wiring } from './wiring.ts';

/** An ENI whose device is in the node. */
export interface PluggedEni {
  readonly eniID: string;
  /** Small number on this node, from which its table follows. */
  readonly index: number;
  readonly mac: string;
  readonly gateway: string;
  readonly subnetCIDR: string;
  readonly trunk: boolean;
  /** Its device's name in the node. */
  readonly device: string;
}

export interface NodeEnis {
  /** In order of index. */
  readonly plugged: readonly PluggedEni[];
  /** Listed and sensible, but their device is not there. */
  readonly absent: readonly EniInfo[];
  /** One sentence for each entry that makes no sense; such an ENI is not used at all. */
  readonly problems: readonly string[];
}

/**
 * Two entries that claim the same index or MAC are both refused: either could be the wrong one, and their tables would mix. So is an index whose
 * table Pods of another ENI (in `wirings`) leave the node through.
 */
export function nodeEnis(
  infos: readonly EniInfo[],
  links: readonly KernelLink[],
  wirings: readonly Wiring[] = [],
): NodeEnis {
  const problems = infos.map((info) => problemOf(info, infos) ?? indexIsHeld(info, wirings));
  const sensible = infos.filter((_, at) => problems[at] === undefined);
  const found = sensible.map((info) => ({ info, device: linkByMac(links, info.mac)?.ifname }));
  return {
    plugged: found
      .flatMap(({ info, device }) => (device === undefined ? [] : [pluggedEni(info, device)]))
      .toSorted((a, b) => a.index - b.index),
    absent: found.flatMap(({ info, device }) => (device === undefined ? [info] : [])),
    problems: problems.filter((problem) => problem !== undefined),
  };
}

const pluggedEni = (
  { eniID, index, mac, gateway, subnetCIDR, trunk = false }: EniInfo,
  device: string,
): PluggedEni => ({
  eniID,
  index,
  mac,
  gateway,
  subnetCIDR,
  trunk,
  device,
});

function problemOf(info: EniInfo, all: readonly EniInfo[]): string | undefined {
  const { eniID, index, mac, gateway, subnetCIDR } = info;
  const says = (what: string): string => `ENI ${eniID} is not used: ${what}`;
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac))
    return says(`its MAC is "${mac}"; expected six hexadecimal bytes such as 20:90:6f:00:00:01`);
  const subnet = subnetCIDR.includes('/') ? parseCidr(subnetCIDR) : undefined;
  if (subnet?.family !== 4) return says(`its subnet is "${subnetCIDR}"; expected an IPv4 CIDR such as 10.0.35.0/24`);
  const address = parseAddress(gateway);
  if (address?.family !== 4) return says(`its gateway is "${gateway}"; expected an IPv4 address such as 10.0.35.1`);
  if (!contains(subnet, address)) return says(`its gateway ${gateway} is not in its subnet ${subnetCIDR}`);
  const others = all.filter((other) => other !== info);
  const twin = others.find((other) => other.index === index);
  if (twin !== undefined) return says(`ENI ${twin.eniID} has the same index ${index}; expected one ENI for each index`);
  const double = others.find((other) => other.mac.toLowerCase() === mac.toLowerCase());
  if (double !== undefined) return says(`ENI ${double.eniID} has the same MAC ${mac}; expected one ENI for each MAC`);
  return undefined;
}

function indexIsHeld({ eniID, index, mac }: EniInfo, wirings: readonly Wiring[]): string | undefined {
  const holder = wirings.find(
    (wiring) => wiring.kind === 'shared' && wiring.index === index && wiring.eniMac.toLowerCase() !== mac.toLowerCase(),
  );
  if (holder === undefined) return undefined;
  return `ENI ${eniID} is not used: Pods of the ENI with MAC ${holder.eniMac} still use index ${index}; expected an index of its own`;
}
