// Calls per second by action, counted over the second that just passed.
import type { Clock } from '../../src/base/clock.ts';

export interface RateLimiter {
  /** False: over the limit, answer RequestLimitExceeded. A refused call does not count. */
  admit(action: string): boolean;
  /** Sets or, with undefined, lifts the limit of an action. */
  limit(action: string, perSecond: number | undefined): void;
  save(): SavedLimits;
  restore(saved: SavedLimits): void;
}

export interface SavedLimits {
  readonly perSecond: Readonly<Record<string, number>>;
  /** By action: how many milliseconds ago the calls of the last second were let in. */
  readonly recent: Readonly<Record<string, readonly number[]>>;
}

const WINDOW_MS = 1000;

/** Starts from `limits`; GUESS: that the real service counts over a sliding second. */
export function createRateLimiter(clock: Clock, limits: Readonly<Record<string, number>>): RateLimiter {
  const perSecond = new Map(Object.entries(limits));
  const admitted = new Map<string, number[]>();
  return {
    limit: (action, rate) => {
      if (rate === undefined) perSecond.delete(action);
      else perSecond.set(action, rate);
    },
    admit: (action) => {
      const limit = perSecond.get(action);
      if (limit === undefined) return true;
      const now = clock.monotonicMs();
      const recent = (admitted.get(action) ?? []).filter((at) => at > now - WINDOW_MS);
      const ok = recent.length < limit;
      if (ok) recent.push(now);
      admitted.set(action, recent);
      return ok;
    },
    save: () => {
      const now = clock.monotonicMs();
      const ages = [...admitted].map(
        ([action, times]) => [action, times.map((at) => now - at).filter((age) => age < WINDOW_MS)] as const,
      );
      return {
        perSecond: Object.fromEntries(perSecond),
        recent: Object.fromEntries(ages.filter(([, list]) => list.length > 0)),
      };
    },
    restore: (saved) => {
      perSecond.clear();
      admitted.clear();
      for (const [action, rate] of Object.entries(saved.perSecond)) perSecond.set(action, rate);
      const now = clock.monotonicMs();
      for (const [action, ages] of Object.entries(saved.recent))
        admitted.set(
          action,
          ages.map((age) => now - age),
        );
    },
  };
}

/** What the pages give, in calls per second (facts, section 19; AttachNetworkInterface as on the Chinese page). Off unless the settings name them. */
export const documentedRateLimits: Readonly<Record<string, number>> = {
  CreateNetworkInterface: 100,
  AttachNetworkInterface: 50,
  DeleteNetworkInterface: 100,
  MigrateNetworkInterface: 100,
  DescribeNetworkInterfaceLimit: 20,
  AssociateNetworkInterfaceSecurityGroups: 20,
  DisassociateNetworkInterfaceSecurityGroups: 20,
  CreateSecurityGroupPolicies: 100,
  DescribeSecurityGroupPolicies: 100,
  CreateSecurityGroupWithPolicies: 50,
  DeleteSecurityGroup: 100,
  DescribeSecurityGroups: 100,
  DescribeSecurityGroupAssociationStatistics: 100,
  DescribeSecurityGroupLimits: 20,
  AllocateAddresses: 10,
  ReleaseAddresses: 10,
  AssociateAddress: 10,
  DisassociateAddress: 10,
  DescribeAddressQuota: 10,
  ReturnNormalAddresses: 2,
  DescribeUsedIpAddress: 20,
  DescribeVpcPrivateIpAddresses: 20,
  DeleteVpc: 100,
  DescribeInstances: 40,
  ModifyInstancesAttribute: 10,
  AssociateSecurityGroups: 10,
};
