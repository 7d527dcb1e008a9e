// Zones that sell nothing any more: what is there stays and works, and nothing is added to it.
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';

/**
 * Throws ResourceInsufficient for a zone that is closed. GUESS: no document names the code; it is the one that new ENIs, sub-ENIs and addresses
 * have in common for `there is none to be had` (facts, section 8).
 */
export function requireOpenZone({ settings }: Pick<CloudCore, 'settings'>, zone: string): void {
  if (settings.closedZones.includes(zone))
    throw new ApiError('ResourceInsufficient', `zone ${zone} is closed: nothing new is sold there`);
}
