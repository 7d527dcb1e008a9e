// Complete listings out of pages and batches of ids: everything, or an error.
import { type ApiCaller, type ApiOperation } from './api-caller.ts';
import type { PageOf } from './decode.ts';
import { CloudError, cloudErrors, isCloudError } from './errors.ts';
import type { CloudCall } from './vpc-cloud.ts';

export interface Filter {
  readonly Name: string;
  readonly Values: readonly string[];
}

export interface ListingKind<T> extends Omit<ApiOperation<PageOf<T>>, 'body'> {
  readonly idOf: (item: T) => string;
  /** Name of the parameter that takes ids, and of the filter that does the same without an error for unknown ones. */
  readonly idsParameter: string;
  readonly idFilter: string;
  /** Some actions take `Offset` and `Limit` as strings (facts, section 1.11). */
  readonly pageAsText: boolean;
  /** Most values one filter takes. */
  readonly filterValues: number;
}

const PAGE = 100;
const LISTING_TRIES = 3;

/** All pages for these filters. Throws CLOUD-LISTING-UNSTABLE when objects come and go faster than pages are read. */
export async function listAll<T>(
  caller: ApiCaller,
  kind: ListingKind<T>,
  filters: readonly Filter[],
  call: CloudCall | undefined,
): Promise<readonly T[]> {
  for (let tries = 0; tries < LISTING_TRIES; tries += 1) {
    const items = await listOnce(caller, kind, filters, call);
    if (items !== undefined) return items;
  }
  throw new CloudError(
    cloudErrors.listingUnstable,
    `${kind.action} gave another total on each page, ${LISTING_TRIES} times`,
    { action: kind.action },
  );
}

/** Undefined when the total changed between two pages: with offsets, something may have slipped through. */
async function listOnce<T>(
  caller: ApiCaller,
  kind: ListingKind<T>,
  filters: readonly Filter[],
  call: CloudCall | undefined,
): Promise<readonly T[] | undefined> {
  const found = new Map<string, T>();
  let total: number | undefined;
  for (let offset = 0; ; offset += PAGE) {
    const page = await caller.read(
      { ...kind, body: pageBody(kind, offset, filters.length === 0 ? {} : { Filters: filters }) },
      call,
    );
    if (total !== undefined && page.total !== total) return undefined;
    total = page.total;
    for (const item of page.items) found.set(kind.idOf(item), item);
    if (offset + PAGE >= total) return found.size === total ? [...found.values()] : undefined;
  }
}

/** Objects with these ids, in batches; ids that do not exist are left out whatever the service does with them. */
export async function findByIds<T>(
  caller: ApiCaller,
  kind: ListingKind<T>,
  ids: readonly string[],
  call: CloudCall | undefined,
): Promise<readonly T[]> {
  const unique = [...new Set(ids)];
  const found: T[] = [];
  for (const batch of batches(unique, PAGE)) found.push(...(await findBatch(caller, kind, batch, call)));
  return found;
}

/**
 * GUESS in the facts: an unknown id may fail the whole call or be left out. A filter on ids is never failed by one, so it goes first where
 * it takes as many values; a service that refuses so many gets the documented ids parameter, halved until the unknown one stands alone.
 */
async function findBatch<T>(
  caller: ApiCaller,
  kind: ListingKind<T>,
  ids: readonly string[],
  call: CloudCall | undefined,
): Promise<readonly T[]> {
  if (ids.length === 1 || ids.length > kind.filterValues) return findByParameter(caller, kind, ids, call);
  try {
    return await listAll(caller, kind, [{ Name: kind.idFilter, Values: ids }], call);
  } catch (error) {
    if (!isCloudError(error, cloudErrors.invalidRequest)) throw error;
    return findByParameter(caller, kind, ids, call);
  }
}

function findByParameter<T>(
  caller: ApiCaller,
  kind: ListingKind<T>,
  ids: readonly string[],
  call: CloudCall | undefined,
): Promise<readonly T[]> {
  return withoutUnknownIds(ids, async (part) => {
    const page = await caller.read({ ...kind, body: pageBody(kind, 0, { [kind.idsParameter]: part }) }, call);
    if (page.items.length === page.total) return page.items;
    const message = `${kind.action} gave ${page.items.length} of ${page.total} objects on one page`;
    throw new CloudError(cloudErrors.listingUnstable, message, { action: kind.action });
  });
}

/** Asks for ids where one unknown id fails the whole call: then each half apart, until the unknown one stands alone and is left out. */
export async function withoutUnknownIds<T>(
  ids: readonly string[],
  ask: (ids: readonly string[]) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  try {
    return await ask(ids);
  } catch (error) {
    if (!isCloudError(error, cloudErrors.notFound)) throw error;
    if (ids.length === 1) return [];
    const half = Math.ceil(ids.length / 2);
    return [...(await withoutUnknownIds(ids.slice(0, half), ask)), ...(await withoutUnknownIds(ids.slice(half), ask))];
  }
}

/** Objects for which one filter has any of these values and all others match. */
export async function findByFilter<T>(
  caller: ApiCaller,
  kind: ListingKind<T>,
  name: string,
  values: readonly string[],
  others: readonly Filter[],
  call: CloudCall | undefined,
): Promise<readonly T[]> {
  const found = new Map<string, T>();
  for (const batch of batches([...new Set(values)], kind.filterValues)) {
    for (const item of await listAll(caller, kind, [{ Name: name, Values: batch }, ...others], call))
      found.set(kind.idOf(item), item);
  }
  return [...found.values()];
}

function pageBody(kind: Pick<ListingKind<unknown>, 'pageAsText'>, offset: number, rest: object): object {
  return kind.pageAsText
    ? { ...rest, Offset: String(offset), Limit: String(PAGE) }
    : { ...rest, Offset: offset, Limit: PAGE };
}

/** Slices of at most `size`. */
export function batches<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
