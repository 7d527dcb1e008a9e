// What a describe call answers while the cloud's replicas disagree: a page that lacks objects which exist.
import type { Random } from './fault-random.ts';

/** What is missing from a page. */
export interface PageGap {
  /** How many objects; a page that has fewer is empty. */
  readonly omit: number;
  /** TotalCount still counts them; false: it does not, as if they did not exist. */
  readonly counted: boolean;
}

/** A list of objects in an answer, beside its TotalCount. */
interface PagedList {
  readonly name: string;
  readonly items: readonly unknown[];
  readonly total: number;
}

/** Undefined for an answer that is no page: without TotalCount, without a list, or with an empty one. */
export function pagedList(answer: object): PagedList | undefined {
  const total = (answer as { readonly TotalCount?: unknown }).TotalCount;
  const list = Object.entries(answer).find(([, value]) => Array.isArray(value));
  if (typeof total !== 'number' || list === undefined) return undefined;
  const [name, items] = list as [string, readonly unknown[]];
  return items.length === 0 ? undefined : { name, items, total };
}

/** The answer without objects picked by chance; the others keep their order. */
export function withGap(answer: object, { name, items, total }: PagedList, gap: PageGap, random: Random): object {
  const left = [...items];
  const omitted = Math.min(gap.omit, left.length);
  for (let count = 0; count < omitted; count += 1) left.splice(Math.floor(random() * left.length), 1);
  return { ...answer, [name]: left, TotalCount: gap.counted ? total : total - omitted };
}
