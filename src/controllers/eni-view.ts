// VpcENIs as ipamd keeps them in memory: of the addresses of a shared ENI, each of which three lists name, one text is kept.
import type { VpcEni, VpcEniStatus } from '../api/vpc-eni.ts';
import { withoutManagedFields } from '../kube/lean.ts';
import type { TextPool } from './text-pool.ts';

/**
 * Everything but managedFields, since writes are made from it. `podUid` gives the copy of a UID that is kept already, or what it is given.
 * Nobody may change what this gives.
 */
export function leanVpcEni(whole: VpcEni, podUid: TextPool): VpcEni {
  const eni = withoutManagedFields(whole);
  const { status } = eni;
  if (status?.pool === undefined && status?.use === undefined) return eni;
  return { ...eni, status: { ...status, ...sharedAddresses(status, podUid) } };
}

function sharedAddresses({ eni, pool, use }: VpcEniStatus, podUid: TextPool): Pick<VpcEniStatus, 'pool' | 'use'> {
  const known = new Map(eni?.addresses.map(({ ip }) => [ip, ip]));
  const one: TextPool = (ip) => known.get(ip) ?? ip;
  return {
    ...(pool === undefined
      ? {}
      : { pool: { ...pool, addresses: pool.addresses.map((each) => ({ ...each, ip: one(each.ip) })) } }),
    ...(use === undefined
      ? {}
      : {
          use: { ...use, inUse: use.inUse.map((each) => ({ ...each, ip: one(each.ip), podUID: podUid(each.podUID) })) },
        }),
  };
}
