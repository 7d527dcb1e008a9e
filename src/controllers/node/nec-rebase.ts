// Carries a change of a nec's status over to a newer version of the nec, where nobody wrote the same.
import { isDeepStrictEqual } from 'node:util';

import type { NodeEniConfig } from '../../api/node-eni-config.ts';
import type { NecStatusChange } from './nec-status.ts';

type Conditions = NonNullable<NonNullable<NodeEniConfig['status']>['conditions']>;

/**
 * What `change`, decided on `read`, means for `newest`. Undefined when it has to be decided again: another object, another spec, or somebody wrote
 * one of the same fields or conditions.
 */
export function rebaseNecStatus(
  read: NodeEniConfig,
  change: NecStatusChange,
  newest: NodeEniConfig,
): NecStatusChange | undefined {
  if (newest.metadata.uid !== read.metadata.uid || newest.metadata.generation !== read.metadata.generation)
    return undefined;
  const before: NecStatusChange = read.status ?? {};
  const now: NecStatusChange = newest.status ?? {};
  const moved: { -readonly [F in keyof NecStatusChange]: NecStatusChange[F] } = {};
  for (const field of Object.keys(change) as (keyof NecStatusChange)[]) {
    if (isDeepStrictEqual(change[field], before[field])) continue;
    if (isDeepStrictEqual(now[field], before[field])) Object.assign(moved, { [field]: change[field] });
    else if (field === 'conditions') {
      const conditions = merged(before.conditions ?? [], change.conditions ?? [], now.conditions ?? []);
      if (conditions === undefined) return undefined;
      moved.conditions = conditions;
    } else return undefined;
  }
  return moved;
}

/** Type by type. */
function merged(before: Conditions, wanted: Conditions, now: Conditions): Conditions | undefined {
  const of = (list: Conditions, type: string): Conditions[number] | undefined =>
    list.find((condition) => condition.type === type);
  const types = new Set([...before, ...wanted].map(({ type }) => type));
  let result = [...now];
  for (const type of types) {
    const [was, wish, is] = [of(before, type), of(wanted, type), of(now, type)];
    if (isDeepStrictEqual(was, wish)) continue;
    if (!isDeepStrictEqual(was, is)) return undefined;
    if (wish === undefined) result = result.filter((condition) => condition.type !== type);
    else if (is === undefined) result = [...result, wish];
    else result = result.map((condition) => (condition.type === type ? wish : condition));
  }
  return result;
}
