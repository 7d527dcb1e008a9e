// The EIPs that a node offers, compared with the documented table.
import { describe, expect, it } from 'vitest';
import { bindableEips, planNodeEipQuota } from './node-eip-quota.ts';

describe('the EIPs of a node', () => {
  it.each([
    [1, 5, 2],
    [6, 11, 3],
    [12, 17, 4],
    [18, 23, 5],
    [24, 29, 6],
    [30, 35, 7],
    [36, 41, 8],
    [42, 47, 9],
    [48, 256, 10],
  ])('with %i to %i cores the instance can be bound to %i', (from, to, bindable) => {
    expect([bindableEips(from), bindableEips(to)]).toEqual([bindable, bindable]);
  });
  it('are one less than that, and the reason names the cores', () => {
    expect(planNodeEipQuota({ cpu: 8, override: undefined })).toEqual({
      quota: 2,
      reason: '3 of 8 cores, less the one of the node itself',
    });
  });
  it('are what the nec says, where it says so', () => {
    expect(planNodeEipQuota({ cpu: 2, override: 0 })).toEqual({ quota: 0, reason: 'spec.maxEIP' });
    expect(planNodeEipQuota({ cpu: undefined, override: 9 }).quota).toBe(9);
  });
  it('are none while the instance is not known', () => {
    expect(planNodeEipQuota({ cpu: undefined, override: undefined }).quota).toBe(0);
  });
});
