// The next call that brings the groups of an ENI to a wanted ordered list, by Associate and Disassociate alone. Pure.

/** What Associate does with the groups already bound; the documents do not say (facts of the cloud API, section 8: GUESS). */
export type AssociateSemantics = 'unknown' | 'append' | 'replace';

export type GroupStep =
  | { readonly kind: 'done' }
  | { readonly kind: 'associate'; readonly groups: readonly string[] }
  | { readonly kind: 'disassociate'; readonly groups: readonly string[] };

/** Groups of one ENI (facts/tke.md 7: about 5). */
export const MAX_GROUPS = 5;

/** The same group twice counts once, where it stands first. */
export const distinct = (groups: readonly string[]): readonly string[] => [...new Set(groups)];

/** Order is priority, so another order is another list (spec 000). */
export const sameGroups = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((group, index) => group === b[index]);

/**
 * One step at a time, and the ENI is looked at after each: right under either semantics, also when somebody else changes the groups meanwhile.
 * Groups come before others go, as far as the limit and the order allow, and an ENI that shall have groups is never left without any.
 * `wanted` has at most `limit` groups.
 */
export function planGroupSync(
  bound: readonly string[],
  wantedList: readonly string[],
  semantics: AssociateSemantics = 'unknown',
  limit: number = MAX_GROUPS,
): GroupStep {
  const wanted = distinct(wantedList);
  if (sameGroups(bound, wanted)) return { kind: 'done' };
  if (wanted.length === 0) return { kind: 'disassociate', groups: bound };
  const added = longestThatFits(bound, wanted, limit);
  // Where it would not fit under the other reading either, a belief is not enough.
  if (semantics === 'replace' && added.length === wanted.length) return { kind: 'associate', groups: wanted };
  if (added.some((group) => !bound.includes(group))) return { kind: 'associate', groups: added };
  const kept = keptInPlace(bound, wanted);
  const away = bound.filter((group) => !kept.includes(group));
  // Something stays bound while the first wanted group still has to find room.
  const groups = kept.length === 0 && away.length > 1 ? away.slice(0, -1) : away;
  return { kind: 'disassociate', groups };
}

/**
 * What is known of Associate after `sent` was associated with an ENI that had `before` and has `after`. Somebody else's change in between can
 * mislead it; the next answer that contradicts what is believed puts that right.
 */
export function learnSemantics(
  known: AssociateSemantics,
  before: readonly string[],
  sent: readonly string[],
  after: readonly string[],
): AssociateSemantics {
  const appended = distinct([...before, ...sent]);
  const fits = { append: sameGroups(after, appended), replace: sameGroups(after, sent), unknown: true };
  if (fits.append !== fits.replace) return fits.append ? 'append' : 'replace';
  return fits[known] ? known : 'unknown';
}

/** All of `wanted`, or its longest beginning whose groups are within the limit beside those bound. */
function longestThatFits(bound: readonly string[], wanted: readonly string[], limit: number): readonly string[] {
  let room = Math.max(0, limit - bound.length);
  const end = wanted.findIndex((group) => {
    if (bound.includes(group)) return false;
    room -= 1;
    return room < 0;
  });
  return end === -1 ? wanted : wanted.slice(0, end);
}

/** The longest beginning of `wanted` that is bound in this order already: what follows it can be appended. */
function keptInPlace(bound: readonly string[], wanted: readonly string[]): readonly string[] {
  let from = 0;
  const end = wanted.findIndex((group) => {
    const at = bound.indexOf(group, from);
    if (at === -1) return true;
    from = at + 1;
    return false;
  });
  return end === -1 ? wanted : wanted.slice(0, end);
}
