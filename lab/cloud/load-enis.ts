// Fills an account with ENIs at once, for benchmarks and tests of size.
import { addEni, takeAddresses } from './actions/eni-records.ts';
import type { CloudCore } from './core.ts';
import { findSubnet } from './lookup.ts';
import type { TagRecord } from './state.ts';

export interface EniLoad {
  readonly subnetId: string;
  readonly count: number;
  /** Of each ENI, the primary one included. */
  readonly addressesEach: number;
  readonly securityGroupIds?: readonly string[];
  /** Default `loaded-N`. */
  readonly name?: string;
  readonly tags?: readonly TagRecord[];
  /** It is on this instance, as its second ENI; else on none. */
  readonly instanceId?: string;
}

/** Their ids; AVAILABLE at once, without tasks, quotas or CAM. Throws ResourceInsufficient.Subnet when the subnet runs dry: what was made stays. */
export function loadEnis(core: CloudCore, load: EniLoad): string[] {
  const subnet = findSubnet(core, load.subnetId);
  const made = Array.from({ length: load.count }, (_, index) => {
    const eni = addEni(core, {
      name: load.name ?? `loaded-${index}`,
      description: '',
      kind: 'secondary',
      subnet,
      addresses: takeAddresses(subnet, [], load.addressesEach),
      securityGroupIds: load.securityGroupIds ?? [],
      tags: load.tags ?? [],
    });
    eni.state = 'AVAILABLE';
    if (load.instanceId !== undefined)
      eni.attachment = { instanceId: load.instanceId, deviceIndex: 1, at: core.clock.now(), plugged: true };
    eni.wired = true;
    eni.groupsReady = true;
    return eni.eniId;
  });
  core.touch();
  return made;
}
