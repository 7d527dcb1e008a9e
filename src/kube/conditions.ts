// Conditions of a status as a pure list: set, find, ask.
import { rfc3339 } from './times.ts';
import type { Condition } from './types.ts';

/** A condition before it has a time. */
export type ConditionInput = Omit<Condition, 'lastTransitionTime'>;

/**
 * The list with `condition` in the place of the one of its type, or at the end. `lastTransitionTime` moves to `now` only when `status` changes.
 * Gives back the very same list when nothing changed, so that callers can skip the write. Never changes its arguments.
 */
export function setCondition(
  list: readonly Condition[] | undefined,
  condition: ConditionInput,
  now: Date,
): readonly Condition[] {
  const conditions = list ?? [];
  const before = findCondition(conditions, condition.type);
  const lastTransitionTime = before?.status === condition.status ? before.lastTransitionTime : rfc3339(now);
  const after: Condition = { ...condition, lastTransitionTime };
  if (before === undefined) return [...conditions, after];
  return same(before, after)
    ? conditions
    : conditions.map((existing) => (existing.type === condition.type ? after : existing));
}

/** The condition of this type. */
export function findCondition(list: readonly Condition[] | undefined, type: string): Condition | undefined {
  return list?.find((condition) => condition.type === type);
}

function same(a: Condition, b: Condition): boolean {
  return (
    a.status === b.status &&
    a.reason === b.reason &&
    a.message === b.message &&
    a.observedGeneration === b.observedGeneration &&
    a.lastTransitionTime === b.lastTransitionTime
  );
}
