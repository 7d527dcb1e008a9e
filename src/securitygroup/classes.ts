// Parties that groups treat alike, and the order of their addresses: one question instead of one for each of them.
import type { Address } from './address.ts';
import { type AddressInterval, type AddressKey, keyOf } from './intervals.ts';

/** One address of a Pod, with the groups that hold for it, in order. */
export interface Party {
  /** Whatever flows are counted by, e.g. `Deployment shop/web`. */
  readonly workload: string;
  readonly address: Address;
  readonly groups: readonly string[];
}

/** Parties of one workload, one list of groups and one family. */
export interface PartyClass {
  readonly workload: string;
  readonly family: 4 | 6;
  /** In `lists`. */
  readonly list: number;
  readonly size: number;
}

export interface Classes {
  /** Distinct lists of groups. */
  readonly lists: readonly (readonly string[])[];
  readonly classes: readonly PartyClass[];
  /** By address, IPv4 first; parallel to `classOf`. */
  readonly keys: readonly AddressKey[];
  /** Place in `classes` of each of `keys`. */
  readonly classOf: Uint32Array;
  /** Places of `keys` that lie in the interval: from the first up to, not including, the second. */
  within(interval: AddressInterval): readonly [number, number];
}

export function classesOf(parties: readonly Party[]): Classes {
  const ordered = parties
    .map((party) => ({ party, key: keyOf(party.address) }))
    .toSorted(
      (a, b) => a.party.address.family - b.party.address.family || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0),
    );
  const keys = ordered.map(({ key }) => key);
  const firstOf6 = ordered.findIndex(({ party }) => party.address.family === 6);
  const ofIpv4 = firstOf6 === -1 ? keys.length : firstOf6;
  const lists: (readonly string[])[] = [];
  const listByName = new Map<string, number>();
  const classes: { workload: string; family: 4 | 6; list: number; size: number }[] = [];
  const classByName = new Map<string, number>();
  const classOf = new Uint32Array(keys.length);

  const listOf = (groups: readonly string[]): number => {
    const name = groups.join(' ');
    const found = listByName.get(name) ?? lists.push(groups) - 1;
    listByName.set(name, found);
    return found;
  };
  for (const [place, { party }] of ordered.entries()) {
    const { family } = party.address;
    const list = listOf(party.groups);
    const name = `${list} ${family} ${party.workload}`;
    const found = classByName.get(name) ?? classes.push({ workload: party.workload, family, list, size: 0 }) - 1;
    classByName.set(name, found);
    classOf[place] = found;
    const own = classes[found];
    if (own !== undefined) own.size += 1;
  }
  return {
    lists,
    classes,
    keys,
    classOf,
    within: ({ family, first, last }) => {
      const [low, high] = family === 4 ? [0, ofIpv4] : [ofIpv4, keys.length];
      return [firstPlace(keys, low, high, (key) => key >= first), firstPlace(keys, low, high, (key) => key > last)];
    },
  };
}

/** The first place for which `holds`, which holds for all behind it, too; `high` when for none. */
function firstPlace(
  keys: readonly AddressKey[],
  low: number,
  high: number,
  holds: (key: AddressKey) => boolean,
): number {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = (from + to) >>> 1;
    const key = keys[middle];
    if (key !== undefined && holds(key)) to = middle;
    else from = middle + 1;
  }
  return from;
}
