// The rules of the handshake as the model plays them, and what each would be when it is broken: the model must see the difference.
import { type AddressBook, answer, type PoolView, pick } from '../../agent/address-book.ts';
import { acked, type AddressPool, type Answer, takenBack } from '../address-pool.ts';

export interface HandshakeRules {
  readonly takenBack: typeof takenBack;
  readonly pick: typeof pick;
  readonly answer: typeof answer;
  /** The call that unassigns is recorded by a write with the resourceVersion it was decided on. */
  readonly recordBeforeUnassign: boolean;
  /** What the cloud showed counts for the generation of the pool at which it was asked. */
  readonly datedObservations: boolean;
  /** What the agent gave back is on its disk before it says so. */
  readonly durableBeforeReport: boolean;
  /** ipamd's writes carry a resourceVersion. */
  readonly lockedWrites: boolean;
  /** A former leader's calls are held back. */
  readonly fenced: boolean;
}

export const rules: HandshakeRules = {
  takenBack,
  pick,
  answer,
  recordBeforeUnassign: true,
  datedObservations: true,
  durableBeforeReport: true,
  lockedWrites: true,
  fenced: true,
};

/** Every address in the answer's generation again, though it was answered for. */
const keepingSince = (pool: AddressPool, use: Answer | undefined, ips: readonly string[]): AddressPool => {
  const next = takenBack(pool, use, ips);
  return next === pool ? pool : { ...next, addresses: pool.addresses };
};

const takingAckedBack = (pool: AddressPool, use: Answer | undefined, ips: readonly string[]): AddressPool =>
  takenBack(pool, use === undefined ? undefined : { ...use, released: [] }, [...ips, ...acked(pool, use)]);

const withoutMarks = (book: AddressBook): AddressBook => ({
  ...book,
  enis: Object.fromEntries(Object.entries(book.enis).map(([eni, entry]) => [eni, { ...entry, released: [] }])),
});

const withoutGenerations = (book: AddressBook): AddressBook => ({
  ...book,
  enis: Object.fromEntries(Object.entries(book.enis).map(([eni, entry]) => [eni, { ...entry, generation: 0 }])),
});

/** By name: one rule broken in each. */
export const brokenRules: Readonly<Record<string, HandshakeRules>> = {
  'a request is taken back without making its addresses new': { ...rules, takenBack: keepingSince },
  'an acked address is taken back': { ...rules, takenBack: takingAckedBack },
  'the agent hands out what it gave back': {
    ...rules,
    pick: (views, book, now, rest) => pick(views, withoutMarks(book), now, rest),
  },
  'the agent believes views older than one it answered': {
    ...rules,
    pick: (views, book, now, rest) => pick(views, withoutGenerations(book), now, rest),
    answer: (view, book) => answer(view, withoutGenerations(book)),
  },
  'the agent gives up addresses that are in use': {
    ...rules,
    answer: (view: PoolView, book: AddressBook) => {
      const said = answer(view, { ...book, allocations: {} });
      return { ...said, book: { ...said.book, allocations: book.allocations } };
    },
  },
  'the agent reports before it is on disk': { ...rules, durableBeforeReport: false },
  'a call that unassigns is not recorded first': { ...rules, recordBeforeUnassign: false },
  'an old look at the cloud counts': { ...rules, datedObservations: false },
  'ipamd writes without a resourceVersion': { ...rules, lockedWrites: false },
  'a former leader may still call the cloud': { ...rules, fenced: false },
};
