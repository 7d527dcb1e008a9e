// Later edits of what admission wrote: refused, unless one of our own programs makes them (DESIGN, decision 6).
import { annotations as keys, objectNames } from '../api/keys.ts';

export interface PodUpdate {
  readonly before: Readonly<Record<string, string>>;
  readonly after: Readonly<Record<string, string>>;
  readonly username: string;
}

/** User names of the programs that may write the marks. */
export const TRUSTED_WRITERS: readonly string[] = [
  `system:serviceaccount:${objectNames.systemNamespace}:${objectNames.ipamd}`,
  `system:serviceaccount:${objectNames.webhookNamespace}:${objectNames.webhook}`,
];

/**
 * The reason to refuse an update, or `undefined`. The groups and the decision are guarded on every Pod; `networks` and the
 * super-node groups only on a Pod that a policy decided about, since elsewhere they are documented for people to write.
 */
export function guardPodUpdate({ before, after, username }: PodUpdate): string | undefined {
  if (TRUSTED_WRITERS.includes(username)) return undefined;
  const decided = before[keys.admissionDecision] !== undefined;
  const guarded = [
    keys.securityGroupId,
    keys.admissionDecision,
    ...(decided ? [keys.networks, keys.eksSecurityGroupId] : []),
  ];
  const changed = guarded.find((key) => before[key] !== after[key]);
  if (changed === undefined) return undefined;
  return `annotation ${changed} is decided when the Pod is created and cannot be changed; to give the Pod other security groups, change the SecurityGroupPolicy and recreate the Pod`;
}
