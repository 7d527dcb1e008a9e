// Later edits of what admission wrote: refused, unless one of our own programs makes them (DESIGN, decision 6).
import { annotations as keys, objectNames } from '../api/keys.ts';
import { type AllowedGroups, forbiddenGroups, groupList } from '../planning/allowed-groups.ts';

export interface PodUpdate {
  readonly before: Readonly<Record<string, string>>;
  readonly after: Readonly<Record<string, string>>;
  readonly username: string;
  readonly namespace: string;
  readonly allowed: AllowedGroups;
}

/** As the API server names ipamd. */
export const IPAMD_USER = `system:serviceaccount:${objectNames.systemNamespace}:${objectNames.ipamd}`;

/** User names of the programs that may write the marks. */
export const TRUSTED_WRITERS: readonly string[] = [
  IPAMD_USER,
  `system:serviceaccount:${objectNames.webhookNamespace}:${objectNames.webhook}`,
];

/**
 * The reason to refuse an update, or `undefined`. The groups and the decision are guarded on every Pod; `networks` and the
 * super-node groups only on a Pod that a policy decided about, since elsewhere they are documented for people to write.
 */
export function guardPodUpdate({ before, after, username, namespace, allowed }: PodUpdate): string | undefined {
  if (TRUSTED_WRITERS.includes(username)) return undefined;
  const decided = before[keys.admissionDecision] !== undefined;
  const guarded = [
    keys.securityGroupId,
    keys.admissionDecision,
    ...(decided ? [keys.networks, keys.eksSecurityGroupId] : []),
  ];
  const changed = guarded.find((key) => before[key] !== after[key]);
  if (changed === undefined) {
    const written = after[keys.eksSecurityGroupId];
    if (written === before[keys.eksSecurityGroupId]) return undefined;
    const forbidden = forbiddenGroups(allowed, namespace, groupList(written));
    return forbidden === undefined ? undefined : `annotation ${keys.eksSecurityGroupId}: ${forbidden.message}`;
  }
  return `annotation ${changed} is decided when the Pod is created and cannot be changed; to give the Pod other security groups, change the SecurityGroupPolicy and recreate the Pod`;
}
