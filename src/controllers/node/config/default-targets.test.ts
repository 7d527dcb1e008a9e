// Flags and values of the default warm targets.
import { describe, expect, it } from 'vitest';
import type { IpamdDeps } from '../../deps.ts';
import { noPolicyFlags, type PolicyFlags } from '../../policy-flags.ts';
import { targetDoubts, targetsOfNewNodes } from './default-targets.ts';

const deps = (flags: Partial<PolicyFlags>, min?: number, max?: number) =>
  ({
    flags: { ...noPolicyFlags, ...flags },
    settings: {
      current: () => ({ 'vpcCni.routeEni.ipMinWarmTarget': min, 'vpcCni.routeEni.ipMaxWarmTarget': max }),
    },
  }) as unknown as Pick<IpamdDeps, 'flags' | 'settings'>;

describe('the targets of new nodes', () => {
  it('are the flag, else the value, each by itself', () => {
    expect(targetsOfNewNodes(deps({ ipMinWarmTarget: 2 }, 3, 9)).targets).toEqual({ min: 2, max: 9 });
    expect(targetsOfNewNodes(deps({})).targets).toEqual({ min: 5, max: 5 });
  });

  it('leave no doubt about which counts when both are given', () => {
    expect(targetDoubts(deps({ ipMinWarmTarget: 2 }, 3, 9))).toEqual([
      '--ip-min-warm-target=2 counts, not the add-on value vpcCni.routeEni.ipMinWarmTarget="3"',
    ]);
    expect(targetDoubts(deps({ ipMinWarmTarget: 3 }, 3, 9))).toEqual([]);
  });

  it('name a contradiction', () => {
    expect(targetDoubts(deps({ ipMinWarmTarget: 9 }, undefined, 4))[0]).toContain('--ip-min-warm-target=9 is above');
  });
});
