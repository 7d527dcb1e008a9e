// Sub-ENI links behind one interface: a VLAN device on the trunk, or the veth device that the platform plugs in.
import { errorText, TrunklineError } from '../base/errors.ts';
import { agentErrors } from './errors.ts';
import type { Kernel, KernelLink } from './kernel.ts';
import type { LinkWatch } from './link-watch.ts';
import { subEniLinkName } from './wiring.ts';

/** One sub-ENI as the node sees it. */
export interface SubEniLink {
  readonly mac: string;
  readonly vlanId: number;
  readonly trunk: string;
}

export interface LinkDriver {
  readonly name: 'vlan' | 'veth';
  /** The node device of the sub-ENI, there and up. Safe to repeat. Rejects with the signal's reason when it aborts first. */
  ensure(link: SubEniLink, signal: AbortSignal): Promise<string>;
}

/** Lines for `ip -force -batch` that end the service of a link that `driver` made. */
export function planRemoveLink(driver: LinkDriver['name'], device: string): readonly string[] {
  // The platform pulls its own device out; a VLAN device is ours.
  return [driver === 'vlan' ? `link delete ${device}` : `link set ${device} down`];
}

export const linkDriverChoices = ['auto', 'vlan', 'veth'] as const;
export type LinkDriverChoice = (typeof linkDriverChoices)[number];

interface DriverDeps {
  readonly kernel: Kernel;
  readonly watch: LinkWatch;
}

const sameMac = (link: KernelLink, mac: string): boolean => link.address?.toLowerCase() === mac.toLowerCase();

/** The device with this MAC; several may share one on a VLAN parent, and the one without a VLAN suffix is meant. */
export function linkByMac(links: readonly KernelLink[], mac: string): KernelLink | undefined {
  return (
    links.find((link) => sameMac(link, mac) && !link.ifname.includes('.')) ?? links.find((link) => sameMac(link, mac))
  );
}

/** 802.1Q on the trunk; the device is ours to make and to delete. */
export function createVlanDriver({ kernel }: DriverDeps): LinkDriver {
  return {
    name: 'vlan',
    ensure: async ({ mac, vlanId, trunk }) => {
      const device = subEniLinkName(trunk, vlanId);
      const present = (await kernel.links()).find((link) => link.ifname === device);
      if (present !== undefined && sameMac(present, mac)) await kernel.ipBatch([`link set ${device} up`]);
      else
        await kernel.ipBatch([
          // Left by an earlier sub-ENI that had the same VLAN id.
          ...(present === undefined ? [] : [`link delete ${device}`]),
          `link add link ${trunk} name ${device} address ${mac} type vlan id ${vlanId}`,
          `link set ${device} up`,
        ]);
      return device;
    },
  };
}

/** The platform plugs one device per sub-ENI, down and under a name of its own, and pulls it out again. */
export function createVethDriver({ kernel, watch }: DriverDeps): LinkDriver {
  return {
    name: 'veth',
    ensure: async ({ mac, vlanId, trunk }, signal) => {
      const device = subEniLinkName(trunk, vlanId);
      const found = await watch.waitFor((links) => {
        const own = links.find((link) => sameMac(link, mac));
        const holder = links.find((link) => link.ifname === device);
        // While the device of an earlier sub-ENI holds the name, the platform has yet to pull it out.
        return own !== undefined && (holder === undefined || sameMac(holder, mac)) ? own : undefined;
      }, signal);
      await kernel.ipBatch([
        ...(found.ifname === device
          ? []
          : [`link set ${found.ifname} down`, `link set ${found.ifname} name ${device}`]),
        `link set ${device} up`,
      ]);
      return device;
    },
  };
}

/** Names that no platform gives; deleted again at once. Not on the trunk: any VLAN id may be in use there. */
const PROBE = 'tkeprobe0';
const PROBE_PEER = 'tkeprobe1';
const PROBE_VLAN = 'tkeprobe2';

/** The driver that the kernel can carry out, found by trying, or AGENT-LINK-UNAVAILABLE with each refusal. */
export async function chooseLinkDriver(deps: DriverDeps, choice: LinkDriverChoice): Promise<LinkDriver> {
  const scratch = `link add ${PROBE} type veth peer name ${PROBE_PEER}`;
  const probes = {
    vlan: { lines: [scratch, `link add link ${PROBE} name ${PROBE_VLAN} type vlan id 1`], driver: createVlanDriver },
    veth: { lines: [scratch], driver: createVethDriver },
  } as const;
  const refusals: string[] = [];
  for (const name of choice === 'auto' ? (['vlan', 'veth'] as const) : [choice]) {
    try {
      await deps.kernel.ipBatch(probes[name].lines);
      return probes[name].driver(deps);
    } catch (error) {
      refusals.push(`${name}: ${errorText(error)}`);
    } finally {
      // The kernel takes the VLAN device along.
      await deps.kernel.ipBatch([`link delete ${PROBE}`], { force: true });
    }
  }
  throw new TrunklineError(agentErrors.linkUnavailable, `no link driver works on this node: ${refusals.join('; ')}`);
}
