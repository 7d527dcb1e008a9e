// The quota of shared addresses: every published number, caps, and what may not be lowered.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkCaps, planEniIpQuota } from './eni-ip-quota.ts';

const told = { eniQuantity: 4, eniPrivateIpQuantity: 10 };

describe('planEniIpQuota', () => {
  it.each([
    [1, 5],
    [2, 27],
    [4, 27],
    [8, 95],
    [16, 273],
    [64, 273],
  ])('has the documented number for %i cores when the cloud does not tell', (cpu, quota) => {
    expect(planEniIpQuota({ limits: 'unavailable', cpu }).quota).toBe(quota);
  });

  it('counts neither the primary ENI nor the ENIs’ own addresses', () => {
    expect(planEniIpQuota({ limits: told, cpu: 4 })).toEqual({
      quota: 27,
      maxENI: 3,
      maxIPPerENI: 9,
      reason: '3 ENIs (limit of the model) with 9 addresses each (limit of the model)',
    });
  });

  it('takes the lowest cap of each kind, and names it', () => {
    const plan = planEniIpQuota({
      limits: told,
      cpu: 4,
      maxAttach: 2,
      maxRouteENI: 1,
      maxIpPerRouteEni: 5,
      maxIPPerENI: 7,
    });
    expect(plan).toMatchObject({ quota: 5, maxENI: 1, maxIPPerENI: 5 });
    expect(plan.reason).toBe('1 ENI (spec.maxRouteENI) with 5 addresses each (annotation max-ip-per-route-eni)');
  });

  it('offers nothing before anything is known', () => {
    expect(planEniIpQuota({ limits: undefined, cpu: 4 })).toMatchObject({
      quota: 0,
      reason: expect.stringContaining('not told'),
    });
    expect(planEniIpQuota({ limits: 'unavailable', cpu: undefined })).toMatchObject({ quota: 0 });
  });

  it('is never above the model, whatever the caps', () => {
    const cap = fc.option(fc.nat(300), { nil: undefined });
    fc.assert(
      fc.property(fc.nat(20), fc.nat(60), cap, cap, (enis, ips, a, b) => {
        const limits = { eniQuantity: enis, eniPrivateIpQuantity: ips };
        const plan = planEniIpQuota({
          limits,
          cpu: 4,
          ...(a === undefined ? {} : { maxAttach: a }),
          ...(b === undefined ? {} : { maxIPPerENI: b }),
        });
        expect(plan.quota).toBe(plan.maxENI * plan.maxIPPerENI);
        expect(plan.maxENI).toBeLessThanOrEqual(Math.max(0, enis - 1));
        expect(plan.maxIPPerENI).toBeLessThanOrEqual(Math.max(0, ips - 1));
        expect(plan.quota).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('checkCaps', () => {
  it('refuses what would be below use: in all, by ENIs, on one ENI', () => {
    expect(checkCaps('n1', { maxENI: 2, maxIPPerENI: 5 }, [5, 0, 5])).toEqual({ ok: true });
    const problem = (maxENI: number, maxIPPerENI: number, inUse: number[]): string => {
      const check = checkCaps('n1', { maxENI, maxIPPerENI }, inUse);
      return check.ok ? 'accepted' : check.problem;
    };
    expect(problem(1, 9, [6, 6])).toBe(
      'nec n1: 1 x 9 addresses are fewer than the 12 in use; move Pods away first, or choose higher caps',
    );
    expect(problem(2, 9, [1, 1, 1])).toContain('3 ENIs have Pods, and 2 are allowed');
    expect(problem(3, 4, [5])).toContain('an ENI has 5 addresses in use, and 4 are allowed');
  });
});
