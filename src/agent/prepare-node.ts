// Makes the node able to connect Pods: its ENIs found and up with a table each, a link driver for sub-ENIs chosen, forwarding on.
import type { EniInfo, NodeEniConfig } from '../api/node-eni-config.ts';
import { errorText, TrunklineError } from '../base/errors.ts';
import { agentErrors } from './errors.ts';
import type { Kernel, KernelLink } from './kernel.ts';
import type { LinkDriver } from './link-driver.ts';
import { type NodeEnis, nodeEnis, type PluggedEni } from './node-enis.ts';
import type { NodeOffer } from './node-network.ts';
import { tableRoutes } from './plan-wire.ts';
import { eniTable, type Wiring } from './wiring.ts';

/** What the node can offer, and the sysctls that were set for it. Some Pods can be connected when an ENI is in the offer. */
export interface Prepared {
  readonly offer: NodeOffer;
  readonly sysctls: Readonly<Record<string, string>>;
  /** The kernel refused something that it may accept later. */
  readonly again: boolean;
}

export interface PrepareDeps {
  readonly nodeName: string;
  readonly kernel: Pick<Kernel, 'links' | 'ipBatch' | 'setSysctl'>;
  /** Of the Pods that are wired now. */
  readonly wirings: () => readonly Wiring[];
  /** Tries the kernel; throws AGENT-LINK-UNAVAILABLE. */
  readonly chooseDriver: (trunk: string) => Promise<LinkDriver>;
}

/**
 * Safe to repeat. An ENI that the kernel refuses is left out, by name, and the others serve; throws AGENT-KERNEL-REFUSED when the kernel refuses
 * what any kernel should do.
 */
export async function prepareNode(deps: PrepareDeps, nec: NodeEniConfig | undefined): Promise<Prepared> {
  const infos = nec?.status?.eniInfos ?? [];
  const links = infos.length === 0 ? [] : await deps.kernel.links();
  const found = nodeEnis(infos, links, deps.wirings());
  const enis: PluggedEni[] = [];
  const refused: string[] = [];
  for (const eni of found.plugged)
    try {
      await deps.kernel.ipBatch([
        `link set ${eni.device} up`,
        ...tableRoutes(eniTable(eni.index), eni.gateway, eni.device),
      ]);
      enis.push(eni);
    } catch (error) {
      refused.push(`ENI ${eni.eniID} is not used: ${errorText(error)}`);
    }
  const problems = [...found.problems, ...refused];
  const again = refused.length > 0;
  if (enis.length === 0)
    return { offer: { trunk: undefined, enis, message: whyNothing(deps, nec, found, problems) }, sysctls: {}, again };

  const trunk = await prepareTrunk(deps, nec, found, enis);
  // A trunk that is absent tells so itself.
  const absent = found.absent.filter((info) => info.trunk !== true);
  const message = [...problems, ...('missing' in trunk ? [trunk.missing] : []), ...absent.map(notPlugged)].join('; ');
  const sysctls = sysctlsOf(
    enis.map(({ device }) => device),
    links,
  );
  for (const [name, value] of Object.entries(sysctls)) await deps.kernel.setSysctl(name, value);
  return { offer: { trunk: 'missing' in trunk ? undefined : trunk, enis, message }, sysctls, again };
}

type Trunk = NonNullable<NodeOffer['trunk']> | { readonly missing: string };

async function prepareTrunk(
  { chooseDriver, nodeName }: PrepareDeps,
  nec: NodeEniConfig | undefined,
  found: NodeEnis,
  enis: readonly PluggedEni[],
): Promise<Trunk> {
  const device = enis.find((eni) => eni.trunk)?.device;
  if (device === undefined) return { missing: whyNoTrunk(nodeName, nec, found) };
  try {
    return { device, driver: await chooseDriver(device) };
  } catch (error) {
    if (error instanceof TrunklineError && error.code === agentErrors.linkUnavailable.code)
      return { missing: error.message };
    throw error;
  }
}

function whyNothing(
  { nodeName }: PrepareDeps,
  nec: NodeEniConfig | undefined,
  { absent }: NodeEnis,
  problems: readonly string[],
): string {
  if (nec === undefined) return `no NodeENIConfig ${nodeName} yet`;
  const reasons = [...problems, ...absent.map(notPlugged)];
  return reasons.length === 0 ? `NodeENIConfig ${nodeName} lists no ENI yet` : reasons.join('; ');
}

function whyNoTrunk(nodeName: string, nec: NodeEniConfig | undefined, { absent }: NodeEnis): string {
  const { subENI, eniInfos = [] } = nec?.status ?? {};
  const unplugged = absent.find((eni) => eni.trunk === true);
  if (unplugged !== undefined) return notPlugged(unplugged);
  const listed = eniInfos.find((eni) => eni.trunk === true);
  if (listed !== undefined) return `the trunk ENI ${listed.eniID} cannot be used`;
  if (subENI?.quota === 0) return `no trunk ENI: the sub-ENI quota is 0: ${subENI.reason}`;
  return `NodeENIConfig ${nodeName} lists no trunk ENI`;
}

const WHY_NOT_PLUGGED: Readonly<Record<string, string>> = {
  detach: 'is being taken off the node',
  gone: 'is gone; Pods that have its addresses must be made anew',
};

const notPlugged = ({ eniID, mac, trunk, pendingOperation = '' }: EniInfo): string =>
  `the ${trunk === true ? 'trunk' : 'shared'} ENI ${eniID} (${mac}) ${WHY_NOT_PLUGGED[pendingOperation] ?? 'is not plugged into the node yet'}`;

/** Replies of a Pod leave by another device than the one a strict reverse-path filter would allow (facts: tke, 2.3 names all and eth0). */
function sysctlsOf(enis: readonly string[], links: readonly KernelLink[]): Record<string, string> {
  const devices = ['all', 'default', ...(links.some((link) => link.ifname === 'eth0') ? ['eth0'] : []), ...enis];
  return {
    'net/ipv4/ip_forward': '1',
    ...Object.fromEntries(devices.map((device) => [`net/ipv4/conf/${device}/rp_filter`, '0'])),
  };
}
