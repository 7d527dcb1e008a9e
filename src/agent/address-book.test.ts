// The agent's book of shared addresses: which is handed out, what is answered, and what is remembered. The whole: address-handshake.model.test.ts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AddressBook,
  addressBookSchema,
  type AddressPool,
  allocate,
  allocationOf,
  answer,
  emptyBook,
  eniGone,
  freed,
  type PoolView,
  pick,
  recovered,
  withoutOldRests,
} from './address-book.ts';

const REST_MS = 30_000;
const pool = (
  generation: number,
  addresses: Record<string, number>,
  release?: AddressPool['release'],
): AddressPool => ({
  generation,
  addresses: Object.entries(addresses).map(([ip, since]) => ({ ip, since })),
  ...(release === undefined ? {} : { release }),
});
const view = (eni: string, shown: AddressPool): { eni: string; pool: AddressPool } => ({ eni, pool: shown });
const picked = (
  book: AddressBook,
  nowMs: number,
  ...views: { eni: string; pool: AddressPool }[]
): string | undefined => {
  const found = pick(views, book, nowMs, REST_MS);
  return found.ok ? `${found.eni}/${found.ip}` : undefined;
};

/** By sorting everything. */
function firstInOrder(views: readonly PoolView[], book: AddressBook, nowMs: number): string | undefined {
  const kept = views
    .filter(({ eni, pool: { generation } }) => generation >= (book.enis[eni]?.generation ?? 0))
    .flatMap(({ eni, pool: { addresses } }) => addresses.map((address) => ({ ...address, eni })))
    .filter(
      ({ eni, ip, since }) =>
        book.enis[eni]?.released.some((mark) => mark.ip === ip && mark.generation >= since) !== true,
    );
  const busy = (eni: string): number => Object.values(book.allocations).filter((holder) => holder.eni === eni).length;
  const [best] = kept
    .filter(({ ip }) => book.allocations[ip] === undefined && kept.filter((other) => other.ip === ip).length === 1)
    .filter(({ ip }) => {
      const since = book.freedAt[ip];
      return since === undefined || since > nowMs || since + REST_MS <= nowMs;
    })
    .sort(
      (a, b) =>
        (book.freedAt[a.ip] ?? 0) - (book.freedAt[b.ip] ?? 0) ||
        busy(b.eni) - busy(a.eni) ||
        a.since - b.since ||
        a.eni.localeCompare(b.eni) ||
        a.ip.localeCompare(b.ip),
    );
  return best === undefined ? undefined : `${best.eni}/${best.ip}`;
}

describe('pick', () => {
  it('is the first of all that are free, in the order of its contract', () => {
    const few = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
    const addresses = fc.uniqueArray(fc.record({ ip: few, since: fc.integer({ min: 1, max: 3 }) }), {
      selector: ({ ip }) => ip,
    });
    const views = fc.uniqueArray(
      fc.record({
        eni: fc.constantFrom('e1', 'e2', 'e3'),
        pool: fc.record({ generation: fc.integer({ min: 1, max: 4 }), addresses }),
      }),
      { selector: ({ eni }) => eni },
    );
    const marks = fc.array(fc.record({ ip: few, generation: fc.integer({ min: 1, max: 4 }) }));
    const books = fc.record({
      allocations: fc.dictionary(few, fc.record({ eni: fc.constantFrom('e1', 'e2', 'e3'), podUID: fc.uuid() })),
      enis: fc.dictionary(
        fc.constantFrom('e1', 'e2', 'e3'),
        fc.record({ generation: fc.integer({ min: 1, max: 3 }), released: marks }),
      ),
      freedAt: fc.dictionary(few, fc.integer({ min: 0, max: 200_000 })),
    });
    fc.assert(
      fc.property(views, books, (shown, book) => {
        const found = pick(shown, book, 100_000, REST_MS);
        expect(found.ok ? `${found.eni}/${found.ip}` : undefined).toBe(firstInOrder(shown, book, 100_000));
      }),
      { numRuns: 2_000 },
    );
  });

  it('hands out what is listed and free, from the ENI that most Pods use', () => {
    const views = [view('e1', pool(1, { a: 1, b: 1 })), view('e2', pool(1, { c: 1, d: 1 }))];
    expect(picked(emptyBook, 0, ...views)).toBe('e1/a');
    expect(picked(allocate(emptyBook, 'e2', 'c', 'p1'), 0, ...views)).toBe('e2/d');
  });

  it('lets an address rest after its Pod, and then takes the one that has been free for longest', () => {
    const one = view('e1', pool(1, { a: 1, b: 1 }));
    let book = allocate(allocate(emptyBook, 'e1', 'a', 'p1'), 'e1', 'b', 'p2');
    book = freed(freed(book, 'p2', 1_000), 'p1', 2_000);
    expect(pick([one], book, 30_999, REST_MS)).toMatchObject({ ok: false, resting: 2, restedAtMs: 31_000 });
    expect(picked(book, 32_000, one)).toBe('e1/b');
  });

  it('does not wait for a time that a clock wrote which was set back since', () => {
    const book = freed(allocate(emptyBook, 'e1', 'a', 'p1'), 'p1', 900_000);
    expect(picked(book, 1_000, view('e1', pool(1, { a: 1 })))).toBe('e1/a');
  });

  it('says what became of all of them when there is none', () => {
    const given = answer(
      view('e1', pool(2, { a: 1, b: 1, c: 1 }, { generation: 2, addresses: ['a'] })),
      emptyBook,
    ).book;
    const book = allocate(given, 'e1', 'b', 'p1');
    const found = pick([view('e1', pool(2, { a: 1, b: 1, c: 1 })), view('e2', pool(1, { c: 1 }))], book, 0, REST_MS);
    expect(found).toEqual({ ok: false, listed: 4, inUse: 1, resting: 0, givenBack: 1, ambiguous: ['c'] });
  });
});

describe('allocate', () => {
  it('keeps the address of a Pod through every sandbox, and refuses to give anything twice', () => {
    const book = allocate(emptyBook, 'e1', 'a', 'p1');
    expect(allocationOf(book, 'p1')).toEqual({ eni: 'e1', ip: 'a' });
    expect(() => allocate(book, 'e1', 'a', 'p2')).toThrow('address a is allocated to Pod p1');
    expect(() => allocate(book, 'e1', 'b', 'p1')).toThrow('Pod p1 has a already');
  });
});

describe('answer', () => {
  it('gives up what is idle, refuses what is in use, and says the same as often as it is asked', () => {
    const book = allocate(emptyBook, 'e1', 'b', 'p1');
    const asked = view('e1', pool(2, { a: 1, b: 1, c: 1 }, { generation: 2, addresses: ['a', 'b'] }));
    const said = answer(asked, book);
    expect(said.use).toEqual({
      generation: 2,
      inUse: [{ ip: 'b', podUID: 'p1' }],
      released: [{ ip: 'a', generation: 2 }],
      refused: ['b'],
    });
    expect(answer(asked, said.book)).toEqual(said);
    expect(picked(said.book, 0, asked)).toBe('e1/c');
  });

  it('hands out again what is listed as new, and forgets what is over', () => {
    const given = answer(view('e1', pool(2, { a: 1 }, { generation: 2, addresses: ['a'] })), emptyBook).book;
    expect(picked(given, 0, view('e1', pool(3, { a: 1, z: 3 })))).toBe('e1/z');
    expect(picked(given, 0, view('e1', pool(3, { a: 3 })))).toBe('e1/a');
    expect(answer(view('e1', pool(3, {})), given).book.enis['e1']).toEqual({ generation: 3, released: [] });
  });

  it('believes no view that is older than one it answered', () => {
    const later = answer(view('e1', pool(3, {})), emptyBook).book;
    const old = view('e1', pool(2, { a: 1 }));
    expect(picked(later, 0, old)).toBeUndefined();
    expect(answer(old, later)).toEqual({ book: later });
    expect(picked(eniGone(emptyBook, 'e1'), 0, old)).toBeUndefined();
  });
});

describe('the book', () => {
  it('is plain data that survives the disk', () => {
    const book = freed(allocate(allocate(emptyBook, 'e1', 'a', 'p1'), 'e1', 'b', 'p2'), 'p2', 5);
    expect(addressBookSchema.parse(JSON.parse(JSON.stringify(book)))).toEqual(book);
  });

  it('forgets rests of addresses that no ENI lists', () => {
    const book = freed(allocate(emptyBook, 'e1', 'a', 'p1'), 'p1', 5);
    expect(withoutOldRests(book, [view('e1', pool(1, { a: 1 }))])).toBe(book);
    expect(withoutOldRests(book, []).freedAt).toEqual({});
  });

  it('takes its own last report for the truth when the disk was lost, and only then', () => {
    const use = {
      generation: 4,
      inUse: [{ ip: 'a', podUID: 'p1' }],
      released: [{ ip: 'b', generation: 3 }],
      refused: [],
      observedAt: '',
    };
    const book = recovered(emptyBook, 'e1', use);
    expect(picked(book, 0, view('e1', pool(4, { a: 1, b: 1, c: 1 })))).toBe('e1/c');
    expect(picked(book, 0, view('e1', pool(3, { c: 1 })))).toBeUndefined();
    expect(recovered(book, 'e1', { ...use, inUse: [] })).toBe(book);
  });
});
