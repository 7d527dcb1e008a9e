// The node device that a wiring leaves the node through, as the node has it now.
import type { KernelLink } from './kernel.ts';
import { linkByMac } from './link-driver.ts';
import type { Wiring } from './wiring.ts';

/**
 * A shared ENI may have been pulled out and plugged in again under another name since the Pod was wired, so it is found by its MAC; the name
 * that is on record when it is not there. A sub-ENI's link has the name that its driver gives it.
 */
export const uplinkOf = (wiring: Wiring, links: readonly KernelLink[]): string =>
  wiring.kind === 'shared' ? (linkByMac(links, wiring.eniMac)?.ifname ?? wiring.link) : wiring.link;
