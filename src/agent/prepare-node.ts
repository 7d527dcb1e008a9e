// Makes the node able to carry sub-ENIs: the trunk's device found and up, a link driver chosen, forwarding on.
import type { EniInfo, NodeEniConfig } from '../api/node-eni-config.ts';
import { TrunklineError } from '../base/errors.ts';
import { agentErrors } from './errors.ts';
import type { Kernel, KernelLink } from './kernel.ts';
import { linkByMac, type LinkDriver } from './link-driver.ts';
import type { ReadyNode } from './service-deps.ts';

/** The node can carry sub-ENIs, or what is missing, for people. */
export type Prepared =
  | { readonly ready: ReadyNode; readonly sysctls: Readonly<Record<string, string>> }
  | { readonly missing: string };

export interface PrepareDeps {
  readonly nodeName: string;
  readonly kernel: Pick<Kernel, 'links' | 'ipBatch' | 'setSysctl'>;
  /** Tries the kernel; throws AGENT-LINK-UNAVAILABLE. */
  readonly chooseDriver: (trunk: string) => Promise<LinkDriver>;
}

/** Safe to repeat; throws AGENT-KERNEL-REFUSED when the kernel refuses what any kernel should do. */
export async function prepareNode(deps: PrepareDeps, nec: NodeEniConfig | undefined): Promise<Prepared> {
  const trunk = nec?.status?.eniInfos?.find((eni) => eni.trunk === true);
  if (trunk === undefined) return { missing: whyNoTrunk(deps.nodeName, nec) };
  const links = await deps.kernel.links();
  const device = linkByMac(links, trunk.mac)?.ifname;
  if (device === undefined) return { missing: notPlugged(trunk) };
  let driver: LinkDriver;
  try {
    driver = await deps.chooseDriver(device);
  } catch (error) {
    if (error instanceof TrunklineError && error.code === agentErrors.linkUnavailable.code)
      return { missing: error.message };
    throw error;
  }
  await deps.kernel.ipBatch([`link set ${device} up`]);
  const sysctls = sysctlsOf(device, links);
  for (const [name, value] of Object.entries(sysctls)) await deps.kernel.setSysctl(name, value);
  return { ready: { trunk: device, driver }, sysctls };
}

function whyNoTrunk(nodeName: string, nec: NodeEniConfig | undefined): string {
  if (nec === undefined) return `no NodeENIConfig ${nodeName} yet`;
  const { subENI } = nec.status ?? {};
  if (subENI?.quota === 0) return `the node has no trunk ENI: its sub-ENI quota is 0: ${subENI.reason}`;
  return `NodeENIConfig ${nodeName} lists no trunk ENI yet`;
}

const notPlugged = (trunk: EniInfo): string =>
  `the trunk ENI ${trunk.eniID} (${trunk.mac}) is not plugged into the node yet`;

/** Replies of a Pod leave by another device than the one a strict reverse-path filter would allow (facts: tke, 2.3 names all and eth0). */
function sysctlsOf(trunk: string, links: readonly KernelLink[]): Record<string, string> {
  const devices = ['all', 'default', ...(links.some((link) => link.ifname === 'eth0') ? ['eth0'] : []), trunk];
  return {
    'net/ipv4/ip_forward': '1',
    ...Object.fromEntries(devices.map((device) => [`net/ipv4/conf/${device}/rp_filter`, '0'])),
  };
}
