// What a person does by hand behind a program's back: changes groups, detaches, deletes, unassigns, uses a subnet up.
import { dropAddresses, addressOn } from './actions/address-tasks.ts';
import { removeEni } from './actions/eni-records.ts';
import { ApiError } from './api-error.ts';
import type { CloudCore } from './core.ts';
import { checkGroups, findEni, findSubnet, requireIdle } from './lookup.ts';
import { type EniRecord, subEnisOf } from './state.ts';

/** Takes effect at once, without tasks; refuses with the API's codes, among them InvalidState while a task works on the ENI. */
export interface Drift {
  /** Replaces the groups of an ENI. */
  setEniGroups(change: { readonly eniId: string; readonly securityGroupIds: readonly string[] }): void;
  /** Of a secondary ENI; sub-ENIs stay on it. */
  detachEni(eniId: string): void;
  /** Of a sub-ENI or a secondary one without sub-ENIs, attached or not. */
  deleteEni(eniId: string): void;
  /** Of an address that is not primary. */
  unassignAddress(address: { readonly eniId: string; readonly ip: string }): void;
  /** Holds addresses until `leave` (default 0) are free, or gives held ones back until they are; how many are free now. */
  drainSubnet(wish: { readonly subnetId: string; readonly leave?: number }): number;
  /** Gives back all addresses that `drainSubnet` holds. */
  refillSubnets(): void;
}

export function createDrift(core: CloudCore): Drift {
  const held = core.drained;
  const idle = (eniId: string): EniRecord => {
    const eni = findEni(core, eniId);
    requireIdle(eni);
    if (eni.kind === 'primary')
      throw new ApiError('UnsupportedOperation', `${eniId} is a primary ENI; it lives as long as its instance`);
    return eni;
  };
  const setFree = (subnetId: string, leave: number): number => {
    const { addresses } = findSubnet(core, subnetId);
    const mine = held.get(subnetId) ?? [];
    held.set(subnetId, mine);
    while (addresses.available() > leave) {
      const ip = addresses.take();
      if (ip === undefined) break;
      mine.push(ip);
    }
    while (addresses.available() < leave && mine.length > 0) addresses.release(mine.pop() ?? '');
    return addresses.available();
  };
  return {
    setEniGroups: ({ eniId, securityGroupIds }) => {
      findEni(core, eniId).securityGroupIds = checkGroups(core, securityGroupIds);
      core.touch();
    },
    detachEni: (eniId) => {
      const eni = idle(eniId);
      if (eni.kind === 'sub')
        throw new ApiError('UnsupportedOperation', `${eniId} is a sub-ENI; it belongs to its trunk`);
      eni.attachment = null;
      core.touch();
    },
    deleteEni: (eniId) => {
      const eni = idle(eniId);
      if (subEnisOf(core.state, eniId).length > 0)
        throw new ApiError('ResourceInUse', `${eniId} still carries sub-ENIs; delete them first`);
      removeEni(core, eni);
      core.touch();
    },
    unassignAddress: ({ eniId, ip }) => {
      const eni = findEni(core, eniId);
      requireIdle(eni);
      if (addressOn(eni, ip).primary)
        throw new ApiError('UnsupportedOperation', `${ip} is the primary address of ${eniId}`);
      dropAddresses(eni, new Set([ip]));
      core.state.subnets.get(eni.subnetId)?.addresses.release(ip);
      core.touch();
    },
    drainSubnet: ({ subnetId, leave = 0 }) => setFree(subnetId, leave),
    refillSubnets: () => {
      for (const [subnetId, mine] of held)
        for (const ip of mine.splice(0)) core.state.subnets.get(subnetId)?.addresses.release(ip);
    },
  };
}
