// What the pool tells the life-cycle of a node's ENIs: the addresses to begin with, and those that are there once it is attached.
import { emptyPool, listed } from '../../../planning/address-pool.ts';
import type { IpamdDeps } from '../../deps.ts';
import { claimsOn } from '../static-addresses/facts.ts';
import { sharedPodsOn } from '../../vpc-eni/lifecycle/node-eni-facts.ts';
import type { PoolHooks } from '../../vpc-eni/lifecycle/deps.ts';
import { type PoolMemory, secondaryOf } from './memory.ts';
import { nodePool, sharesAddresses } from './node-pool.ts';

/** An ENI that is attached to nothing has at most 30 addresses, its own included (facts/tencent-cloud-api.md, quotas); the rest is bound later. */
const MOST_UNATTACHED = 29;

export function createPoolHooks(deps: IpamdDeps, memory: PoolMemory): PoolHooks {
  return {
    firstAddresses: (eni) => {
      if (!sharesAddresses(deps)) return 0;
      const pool = nodePool(deps, memory, eni.spec.nodeName);
      if (pool === undefined) return undefined;
      const at = pool.views.findIndex((view) => view.name === eni.metadata.name);
      if (at < 0) return 0;
      // Those before it take what they have room for.
      const before = pool.views.slice(0, at).reduce((sum, view) => {
        const filled = view.pool.addresses.length + view.arriving;
        return sum + (view.dry === true ? 0 : Math.max(0, view.cap - filled));
      }, 0);
      const room = Math.min(pool.limits.maxIPPerENI, MOST_UNATTACHED);
      return Math.max(0, Math.min(room, pool.target.bind - before));
    },
    isUrgent: ({ spec: { nodeName } }) => {
      const enis = deps.informers.vpcEnis.byIndex('node', nodeName);
      if (enis.some((each) => each.spec.type === 'SubENI' && each.status?.phase !== 'Ready')) return true;
      const listedNow = enis.reduce((sum, each) => sum + (each.status?.pool?.addresses.length ?? 0), 0);
      if (!sharesAddresses(deps)) return claimsOn(deps, nodeName).some(({ status }) => status?.phase !== 'Bound');
      return sharedPodsOn(deps, nodeName) > listedNow;
    },
    onAttached: (eni, seen) => {
      const made = eni.status?.eni;
      const known = memory.eni(eni.metadata.uid ?? '');
      const addresses = secondaryOf(seen);
      if (made === undefined) return {};
      const recorded = { ...made, addresses: seen.addresses.map(({ ip, primary }) => ({ ip, primary })) };
      // Of one that had a pool before, the cloud is asked again: the pool may have changed since it was asked.
      if (!sharesAddresses(deps) || eni.status?.pool !== undefined) return { eni: recorded };
      const pool = listed(
        emptyPool,
        addresses.flatMap(({ ip, settled }) => (settled ? [ip] : [])),
      );
      known.seen = { generation: pool.generation, addresses };
      return { eni: recorded, pool };
    },
  };
}
