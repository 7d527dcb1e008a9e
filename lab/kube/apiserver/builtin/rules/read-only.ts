// Rules of kinds that clients list on their way, and that nobody can make here: `kubectl describe namespace` asks for quotas and limits.
import type { Rules } from '../../registry/definition.ts';
import { notImplemented } from '../../status.ts';

/** Reading finds none, truly; making one is refused with 501, since it would bind nobody. */
export const readOnlyRules = (plural: string): Rules => ({
  prepareCreate: () => {
    throw notImplemented(`objects of the resource ${plural}`);
  },
});
