// Filters and pages of describe calls (facts, section 7).
import { ApiError } from './api-error.ts';
import type { TagRecord } from './state.ts';
import { quotas } from './settings.ts';

export interface Filter {
  readonly Name: string;
  readonly Values: readonly string[];
}

/** Decides for one filter; the values are alternatives. */
export type FilterTest<T> = (item: T, values: readonly string[]) => boolean;

/** A filter that compares one text exactly. */
export const exact =
  <T>(pick: (item: T) => string | readonly string[]): FilterTest<T> =>
  (item, values) => {
    const picked = pick(item);
    return values.some((value) => (typeof picked === 'string' ? picked === value : picked.includes(value)));
  };

/** A filter on `TRUE` and `FALSE`. */
export const flag =
  <T>(pick: (item: T) => boolean): FilterTest<T> =>
  (item, values) =>
    values.some((value) => (value.toUpperCase() === 'TRUE') === pick(item));

/** A filter that finds the value anywhere in the text. */
export const fuzzy =
  <T>(pick: (item: T) => string): FilterTest<T> =>
  (item, values) =>
    values.some((value) => pick(item).includes(value));

/** AND between filters, OR between values; `tag-key` and `tag:<key>` are understood for everything that has tags. */
export function applyFilters<T extends { readonly tags: readonly TagRecord[] }>(
  items: readonly T[],
  filters: readonly Filter[],
  tests: Readonly<Record<string, FilterTest<T>>>,
): T[] {
  const chosen = filters.map((filter) => ({ values: filter.Values, test: testOf(filter.Name, tests) }));
  return items.filter((item) => chosen.every(({ values, test }) => test(item, values)));
}

function testOf<T extends { readonly tags: readonly TagRecord[] }>(
  name: string,
  tests: Readonly<Record<string, FilterTest<T>>>,
): FilterTest<T> {
  const known = Object.hasOwn(tests, name) ? tests[name] : undefined;
  if (known !== undefined) return known;
  if (name === 'tag-key') return (item, values) => item.tags.some((tag) => values.includes(tag.Key));
  if (name.startsWith('tag:'))
    return (item, values) => item.tags.some((tag) => tag.Key === name.slice(4) && values.includes(tag.Value));
  throw new ApiError(
    'InvalidParameter.FilterInvalidKey',
    `there is no filter \`${name}\`; known: ${Object.keys(tests).join(', ')}, tag-key, tag:<key>`,
  );
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
}

/** `Offset` default 0, `Limit` default 20 and at most 100. */
export function pageOf<T>(items: readonly T[], offset = 0, limit = 20): Page<T> {
  if (offset < 0) throw new ApiError('InvalidParameterValue.Range', `Offset is ${offset}; it must not be negative`);
  if (limit < 1 || limit > quotas.idsPerDescribe)
    throw new ApiError(
      'InvalidParameterValue.Range',
      `Limit is ${limit}; it must be from 1 to ${quotas.idsPerDescribe}`,
    );
  return { items: items.slice(offset, offset + limit), total: items.length };
}

/** Ids and filters exclude each other; at most 100 ids. */
export function checkIdsOrFilters(
  ids: readonly string[] | undefined,
  filters: readonly Filter[] | undefined,
  idsName: string,
): void {
  if (ids !== undefined && ids.length > 0 && filters !== undefined && filters.length > 0)
    throw new ApiError('InvalidParameter.Coexist', `${idsName} and Filters exclude each other`);
  if (ids !== undefined && ids.length > quotas.idsPerDescribe)
    throw new ApiError(
      'InvalidParameterValue.LimitExceeded',
      `${idsName} has ${ids.length} entries; at most ${quotas.idsPerDescribe} are allowed`,
    );
}
