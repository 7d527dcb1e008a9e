// The small number of an ENI on its node, from which route tables derive. Pure.

/** The index an ENI already has, else the lowest that none of the others has. */
export function eniIndex(known: readonly { readonly eniID: string; readonly index: number }[], eniId: string): number {
  const own = known.find((eni) => eni.eniID === eniId);
  if (own !== undefined) return own.index;
  const taken = new Set(known.map((eni) => eni.index));
  let index = 1;
  while (taken.has(index)) index += 1;
  return index;
}
