// Sub-ENI quota of a node: the switch, the eight families, the cloud's figure and the caps of spec 002.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planSubEniQuota, type QuotaInput, TRUNKING_FAMILIES } from './sub-eni-quota.ts';

const sa5: QuotaInput = { trunkingEnabled: true, instanceType: 'SA5.LARGE8', cpu: 4, cloudQuantity: 400 };

describe('planSubEniQuota', () => {
  it('gives 100 on a listed model', () => {
    expect(planSubEniQuota(sa5).quota).toBe(100);
  });

  it('gives 256 on a model with 64 cores', () => {
    expect(planSubEniQuota({ ...sa5, cpu: 64 }).quota).toBe(256);
    expect(planSubEniQuota({ ...sa5, cpu: 63 }).quota).toBe(100);
  });

  it('never gives more than the cloud', () => {
    expect(planSubEniQuota({ ...sa5, cloudQuantity: 20 })).toMatchObject({
      quota: 20,
      reason: expect.stringContaining('the cloud allows 20'),
    });
    expect(planSubEniQuota({ ...sa5, override: 50, cloudQuantity: 20 }).quota).toBe(20);
  });

  it('gives 0 while Trunking is off, whatever else is set', () => {
    expect(planSubEniQuota({ ...sa5, trunkingEnabled: false, override: 50 })).toMatchObject({
      quota: 0,
      reason: expect.stringContaining('enableSubEni'),
    });
  });

  it('gives 0 outside the eight families and names them', () => {
    expect(planSubEniQuota({ ...sa5, instanceType: 'S5.LARGE8' })).toMatchObject({
      quota: 0,
      reason: expect.stringContaining('ITA5, M8, MA4, MA5, S8, S9, SA4, SA5'),
    });
  });

  it('does not take one family for another that begins alike', () => {
    expect(planSubEniQuota({ ...sa5, instanceType: 'SA55.LARGE8' }).quota).toBe(0);
    expect(planSubEniQuota({ ...sa5, instanceType: 'S80.LARGE8' }).quota).toBe(0);
  });

  it('follows an explicit maxSubENI on any family', () => {
    expect(planSubEniQuota({ ...sa5, instanceType: 'S5.LARGE8', override: 50 }).quota).toBe(50);
    expect(planSubEniQuota({ ...sa5, override: 0 }).quota).toBe(0);
  });

  it('gives 0 when the account may not make sub-ENI calls', () => {
    expect(planSubEniQuota({ ...sa5, callsRefused: true, override: 50 }).quota).toBe(0);
  });

  it('gives 0 until the instance and its limit are known', () => {
    expect(planSubEniQuota({ trunkingEnabled: true }).quota).toBe(0);
    const { cloudQuantity: _, ...unknown } = sa5;
    expect(planSubEniQuota(unknown).quota).toBe(0);
  });

  const inputArb = fc.record({
    trunkingEnabled: fc.boolean(),
    instanceType: fc
      .tuple(
        fc.constantFrom('S5', 'S6', 'C6', ...TRUNKING_FAMILIES),
        fc.constantFrom('SMALL1', 'LARGE8', '16XLARGE256'),
      )
      .map((parts) => parts.join('.')),
    cpu: fc.integer({ min: 1, max: 256 }),
    cloudQuantity: fc.integer({ min: 0, max: 1000 }),
    callsRefused: fc.boolean(),
  });

  it('is always within 0, the cap of spec 002 and the figure of the cloud, and always says why', () => {
    fc.assert(
      fc.property(inputArb, (input) => {
        const { quota, reason } = planSubEniQuota(input);
        expect(quota).toBeGreaterThanOrEqual(0);
        expect(quota).toBeLessThanOrEqual(Math.min(input.cloudQuantity, input.cpu >= 64 ? 256 : 100));
        expect(reason).not.toBe('');
        const family = input.instanceType.split('.')[0] ?? '';
        if (!input.trunkingEnabled || input.callsRefused || !TRUNKING_FAMILIES.includes(family)) expect(quota).toBe(0);
      }),
    );
  });
});
