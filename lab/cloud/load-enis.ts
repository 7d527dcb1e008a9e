// Fills an account with detached ENIs at once, for benchmarks and tests of size.
import { addEni, takeAddresses } from './actions/eni-records.ts';
import type { CloudCore } from './core.ts';
import { findSubnet } from './lookup.ts';

export interface EniLoad {
  readonly subnetId: string;
  readonly count: number;
  /** Of each ENI, the primary one included. */
  readonly addressesEach: number;
  readonly securityGroupIds?: readonly string[];
}

/** Their ids; AVAILABLE at once, without tasks, quotas or CAM. Throws ResourceInsufficient.Subnet when the subnet runs dry: what was made stays. */
export function loadEnis(core: CloudCore, load: EniLoad): string[] {
  const subnet = findSubnet(core, load.subnetId);
  const made = Array.from({ length: load.count }, (_, index) => {
    const eni = addEni(core, {
      name: `loaded-${index}`,
      description: '',
      kind: 'secondary',
      subnet,
      addresses: takeAddresses(subnet, [], load.addressesEach),
      securityGroupIds: load.securityGroupIds ?? [],
      tags: [],
    });
    eni.state = 'AVAILABLE';
    eni.wired = true;
    eni.groupsReady = true;
    return eni.eniId;
  });
  core.touch();
  return made;
}
