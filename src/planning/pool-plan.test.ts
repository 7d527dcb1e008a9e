// What is done about a node's shared addresses: each action in its situation, and that a plan which is carried out leads to rest.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AddressPool,
  type AddressUse,
  afterUnassign,
  askedBack,
  emptyPool,
  listed,
  takenBack,
} from './address-pool.ts';
import { countBound, type PoolAction, type PoolEni, planPool, UNASSIGN_BATCH } from './pool-plan.ts';

const ips = (from: number, count: number): string[] => Array.from({ length: count }, (_, n) => `10.0.0.${from + n}`);
const use = (pool: AddressPool, over: Partial<AddressUse> = {}): AddressUse => ({
  generation: pool.generation,
  inUse: [],
  released: [],
  refused: [],
  observedAt: '',
  ...over,
});
const holding = (...used: string[]): AddressUse['inUse'] => used.map((ip) => ({ ip, podUID: `pod-${ip}` }));

/** A ready ENI whose addresses are all listed, as the last describe showed. */
const eni = (name: string, addresses: string[], over: Partial<PoolEni> = {}): PoolEni => {
  const pool = over.pool ?? listed(emptyPool, addresses);
  return {
    name,
    trunk: false,
    ready: true,
    cap: 9,
    pool,
    seen: { generation: pool.generation, addresses: addresses.map((ip) => ({ ip, settled: true })) },
    arriving: 0,
    busy: false,
    ...over,
  };
};
const plan = (enis: PoolEni[], target: { bind?: number; release?: number } = {}, maxENI = 3): readonly PoolAction[] =>
  planPool({ enis, maxENI, maxIPPerENI: 9, target: { bind: 0, release: 0, ...target } }).actions;

describe('planPool', () => {
  it('does nothing about a node that has what it should', () => {
    expect(plan([eni('a', ips(1, 5)), eni('b', [])])).toEqual([]);
  });

  it('fills the ENIs there are, each by one call, and then adds one', () => {
    expect(plan([eni('a', ips(1, 7)), eni('b', ips(20, 4))], { bind: 10 })).toEqual([
      { kind: 'assign', eni: 'a', count: 2 },
      { kind: 'assign', eni: 'b', count: 5 },
      { kind: 'add-eni', count: 3 },
    ]);
  });

  it('waits for an ENI that is being made or worked on, and goes round one whose subnet is dry', () => {
    const making = eni('b', [], { ready: false, arriving: 5 });
    expect(plan([making], { bind: 4 })).toEqual([]);
    expect(plan([making], { bind: 6 })).toEqual([{ kind: 'add-eni', count: 2 }]);
    expect(plan([eni('a', ips(1, 2), { busy: true })], { bind: 4 })).toEqual([]);
    expect(plan([eni('a', ips(1, 2), { dry: true })], { bind: 4 })).toEqual([{ kind: 'add-eni', count: 4 }]);
  });

  it('says how much no ENI has room for', () => {
    const enis = [eni('a', ips(1, 8)), eni('b', ips(20, 9))];
    expect(planPool({ enis, maxENI: 2, maxIPPerENI: 9, target: { bind: 4, release: 0 } }).unmet).toBe(3);
    expect(planPool({ enis, maxENI: 4, maxIPPerENI: 9, target: { bind: 12, release: 0 } }).unmet).toBe(0);
  });

  it('looks in doubt before it binds, lists or unassigns anything', () => {
    const { seen: _, ...inDoubt } = eni('a', ips(1, 3));
    expect(plan([inDoubt], { bind: 3 })).toEqual([{ kind: 'look', eni: 'a', when: 'now' }]);
  });

  it('lists what the cloud shows settled, and drops what it shows no more', () => {
    const pool = listed(emptyPool, ips(1, 2));
    const addresses = [...ips(2, 2).map((ip) => ({ ip, settled: true })), { ip: '10.0.0.9', settled: false }];
    expect(plan([eni('a', [], { pool, seen: { generation: 1, addresses } })])).toEqual([
      { kind: 'drop', eni: 'a', addresses: ['10.0.0.1'] },
      { kind: 'list', eni: 'a', addresses: ['10.0.0.3'] },
      { kind: 'look', eni: 'a', when: 'settled' },
    ]);
  });

  it('looks again when the pool has changed since the cloud was asked', () => {
    const pool = afterUnassign(listed(emptyPool, ips(1, 2)), ips(1, 1));
    const seen = { generation: 1, addresses: ips(1, 2).map((ip) => ({ ip, settled: true })) };
    expect(plan([eni('a', [], { pool, seen })])).toEqual([{ kind: 'look', eni: 'a', when: 'now' }]);
  });

  it('asks for idle addresses, the newest first, of the ENI that is used least', () => {
    const older = listed(listed(emptyPool, ips(1, 2)), ips(3, 2));
    const b = eni('b', ips(1, 4), { pool: older, use: use(older, { inUse: holding('10.0.0.4') }) });
    const a = eni('a', ips(20, 5));
    const busyA = { ...a, use: use(a.pool, { inUse: holding('10.0.0.20', '10.0.0.21') }) };
    expect(plan([busyA, b], { release: 2 })).toEqual([
      { kind: 'ask-back', eni: 'b', addresses: ['10.0.0.3', '10.0.0.2'] },
    ]);
    expect(plan([busyA, b], { release: 9 }).map((action) => 'addresses' in action && action.addresses.length)).toEqual([
      3, 3,
    ]);
  });

  it('makes one request at a time', () => {
    const pool = askedBack(listed(emptyPool, ips(1, 5)), ips(1, 1));
    expect(plan([eni('a', ips(1, 5), { pool })], { release: 1 })).toEqual([]);
  });

  it('takes an unanswered request back before it binds more', () => {
    const pool = askedBack(listed(emptyPool, ips(1, 5)), ips(1, 2));
    expect(plan([eni('a', ips(1, 5), { pool })], { bind: 3 })).toEqual([
      { kind: 'take-back-request', eni: 'a', addresses: ips(1, 2) },
      { kind: 'assign', eni: 'a', count: 1 },
    ]);
  });

  it('forgets what was refused, and unassigns what was given up, ten at a time', () => {
    const pool = askedBack(listed(emptyPool, ips(1, 20)), ips(1, 13));
    const answer = use(pool, {
      inUse: holding('10.0.0.1'),
      refused: ['10.0.0.1'],
      released: ips(2, 12).map((ip) => ({ ip, generation: 2 })),
    });
    expect(plan([eni('a', ips(1, 20), { pool, use: answer, cap: 30 })])).toEqual([
      { kind: 'forget-refused', eni: 'a', addresses: ['10.0.0.1'] },
      { kind: 'unassign', eni: 'a', addresses: ips(2, UNASSIGN_BATCH) },
    ]);
  });

  it('never takes an acked address back, but binds others', () => {
    const pool = askedBack(listed(emptyPool, ips(1, 3)), ips(1, 1));
    const answer = use(pool, { released: [{ ip: '10.0.0.1', generation: 2 }] });
    expect(plan([eni('a', ips(1, 3), { pool, use: answer })], { bind: 1 })).toEqual([
      { kind: 'assign', eni: 'a', count: 1 },
    ]);
  });

  it('waits for the room that given-up addresses make, unless nothing may be unassigned', () => {
    const pool = askedBack(listed(emptyPool, ips(1, 5)), ips(1, 5));
    const answer = use(pool, { released: ips(1, 5).map((ip) => ({ ip, generation: 2 })) });
    const enis = [eni('a', ips(1, 5), { pool, use: answer })];
    expect(plan(enis, { bind: 6 })).toEqual([{ kind: 'assign', eni: 'a', count: 4 }]);
    expect(plan(enis, { bind: 10 })).toEqual([
      { kind: 'assign', eni: 'a', count: 4 },
      { kind: 'add-eni', count: 1 },
    ]);
    const target = { bind: 6, release: 0 };
    expect(planPool({ enis, maxENI: 3, maxIPPerENI: 9, target, unassigns: false }).actions).toContainEqual({
      kind: 'add-eni',
      count: 2,
    });
  });

  it('empties an ENI above its cap at once, and the unused ones in excess, but never the trunk', () => {
    const over = eni('a', ips(1, 9), { cap: 4 });
    expect(plan([over])).toEqual([{ kind: 'ask-back', eni: 'a', addresses: ips(5, 5).reverse() }]);
    const trunk = eni('trunk', [], { trunk: true });
    const used = eni('used', ips(1, 3), { use: use(emptyPool, { inUse: holding('10.0.0.1') }) });
    const idle = eni('idle', ips(20, 2));
    expect(countBound([trunk, used, idle], 2)).toBe(3);
    expect(plan([trunk, used, idle], {}, 2)).toEqual([
      { kind: 'ask-back', eni: 'idle', addresses: ips(20, 2).reverse() },
    ]);
    const pool = askedBack(idle.pool, ips(20, 2));
    const given = use(pool, { released: ips(20, 2).map((ip) => ({ ip, generation: 2 })) });
    expect(plan([trunk, used, { ...idle, pool, use: given }], {}, 2)).toEqual([{ kind: 'retire-eni', eni: 'idle' }]);
    expect(plan([trunk, used], {}, 0)).toEqual([]);
  });

  it('comes to rest: carried out against an obedient cloud and agent, it ends with the wanted number and no further action', () => {
    const startArb = fc.array(fc.record({ count: fc.nat(9), used: fc.nat(9), trunk: fc.boolean() }), { maxLength: 3 });
    fc.assert(
      fc.property(startArb, fc.nat(36), fc.integer({ min: 1, max: 4 }), (start, wanted, maxENI) => {
        const used = start.reduce((sum, one) => sum + Math.min(one.used, one.count), 0);
        let enis = start.map(({ count, used: number, trunk }, n): PoolEni => {
          const addresses = ips(1 + n * 20, count);
          const fresh = eni(`eni-${n}`, addresses, { trunk: trunk && n === 0 });
          return { ...fresh, use: use(fresh.pool, { inUse: holding(...addresses.slice(0, number)) }) };
        });
        const goal = Math.max(used, Math.min(wanted, maxENI * 9));
        let next = 100;
        for (let round = 0; round < 40; round += 1) {
          const bound = countBound(enis, maxENI);
          const target = { bind: Math.max(0, goal - bound), release: Math.max(0, bound - goal) };
          const { actions } = planPool({ enis, maxENI, maxIPPerENI: 9, target });
          if (actions.length === 0) break;
          for (const action of actions) {
            enis = carryOut(enis, action, () => `10.0.1.${next++}`);
            for (const one of enis) expect(one.seen?.addresses.length).toBeLessThanOrEqual(9);
          }
          enis = enis.map(answered);
        }
        expect(countBound(enis, maxENI)).toBe(goal);
        expect(enis.reduce((sum, one) => sum + (one.use?.inUse.length ?? 0), 0)).toBe(used);
        for (const one of enis) expect(one.pool.release).toBeUndefined();
      }),
    );
  });
});

/** The agent gives up what is asked for, unless it is in use. */
function answered(one: PoolEni): PoolEni {
  const held = one.use?.inUse ?? [];
  const free = (one.pool.release?.addresses ?? []).filter((ip) => !held.some((entry) => entry.ip === ip));
  const released = free.map((ip) => ({ ip, generation: one.pool.generation }));
  return { ...one, use: use(one.pool, { inUse: held, released }) };
}

/** The controller, the API and the cloud in one step. */
function carryOut(enis: PoolEni[], action: PoolAction, newIp: () => string): PoolEni[] {
  if (action.kind === 'add-eni') {
    const addresses = Array.from({ length: action.count }, newIp);
    return [...enis, eni(`eni-${enis.length}-new`, addresses, { pool: listed(emptyPool, addresses) })];
  }
  if (action.kind === 'retire-eni') return enis.filter((one) => one.name !== action.eni);
  return enis.map((one): PoolEni => {
    if (one.name !== action.eni) return one;
    const shown = one.seen?.addresses ?? [];
    const withPool = (pool: AddressPool, addresses = shown): PoolEni => ({
      ...one,
      pool,
      seen: { generation: pool.generation, addresses },
    });
    switch (action.kind) {
      case 'list':
        return withPool(listed(one.pool, action.addresses));
      case 'drop':
        return withPool(afterUnassign(one.pool, action.addresses));
      case 'ask-back':
        return withPool(askedBack(one.pool, action.addresses));
      case 'take-back-request':
      case 'forget-refused':
        return withPool(takenBack(one.pool, one.use, action.addresses));
      case 'unassign':
        return withPool(
          one.pool,
          shown.filter(({ ip }) => !action.addresses.includes(ip)),
        );
      case 'assign':
        return withPool(one.pool, [
          ...shown,
          ...Array.from({ length: action.count }, () => ({ ip: newIp(), settled: true })),
        ]);
      case 'look':
        return one;
    }
  });
}
