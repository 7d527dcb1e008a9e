// An address whose VpcENI was made anew: the Pods that have one of its addresses keep them, and the new object is told so. Pure.
import type { AddressBook } from './address-book.ts';
import type { NodePool } from './address-offers.ts';

/**
 * The book with allocations moved from VpcENIs that do not exist any more to the only one that lists their address now. Without this, ipamd would
 * be told that an address is idle while a Pod has it. The same book when there is nothing to move.
 */
export function reHomed(book: AddressBook, pools: readonly NodePool[]): AddressBook {
  const existing = new Set(pools.map(({ eni }) => eni));
  const moved = Object.entries(book.allocations).flatMap(([ip, { eni, podUID }]) => {
    if (existing.has(eni)) return [];
    const [home, another] = pools.filter(({ pool }) => pool.addresses.some((address) => address.ip === ip));
    return home === undefined || another !== undefined ? [] : [[ip, { eni: home.eni, podUID }] as const];
  });
  if (moved.length === 0) return book;
  return { ...book, allocations: { ...book.allocations, ...Object.fromEntries(moved) } };
}
