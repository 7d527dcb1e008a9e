// All groups of an account with their members, made ready to be asked about one flow after the other.
import type { Address } from './address.ts';
import { type Flow, reference, type Verdict } from './evaluate.ts';
import { type AddressKey, type IntervalGroup, intervalsOf, isAbout, isWithin, keyOf } from './intervals.ts';
import type { SecurityGroup } from './rule.ts';

export interface GroupIndexInput {
  readonly groups: Iterable<SecurityGroup>;
  /** Every private address of whatever is bound to a group; of groups that are not given, too, as rules may name them. */
  readonly members: Iterable<{ readonly groupId: string; readonly address: Address }>;
}

export interface GroupIndex {
  /** The same answer as `evaluate` gives. Throws RangeError for a group that is not in the index: what is not known is no verdict. */
  verdict(groupIds: readonly string[], flow: Flow): Verdict;
  /** The rules of one group. Throws as `verdict`. */
  intervals(groupId: string): IntervalGroup;
  isMember(groupId: string, key: AddressKey): boolean;
  /** As `evaluate` takes it. */
  membership(groupId: string): Iterable<Address>;
}

/** Takes time in proportion to the members, and to the rules of a group when it is first asked; a change of either is another index. */
export function indexGroups({ groups, members }: GroupIndexInput): GroupIndex {
  const byId = new Map<string, SecurityGroup>();
  for (const group of groups) byId.set(group.groupId, group);
  // Most questions are about few groups of many.
  const asked = new Map<string, IntervalGroup>();
  const membersById = new Map<string, Map<AddressKey, Address>>();
  for (const { groupId, address } of members) {
    const known = membersById.get(groupId) ?? new Map<AddressKey, Address>();
    membersById.set(groupId, known.set(keyOf(address), address));
  }
  const intervals = (groupId: string): IntervalGroup => {
    const known = asked.get(groupId);
    if (known !== undefined) return known;
    const group = byId.get(groupId);
    if (group === undefined) throw new RangeError(`the rules of ${groupId} are not in the index`);
    const made = intervalsOf(group);
    asked.set(groupId, made);
    return made;
  };
  const isMember = (groupId: string, key: AddressKey): boolean => membersById.get(groupId)?.has(key) === true;

  return {
    intervals,
    isMember,
    membership: (groupId) => membersById.get(groupId)?.values() ?? [],
    verdict: (groupIds, flow) => {
      if (groupIds.length === 0) return { verdict: 'ACCEPT', decidedBy: 'no-group' };
      // All first: an unknown group behind one that decides is as wrong as one before it.
      const lists = groupIds.map(intervals);
      const { direction, peer } = flow;
      const key = keyOf(peer);
      for (const [place, list] of lists.entries()) {
        const found = list[direction].find(
          (rule) =>
            isAbout(rule, flow.protocol, flow.port) &&
            (rule.peer.kind === 'group' ? isMember(rule.peer.groupId, key) : isWithin(rule.peer, peer, key)),
        );
        if (found !== undefined)
          return {
            verdict: found.rule.action,
            decidedBy: reference({ groupId: groupIds[place] ?? '' }, direction, found.index, found.rule),
          };
      }
      return { verdict: 'DROP', decidedBy: 'default-drop' };
    },
  };
}
