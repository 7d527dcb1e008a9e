// The agent's side of the handshake about shared addresses: which it hands out, which Pod has which, and what it gave back. Pure.
import { z } from 'zod';
import type { VpcEniStatus } from '../api/vpc-eni.ts';

/** `status.pool`, ipamd's side; the rules it keeps are in src/planning/address-pool.ts. */
export type AddressPool = NonNullable<VpcEniStatus['pool']>;
/** `status.use`, the agent's side. */
export type AddressUse = NonNullable<VpcEniStatus['use']>;

const generationSchema = z.int().min(0).max(2_147_483_647);

/** What must be on disk before anything is done that it speaks of: an address is wired, or a report says that one was given back. */
export const addressBookSchema = z.object({
  /** By address. A Pod keeps its address through every sandbox it has. */
  allocations: z.record(z.string(), z.object({ eni: z.string(), podUID: z.string() })),
  /** By UID of the VpcENI. */
  enis: z.record(
    z.string(),
    z.object({
      /** Newest generation of its pool that was answered; older views of it are not believed any more. */
      generation: generationSchema,
      released: z.array(z.object({ ip: z.string(), generation: generationSchema })),
    }),
  ),
  /** By address: when its last Pod was gone, wall clock in milliseconds; kept while it is listed and free. */
  freedAt: z.record(z.string(), z.number()),
});
export type AddressBook = z.infer<typeof addressBookSchema>;

export const emptyBook: AddressBook = { allocations: {}, enis: {}, freedAt: {} };

/** One ENI whose addresses the node can use. */
export interface PoolView {
  /** UID of the VpcENI: an object that is made again under the same name begins its generations anew. */
  readonly eni: string;
  readonly pool: AddressPool;
}

export type Picked =
  | { readonly ok: true; readonly eni: string; readonly ip: string }
  /** How many addresses are listed, and why none of them can be had. */
  | {
      readonly ok: false;
      readonly listed: number;
      readonly inUse: number;
      readonly resting: number;
      readonly givenBack: number;
      /** Listed on two ENIs, so that nobody knows where it is. */
      readonly ambiguous: readonly string[];
      /** When the first resting one is free; absent when none rests. */
      readonly restedAtMs?: number;
    };

/**
 * A free address: listed, not allocated, not given back, and rested for `restMs` (facts: 30 s). The one that has been free for longest; among
 * equals from the ENI that most Pods use, so that others can be emptied.
 */
export function pick(views: readonly PoolView[], book: AddressBook, nowMs: number, restMs: number): Picked {
  const best = firstFree(views, book, nowMs, restMs);
  return best === undefined ? whyNone(views, book, nowMs, restMs) : { ok: true, eni: best.eni, ip: best.ip };
}

interface Offer {
  readonly eni: string;
  readonly ip: string;
  readonly since: number;
}

/** In one pass that makes nothing: every ordinary Pod's ADD waits for it. */
function firstFree(views: readonly PoolView[], book: AddressBook, nowMs: number, restMs: number): Offer | undefined {
  const skipped = new Set<string>();
  const busy = createBusyCount(book);
  for (;;) {
    let best: Offer | undefined;
    for (const { eni, pool } of views) {
      if (pool.generation < (book.enis[eni]?.generation ?? 0)) continue;
      for (const { ip, since } of pool.addresses) {
        if (book.allocations[ip] !== undefined || skipped.has(ip) || restsUntil(book, ip, nowMs, restMs) > nowMs)
          continue;
        if (best !== undefined && !isBefore({ eni, ip, since }, best, book, busy)) continue;
        if (!isGivenBack(book, eni, ip, since)) best = { eni, ip, since };
      }
    }
    if (best === undefined || timesKept(views, book, best.ip) === 1) return best;
    // Nobody knows where it is.
    skipped.add(best.ip);
  }
}

function isBefore(a: Offer, b: Offer, book: AddressBook, busy: (eni: string) => number): boolean {
  const order =
    (book.freedAt[a.ip] ?? 0) - (book.freedAt[b.ip] ?? 0) ||
    (a.eni === b.eni ? 0 : busy(b.eni) - busy(a.eni)) ||
    a.since - b.since ||
    compare(a.eni, b.eni) ||
    compare(a.ip, b.ip);
  return order < 0;
}

/** How many Pods use an ENI; counted when it is first asked. */
function createBusyCount(book: AddressBook): (eni: string) => number {
  let counts: Map<string, number> | undefined;
  return (asked) => {
    if (counts === undefined) {
      counts = new Map();
      for (const { eni } of Object.values(book.allocations)) counts.set(eni, (counts.get(eni) ?? 0) + 1);
    }
    return counts.get(asked) ?? 0;
  };
}

function timesKept(views: readonly PoolView[], book: AddressBook, ip: string): number {
  let times = 0;
  for (const view of views)
    if (believed(view, book))
      for (const address of view.pool.addresses)
        if (address.ip === ip && !isGivenBack(book, view.eni, ip, address.since)) times += 1;
  return times;
}

function restsUntil(book: AddressBook, ip: string, nowMs: number, restMs: number): number {
  const since = book.freedAt[ip];
  // A time ahead of now was written by a clock that was set back since; it says nothing.
  return since === undefined || since > nowMs ? nowMs : since + restMs;
}

function whyNone(views: readonly PoolView[], book: AddressBook, nowMs: number, restMs: number): Picked & { ok: false } {
  const offers = views.flatMap((view) =>
    believed(view, book) ? view.pool.addresses.map((address) => ({ ...address, eni: view.eni })) : [],
  );
  const kept = offers.filter((offer) => !isGivenBack(book, offer.eni, offer.ip, offer.since));
  const count = new Map<string, number>();
  for (const { ip } of kept) count.set(ip, (count.get(ip) ?? 0) + 1);
  const idle = kept.filter(({ ip }) => book.allocations[ip] === undefined && count.get(ip) === 1);
  return {
    ok: false,
    listed: offers.length,
    inUse: kept.filter(({ ip }) => book.allocations[ip] !== undefined).length,
    resting: idle.length,
    givenBack: offers.length - kept.length,
    ambiguous: [...count].flatMap(([ip, times]) => (times > 1 && book.allocations[ip] === undefined ? [ip] : [])),
    ...(idle.length === 0
      ? {}
      : { restedAtMs: Math.min(...idle.map(({ ip }) => restsUntil(book, ip, nowMs, restMs))) }),
  };
}

/** The address a Pod has, whichever sandbox asks. */
export function allocationOf(
  book: AddressBook,
  podUid: string,
): { readonly ip: string; readonly eni: string } | undefined {
  const { allocations } = book;
  for (const ip of Object.keys(allocations)) {
    const holder = allocations[ip];
    if (holder?.podUID === podUid) return { ip, eni: holder.eni };
  }
  return undefined;
}

/** What a book says of its Pods, for those who ask often. */
export interface Holders {
  ofPod(podUid: string): ReturnType<typeof allocationOf>;
  /** UIDs of the VpcENIs that have allocations. */
  readonly enis: ReadonlySet<string>;
}

/** Looks at every allocation once. */
export function holdersOf(allocations: AddressBook['allocations']): Holders {
  const byPod = new Map<string, { readonly ip: string; readonly eni: string }>();
  const enis = new Set<string>();
  for (const ip of Object.keys(allocations)) {
    const holder = allocations[ip];
    if (holder === undefined) continue;
    byPod.set(holder.podUID, { ip, eni: holder.eni });
    enis.add(holder.eni);
  }
  return { ofPod: (podUid) => byPod.get(podUid), enis };
}

/** To be made durable before the wiring. Throws when the address or the Pod is taken: `pick` and `allocationOf` were not asked on this book. */
export function allocate(book: AddressBook, eni: string, ip: string, podUid: string): AddressBook {
  const holder = book.allocations[ip];
  if (holder !== undefined)
    throw new Error(`address ${ip} is allocated to Pod ${holder.podUID}, not free for ${podUid}`);
  const own = allocationOf(book, podUid);
  if (own !== undefined) throw new Error(`Pod ${podUid} has ${own.ip} already, and asks for ${ip}`);
  const { [ip]: _, ...freedAt } = book.freedAt;
  return { ...book, freedAt, allocations: { ...book.allocations, [ip]: { eni, podUID: podUid } } };
}

/** Once the Pod is gone by the API's own word and nothing of it is wired: its address rests from now. The same book when it has none. */
export function freed(book: AddressBook, podUid: string, nowMs: number): AddressBook {
  const own = allocationOf(book, podUid);
  if (own === undefined) return book;
  const { [own.ip]: _, ...allocations } = book.allocations;
  return { ...book, allocations, freedAt: { ...book.freedAt, [own.ip]: nowMs } };
}

/**
 * What the agent says to a pool, and the book that must be durable before it says so. Level-triggered: the same view gives the same answer.
 * `use` is absent for a view that is older than one answered before, which is not to be reported.
 */
export function answer(
  { eni, pool }: PoolView,
  book: AddressBook,
): { readonly use?: Omit<AddressUse, 'observedAt'>; readonly book: AddressBook } {
  if (!believed({ eni, pool }, book)) return { book };
  const since = new Map(pool.addresses.map((address) => [address.ip, address.since]));
  const inUse = Object.entries(book.allocations)
    .flatMap(([ip, holder]) => (holder.eni === eni ? [{ ip, podUID: holder.podUID }] : []))
    .sort((a, b) => compare(a.ip, b.ip));
  const used = new Set(inUse.map(({ ip }) => ip));
  const asked = pool.release?.addresses ?? [];
  const marks = new Map<string, number>();
  // A mark is kept as long as it forbids something: the address is listed, and not as new.
  for (const mark of book.enis[eni]?.released ?? [])
    if ((since.get(mark.ip) ?? Number.POSITIVE_INFINITY) <= mark.generation) marks.set(mark.ip, mark.generation);
  for (const ip of asked)
    if (!used.has(ip) && since.has(ip)) marks.set(ip, Math.max(marks.get(ip) ?? 0, pool.release?.generation ?? 0));
  const released = [...marks].map(([ip, generation]) => ({ ip, generation })).sort((a, b) => compare(a.ip, b.ip));
  const enis = { ...book.enis, [eni]: { generation: pool.generation, released } };
  return {
    use: { generation: pool.generation, inUse, released, refused: asked.filter((ip) => used.has(ip)) },
    book: { ...book, enis },
  };
}

/** Once the API says that a VpcENI is gone: no view of it is believed again, should an old one turn up. Its allocations stay until their Pods end. */
export function eniGone(book: AddressBook, eni: string): AddressBook {
  return { ...book, enis: { ...book.enis, [eni]: { generation: 2_147_483_647, released: [] } } };
}

/** Forgets when addresses were freed that no ENI lists any more, so that the book stays as small as the pools. */
export function withoutOldRests(book: AddressBook, views: readonly PoolView[]): AddressBook {
  const listed = new Set(views.flatMap((view) => view.pool.addresses.map((address) => address.ip)));
  const kept = Object.entries(book.freedAt).filter(([ip]) => listed.has(ip));
  return kept.length === Object.keys(book.freedAt).length ? book : { ...book, freedAt: Object.fromEntries(kept) };
}

/** For a node whose disk was lost: what the agent itself reported last is the best that is known. An ENI that the book knows is left alone. */
export function recovered(book: AddressBook, eni: string, use: AddressUse): AddressBook {
  if (book.enis[eni] !== undefined) return book;
  const known = use.inUse.filter(
    ({ ip, podUID }) => book.allocations[ip] === undefined && allocationOf(book, podUID) === undefined,
  );
  return {
    ...book,
    allocations: { ...book.allocations, ...Object.fromEntries(known.map(({ ip, podUID }) => [ip, { eni, podUID }])) },
    enis: { ...book.enis, [eni]: { generation: use.generation, released: use.released } },
  };
}

const believed = ({ eni, pool }: PoolView, book: AddressBook): boolean =>
  pool.generation >= (book.enis[eni]?.generation ?? 0);

const isGivenBack = (book: AddressBook, eni: string, ip: string, since: number): boolean =>
  book.enis[eni]?.released.some((mark) => mark.ip === ip && mark.generation >= since) ?? false;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
