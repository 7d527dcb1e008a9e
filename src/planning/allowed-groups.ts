// Which security groups the namespaces of a cluster may use: a list that only cluster administrators can write (ADR 0018). Pure.
import { SECURITY_GROUP_ID } from '../api/common.ts';
import { objectNames } from '../api/keys.ts';

/** Key of the list for every namespace that has none of its own; no namespace can have this name. */
export const OTHER_NAMESPACES = '_others';
/** The value that allows every group. */
const ANY = '*';

/** The data of the ConfigMap; `undefined`: there is none, and every namespace may use every group, as documented. */
export type AllowedGroups = Readonly<Record<string, string>> | undefined;

export interface Forbidden {
  /** Of those asked about, in their order. */
  readonly groups: readonly string[];
  /** One sentence: which groups, and where the list is. */
  readonly message: string;
}

const CONFIG_MAP = `ConfigMap ${objectNames.systemNamespace}/${objectNames.allowedGroups}`;

/**
 * What of `groupIds` the namespace may not use, or `undefined`. Its own key decides, else `_others`; without either every group is allowed.
 * A list that cannot be read allows nothing, since guessing would open what an administrator closed.
 */
export function forbiddenGroups(
  allowed: AllowedGroups,
  namespace: string,
  groupIds: readonly string[],
): Forbidden | undefined {
  if (allowed === undefined) return undefined;
  const key = [namespace, OTHER_NAMESPACES].find((each) => Object.hasOwn(allowed, each));
  const text = key === undefined ? ANY : (allowed[key] ?? '').trim();
  if (key === undefined || text === ANY) return undefined;
  const ids = groupList(text);
  const wrong = ids.find((id) => !SECURITY_GROUP_ID.test(id));
  const groups = wrong === undefined ? groupIds.filter((id) => !ids.includes(id)) : groupIds;
  if (groups.length === 0) return undefined;
  const where = `key "${key}" of ${CONFIG_MAP}`;
  const message =
    wrong === undefined
      ? `namespace "${namespace}" may not use ${groups.join(', ')}: ${where} ${ids.length === 0 ? 'allows no group' : `allows ${ids.join(', ')}`}; ask a cluster administrator`
      : `namespace "${namespace}" may use no group: ${where} has "${wrong}", which is not a security group id; expected "*" or a comma list such as "sg-12ab34cd,sg-56ef78gh"`;
  return { groups, message };
}

/** Ids out of a comma list, as annotations carry them. */
export function groupList(text: string | undefined): readonly string[] {
  return (text ?? '').split(',').flatMap((id) => (id.trim() === '' ? [] : [id.trim()]));
}
