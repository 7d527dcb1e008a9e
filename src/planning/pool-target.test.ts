// The target of the warm pool: examples of the facts, and what holds for all.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PoolFacts, planPoolTarget, RELEASE_INTERVAL_MS } from './pool-target.ts';

const facts = (over: Partial<PoolFacts> = {}): PoolFacts => ({
  pods: 0,
  bound: 0,
  min: 5,
  max: 5,
  desired: 0,
  quota: 27,
  quickRelease: false,
  nowMs: 1_000_000,
  ...over,
});

const anyFacts: fc.Arbitrary<PoolFacts> = fc
  .record({
    pods: fc.nat(60),
    inUse: fc.nat(60),
    bound: fc.nat(60),
    targets: fc.tuple(fc.nat(30), fc.nat(30)),
    desired: fc.nat(60),
    quota: fc.nat(60),
    quickRelease: fc.boolean(),
    nowMs: fc.integer({ min: 1_000_000, max: 2_000_000 }),
    ago: fc.option(fc.nat(300_000), { nil: undefined }),
  })
  .map(({ targets: [a, b], ago, ...rest }) => ({
    ...rest,
    min: Math.min(a, b),
    max: Math.max(a, b),
    ...(ago === undefined ? {} : { lastReleaseMs: rest.nowMs - ago }),
  }));

describe('planPoolTarget', () => {
  it('binds up to Pods plus the least to spare, in one go', () => {
    expect(planPoolTarget(facts({ bound: 2, pods: 12, min: 3 }))).toMatchObject({ wanted: 15, bind: 13, release: 0 });
  });

  it('leaves the pool alone between the least and the most', () => {
    for (const bound of [7, 8, 12])
      expect(planPoolTarget(facts({ bound, pods: 4, min: 3, max: 8 }))).toMatchObject({ bind: 0, release: 0 });
  });

  it('gives back one per two minutes, or all in one round with quick release', () => {
    const late = { bound: 20, pods: 2, lastReleaseMs: 1_000_000 - RELEASE_INTERVAL_MS };
    expect(planPoolTarget(facts(late))).toMatchObject({ release: 1, releaseDueMs: 1_000_000 + RELEASE_INTERVAL_MS });
    const quick = planPoolTarget(facts({ ...late, quickRelease: true }));
    expect(quick).toMatchObject({ release: 13, wanted: 7 });
    expect(quick.releaseDueMs).toBeUndefined();
    expect(planPoolTarget(facts({ ...late, lastReleaseMs: 1_000_000 - RELEASE_INTERVAL_MS + 1 })).release).toBe(0);
  });

  it('lets a surplus that has just appeared wait for one interval', () => {
    const seen = planPoolTarget(facts({ bound: 20 }));
    expect(seen).toMatchObject({ release: 0, lastReleaseMs: 1_000_000, releaseDueMs: 1_000_000 + RELEASE_INTERVAL_MS });
    expect(planPoolTarget(facts({ bound: 10, pods: 5 })).lastReleaseMs).toBeUndefined();
  });

  it('gives back at once what a lowered cap leaves no room for, and never what is in use', () => {
    expect(planPoolTarget(facts({ bound: 20, pods: 4, quota: 9 }))).toMatchObject({ release: 11 });
    expect(planPoolTarget(facts({ bound: 20, pods: 4, inUse: 12, quota: 9 }))).toMatchObject({ release: 8 });
  });

  it('keeps at least the number that is asked for', () => {
    expect(planPoolTarget(facts({ bound: 5, desired: 20 }))).toMatchObject({ bind: 15 });
    expect(planPoolTarget(facts({ bound: 20, desired: 20, lastReleaseMs: 0 }))).toMatchObject({ release: 0 });
    expect(planPoolTarget(facts({ bound: 5, desired: 200 }))).toMatchObject({ wanted: 27, bind: 22 });
  });

  it('says why in words that name the numbers', () => {
    expect(planPoolTarget(facts({ bound: 6, pods: 3 })).reason).toBe('6 bound, 8 wanted: 3 Pods and 5 to spare');
    expect(planPoolTarget(facts({ bound: 6, pods: 30 })).reason).toContain('as many as the node can have (27)');
  });

  it('wants and binds more, and releases less, the more Pods there are', () => {
    fc.assert(
      fc.property(anyFacts, fc.nat(20), (base, more) => {
        const one = planPoolTarget(base);
        const other = planPoolTarget({ ...base, pods: base.pods + more });
        expect(other.wanted).toBeGreaterThanOrEqual(one.wanted);
        expect(other.bind).toBeGreaterThanOrEqual(one.bind);
        expect(other.release).toBeLessThanOrEqual(one.release);
      }),
    );
  });

  it('never goes below use, never binds above the quota, never does both', () => {
    fc.assert(
      fc.property(anyFacts, (base) => {
        const { bind, release } = planPoolTarget(base);
        expect(bind).toBeGreaterThanOrEqual(0);
        expect(release).toBeGreaterThanOrEqual(0);
        expect(Math.min(bind, release)).toBe(0);
        if (bind > 0) expect(base.bound + bind).toBeLessThanOrEqual(base.quota);
        expect(base.bound - release).toBeGreaterThanOrEqual(Math.min(base.bound, Math.max(base.pods, base.inUse ?? 0)));
        if (bind === 0 && base.bound < base.pods + base.min) expect(base.bound).toBeGreaterThanOrEqual(base.quota);
      }),
    );
  });

  it('asks for nothing more once it was obeyed, and settles within the two bounds without turning round', () => {
    fc.assert(
      fc.property(anyFacts, (base) => {
        let now = base;
        const directions = new Set<string>();
        for (let round = 0; round < 70; round += 1) {
          const plan = planPoolTarget(now);
          if (plan.bind > 0) directions.add('bind');
          if (plan.release > 0) directions.add('release');
          const { lastReleaseMs: _, ...rest } = now;
          const after: PoolFacts = {
            ...rest,
            bound: now.bound + plan.bind - plan.release,
            ...(plan.lastReleaseMs === undefined ? {} : { lastReleaseMs: plan.lastReleaseMs }),
          };
          expect(planPoolTarget(after)).toMatchObject({ bind: 0, release: 0, wanted: plan.wanted });
          if (after.bound !== plan.wanted) expect(plan.releaseDueMs).toBeGreaterThan(now.nowMs);
          now = { ...after, nowMs: now.nowMs + RELEASE_INTERVAL_MS };
        }
        expect(directions.size).toBeLessThan(2);
        expect(planPoolTarget(now)).toMatchObject({ wanted: now.bound, bind: 0, release: 0 });
      }),
      { numRuns: 200 },
    );
  });
});
