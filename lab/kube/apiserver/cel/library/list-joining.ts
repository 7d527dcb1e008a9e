// What `+` makes of two lists: one after the other, or, for sets and keyed lists, a union that keeps the left side's order.
import { areEqual } from '../equality.ts';
import { CelList } from '../values.ts';

export function joinLists(left: CelList, right: CelList): CelList {
  const { semantics } = left;
  if (semantics === undefined) return new CelList([...left.items, ...right.items]);
  const items = [...left.items];
  for (const item of right.items) {
    const key = semantics.keyOf(item);
    const at = items.findIndex((other) => areEqual(semantics.keyOf(other), key));
    if (at < 0) items.push(item);
    else if (semantics.kind === 'map') items[at] = item;
  }
  return new CelList(items, semantics);
}
