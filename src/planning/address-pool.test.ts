// Each step of ipamd's side of the handshake. The whole of both sides: address-handshake.model.test.ts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  acked,
  type AddressPool,
  afterUnassign,
  askedBack,
  emptyPool,
  listed,
  refused,
  takenBack,
  unanswered,
} from './address-pool.ts';

const three = listed(emptyPool, ['a', 'b', 'c']);
const asked = askedBack(three, ['a', 'b', 'c']);
/** `a` given back, `b` in use, nothing said about `c`. */
const use = {
  generation: 1,
  inUse: [{ ip: 'b', podUID: 'p' }],
  released: [{ ip: 'a', generation: 2 }],
};

describe('the pool of an ENI', () => {
  it('lists what is new under a new generation, and nothing twice', () => {
    expect(three).toEqual({ generation: 1, addresses: ['a', 'b', 'c'].map((ip) => ({ ip, since: 1 })) });
    expect(listed(three, ['b'])).toBe(three);
    expect(listed(three, ['b', 'd', 'd']).addresses.at(-1)).toEqual({ ip: 'd', since: 2 });
  });

  it('asks for listed addresses, by one request at a time', () => {
    expect(asked.release).toEqual({ generation: 2, addresses: ['a', 'b', 'c'] });
    expect(askedBack(asked, ['a'])).toBe(asked);
    expect(askedBack(three, ['x'])).toBe(three);
  });

  it('tells what was given back, what is in use, and what has no answer', () => {
    expect([acked(asked, use), refused(asked, use), unanswered(asked, use)]).toEqual([['a'], [], ['b', 'c']]);
    const answered = { ...use, generation: 2 };
    expect([acked(asked, answered), refused(asked, answered), unanswered(asked, answered)]).toEqual([
      ['a'],
      ['b', 'c'],
      [],
    ]);
    expect([acked(asked, undefined), refused(asked, undefined)]).toEqual([[], []]);
  });

  it('takes no former answer for one to this request', () => {
    const old = { ...use, generation: 2, released: [{ ip: 'a', generation: 1 }] };
    expect(acked(asked, old)).toEqual([]);
  });

  it('makes new what it takes back, so that an answer under way is void, and leaves what was given back', () => {
    const back = takenBack(asked, use, ['a', 'c']);
    expect(back).toEqual({
      generation: 3,
      addresses: [
        { ip: 'a', since: 1 },
        { ip: 'b', since: 1 },
        { ip: 'c', since: 3 },
      ],
      release: { generation: 2, addresses: ['a', 'b'] },
    });
    expect(takenBack(asked, use, ['a'])).toBe(asked);
    expect(takenBack(three, use, ['a'])).toBe(three);
  });

  it('forgets what the cloud shows no more, and the request with the last of its addresses', () => {
    const left = afterUnassign(askedBack(three, ['a']), ['a']);
    expect(left).toEqual({ generation: 3, addresses: three.addresses.slice(1) });
    expect(afterUnassign(left, ['a'])).toBe(left);
  });

  it('has a higher generation after each change, a request only for listed addresses, and no address twice', () => {
    const ip = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.record({
      kind: fc.constantFrom('list', 'ask', 'back', 'gone'),
      ips: fc.array(ip, { maxLength: 4 }),
      given: fc.array(ip, { maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let pool: AddressPool = emptyPool;
        for (const { kind, ips, given } of steps) {
          const before = pool;
          const released = given.map((each) => ({ ip: each, generation: before.generation }));
          const answer = { generation: before.generation, inUse: [], released };
          if (kind === 'list') pool = listed(pool, ips);
          if (kind === 'ask') pool = askedBack(pool, ips);
          if (kind === 'back') pool = takenBack(pool, answer, ips);
          if (kind === 'gone') pool = afterUnassign(pool, ips);
          if (pool !== before) expect(pool.generation).toBe(before.generation + 1);
          const all = pool.addresses.map((address) => address.ip);
          expect(new Set(all).size).toBe(all.length);
          expect(all).toEqual(expect.arrayContaining(pool.release?.addresses ?? []));
          expect(pool.release?.addresses.length).not.toBe(0);
        }
      }),
    );
  });
});
