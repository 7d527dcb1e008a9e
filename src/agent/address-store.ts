// The address book on disk: kept in memory, changed at once, and written so that many changes share one write.
import { rename } from 'node:fs/promises';
import { z } from 'zod';
import type { VpcEni } from '../api/vpc-eni.ts';
import { errorText, TrunklineError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import {
  type AddressBook,
  addressBookSchema,
  allocate,
  allocationOf,
  emptyBook,
  type Holders,
  holdersOf,
} from './address-book.ts';
import { type AddressOffers, addressOffers } from './address-offers.ts';
import { readIfThere, writeDurably } from './durable-file.ts';
import { agentErrors } from './errors.ts';
import type { PluggedEni } from './node-enis.ts';
import type { Wired } from './wired-store.ts';

/** A Pod as calls about it need it. */
export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

const fileSchema = z.object({
  book: addressBookSchema,
  /** By UID, for every Pod that has an address: the API is asked by name. */
  pods: z.record(z.string(), z.object({ namespace: z.string(), name: z.string() })),
});

export interface AddressStore {
  /**
   * Reads the file; one that cannot be read is set aside with the ending `.unreadable`, and logged. What `wired` has and the file lacks is
   * added: a Pod that is wired holds its address whatever the file says.
   */
  load(wired: readonly Wired[]): Promise<void>;
  readonly book: AddressBook;
  /** Of the book as it is now; made anew only after its allocations changed. */
  readonly holders: Holders;
  /** What `addressOffers` says with the book as it is now; made anew only after one of the objects or devices, or what was given back, changed. */
  offers(enis: readonly VpcEni[], plugged: readonly PluggedEni[], nodeName: string): AddressOffers;
  /** Undefined for a Pod that was never named. */
  nameOf(podUid: string): PodName | undefined;
  /** For a Pod that has an address, or is about to. */
  setName(podUid: string, pod: PodName): void;
  /** Takes effect in memory before it returns; listeners are told when the book is another one. */
  change(fn: (book: AddressBook) => AddressBook): void;
  /** Resolves once everything that was changed before this call is on disk; rejects when it cannot be written, and a later call tries again. */
  saved(): Promise<void>;
  /** After each change of the book. */
  onChange(fn: () => void): () => void;
  /** After a change by which fewer addresses are taken. */
  onFreed(fn: () => void): () => void;
}

/** One file, whole or not there. */
export function createAddressStore(options: { readonly path: string; readonly logger: Logger }): AddressStore {
  const { path, logger } = options;
  const names = new Map<string, PodName>();
  const listeners = new Set<(before: AddressBook) => void>();
  let book: AddressBook = emptyBook;
  const offersOf = createOffers();
  let holders: { readonly of: AddressBook['allocations']; readonly found: Holders } | undefined;
  let changed = 0;
  let written = 0;
  let running: { readonly version: number; readonly done: Promise<void> } | undefined;
  let next: Promise<void> | undefined;

  const write = async (): Promise<void> => {
    const holders = new Set(Object.values(book.allocations).map(({ podUID }) => podUID));
    for (const uid of names.keys()) if (!holders.has(uid)) names.delete(uid);
    await writeDurably(path, `${JSON.stringify({ book, pods: Object.fromEntries(names) })}\n`);
  };
  const startWrite = (): Promise<void> => {
    next = undefined;
    const version = changed;
    const done = write().then(
      () => {
        running = undefined;
        written = version;
      },
      (error: unknown) => {
        running = undefined;
        throw error;
      },
    );
    running = { version, done };
    return done;
  };
  const change: AddressStore['change'] = (fn) => {
    const before = book;
    book = fn(book);
    if (book === before) return;
    changed += 1;
    for (const tell of listeners) tell(before);
  };
  const listen = (own: (before: AddressBook) => void): (() => void) => {
    listeners.add(own);
    return () => listeners.delete(own);
  };
  return {
    load: async (wired) => {
      const found = await readBook(path, logger);
      book = found.book;
      for (const [uid, pod] of Object.entries(found.pods)) names.set(uid, pod);
      for (const record of wired) {
        if (record.wiring.kind !== 'shared' || record.wiring.vpcIpUID !== undefined) continue;
        names.set(record.pod.uid, { namespace: record.pod.namespace, name: record.pod.name });
        change((known) => withWired(known, record, logger));
      }
    },
    get book() {
      return book;
    },
    get holders() {
      if (holders?.of !== book.allocations) holders = { of: book.allocations, found: holdersOf(book.allocations) };
      return holders.found;
    },
    offers: (enis, plugged, nodeName) => offersOf(enis, plugged, book, nodeName),
    nameOf: (uid) => names.get(uid),
    setName: (uid, { namespace, name }) => {
      if (names.has(uid)) return;
      names.set(uid, { namespace, name });
      changed += 1;
    },
    change,
    saved: () => {
      if (written === changed) return Promise.resolve();
      if (running === undefined) return startWrite();
      if (running.version === changed) return running.done;
      // Whoever comes while a write runs shares the next one: the running one has missed what was changed.
      next ??= running.done.then(startWrite, startWrite);
      return next;
    },
    onChange: (fn) => listen(() => fn()),
    onFreed: (fn) =>
      listen((before) => {
        if (book.allocations !== before.allocations && taken(book) < taken(before)) fn();
      }),
  };
}

/** Keeps the last answer: a hundred ADDs may come between two changes of the pools, and a pool has hundreds of addresses to read. */
function createOffers(): typeof addressOffers {
  let last: { readonly inputs: readonly unknown[]; readonly offers: AddressOffers } | undefined;
  return (enis, plugged, book, nodeName) => {
    // Of the book, only what was given back counts.
    const inputs = [nodeName, book.enis, plugged, ...enis];
    const known = last?.inputs.length === inputs.length && last.inputs.every((input, at) => input === inputs[at]);
    if (last === undefined || !known) last = { inputs, offers: addressOffers(enis, plugged, book, nodeName) };
    return last.offers;
  };
}

const taken = (book: AddressBook): number => Object.keys(book.allocations).length;

async function readBook(path: string, logger: Logger): Promise<z.infer<typeof fileSchema>> {
  const nothing = { book: emptyBook, pods: {} };
  try {
    const bytes = await readIfThere(path);
    return bytes === undefined ? nothing : fileSchema.parse(JSON.parse(bytes.toString()));
  } catch (cause) {
    const error = new TrunklineError(agentErrors.stateUnreadable, `${path}: ${errorText(cause)}`);
    logger.error({ code: error.code, error: error.message }, 'state file set aside');
    await rename(path, `${path}.unreadable`);
    return nothing;
  }
}

function withWired(book: AddressBook, { pod, wiring }: Wired, logger: Logger): AddressBook {
  if (wiring.kind !== 'shared') return book;
  const { podIp, vpcEniUID } = wiring;
  if (allocationOf(book, pod.uid)?.ip === podIp) return book;
  // What is in use is never given back: after a power cut a record that was deleted may be there again.
  if (book.enis[vpcEniUID]?.released.some(({ ip }) => ip === podIp) === true) return book;
  try {
    return allocate(book, vpcEniUID, podIp, pod.uid);
  } catch (error) {
    // Two claims to one address: the book was durable first, so it is right.
    logger.error({ pod: pod.uid, ip: podIp, error: errorText(error) }, 'a wiring and the address book differ');
    return book;
  }
}
