// The switch and the global list in force: a flag that is given, else the add-on value, else the default (spec 000; facts/tke.md 5.2).
import type { AddonValues } from '../../../api/addon-values.ts';
import type { GroupPolicy } from '../../../planning/node-groups.ts';
import type { PolicyFlags } from '../../policy-flags.ts';

export type GroupFlags = Pick<PolicyFlags, 'enableSecurityGroups' | 'securityGroups'>;
export type GroupValues = Pick<
  AddonValues,
  'vpcCni.securityGroups.enableSecurityGroups' | 'vpcCni.securityGroups.securityGroups'
>;

/** Each of the two by itself; off and inheriting are the documented defaults. */
export function groupPolicy(flags: GroupFlags, values: GroupValues): GroupPolicy {
  return {
    enabled: flags.enableSecurityGroups ?? values['vpcCni.securityGroups.enableSecurityGroups'] ?? false,
    groups: flags.securityGroups ?? values['vpcCni.securityGroups.securityGroups'] ?? [],
  };
}

/** Where a flag and a value are both given and differ, so that somebody may wonder which counts; for the log. */
export function contradictions(flags: GroupFlags, values: GroupValues): readonly string[] {
  const pairs = [
    ['enable-security-groups', flags.enableSecurityGroups, 'vpcCni.securityGroups.enableSecurityGroups'],
    ['security-groups', flags.securityGroups, 'vpcCni.securityGroups.securityGroups'],
  ] as const;
  return pairs.flatMap(([flag, given, key]) => {
    const value = values[key];
    if (given === undefined || value === undefined || String(given) === String(value)) return [];
    return [`--${flag}=${String(given)} counts, not the add-on value ${key}="${String(value)}"`];
  });
}
