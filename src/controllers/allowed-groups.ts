// The administrators' list of groups per namespace, as the cache has it.
import { objectNames } from '../api/keys.ts';
import type { AllowedGroups } from '../planning/allowed-groups.ts';
import type { IpamdInformers } from './deps.ts';

/** `undefined` while there is no such ConfigMap. */
export function allowedGroupsOf({ allowedGroups }: Pick<IpamdInformers, 'allowedGroups'>): AllowedGroups {
  const map = allowedGroups.get(`${objectNames.systemNamespace}/${objectNames.allowedGroups}`);
  return map === undefined ? undefined : (map.data ?? {});
}
