// What users may say about a node's pool, and the words in which anything else is refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { annotations } from '../api/keys.ts';
import { defaultWarmTargets, readCaps, readDesired, readWarmTargets, warmTargetAnnotations } from './warm-targets.ts';

const pair = (min?: string, max?: string): Record<string, string> => ({
  ...(min === undefined ? {} : { [annotations.routeEniIpMinWarmTarget]: min }),
  ...(max === undefined ? {} : { [annotations.routeEniIpMaxWarmTarget]: max }),
});
const problemOf = (read: { ok: boolean; problem?: string }): string => (read.ok ? 'accepted' : (read.problem ?? ''));

describe('readWarmTargets', () => {
  it('accepts both, or none', () => {
    expect(readWarmTargets('n1', pair('1', '8'))).toEqual({ ok: true, value: { min: 1, max: 8 } });
    expect(readWarmTargets('n1', pair('0', '0'))).toEqual({ ok: true, value: { min: 0, max: 0 } });
    expect(readWarmTargets('n1', {})).toEqual({ ok: true });
    expect(readWarmTargets('n1', undefined)).toEqual({ ok: true });
  });

  it.each([
    [pair('5'), 'route-eni-ip-min-warm-target is set without tke.cloud.tencent.com/route-eni-ip-max-warm-target'],
    [pair(undefined, '5'), 'route-eni-ip-max-warm-target is set without'],
    [
      pair('6', '5'),
      'route-eni-ip-min-warm-target (6) is above tke.cloud.tencent.com/route-eni-ip-max-warm-target (5)',
    ],
    [pair('-1', '5'), 'route-eni-ip-min-warm-target is "-1"; expected a whole number from 0 to 1000'],
    [pair('1', '1.5'), 'route-eni-ip-max-warm-target is "1.5"; expected a whole number'],
    [pair('1', '1001'), 'expected a whole number from 0 to 1000'],
    [pair('', '5'), 'is ""'],
    [pair('many', '5'), 'is "many"'],
    [pair('0x5', '5'), 'is "0x5"'],
  ])('refuses %j', (given, text) => {
    expect(problemOf(readWarmTargets('10.0.0.1', given))).toContain(text);
    expect(problemOf(readWarmTargets('10.0.0.1', given))).toContain('nec 10.0.0.1');
  });

  it('reads back what is recorded at the making of a nec', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), (a, b) => {
        const targets = { min: Math.min(a, b), max: Math.max(a, b) };
        expect(readWarmTargets('n1', warmTargetAnnotations(targets))).toEqual({ ok: true, value: targets });
      }),
    );
  });

  it('never accepts a pair that breaks 0 <= min <= max', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.integer().map(String)),
        fc.oneof(fc.string(), fc.nat().map(String)),
        (min, max) => {
          const read = readWarmTargets('n1', pair(min, max));
          if (!read.ok) {
            expect(read.problem).not.toBe('');
            return;
          }
          const value = read.value ?? { min: -1, max: -1 };
          expect(value.min).toBeGreaterThanOrEqual(0);
          expect(value.max).toBeGreaterThanOrEqual(value.min);
        },
      ),
    );
  });
});

describe('defaultWarmTargets', () => {
  const none = { flag: undefined, value: undefined };
  it('takes the flag, else the add-on value, else 5', () => {
    expect(defaultWarmTargets(none, none).targets).toEqual({ min: 5, max: 5 });
    expect(defaultWarmTargets({ flag: 1, value: 3 }, { flag: undefined, value: 9 }).targets).toEqual({
      min: 1,
      max: 9,
    });
  });

  it('moves the other one along when only one is set', () => {
    expect(defaultWarmTargets(none, { flag: 3, value: undefined })).toEqual({ targets: { min: 3, max: 3 } });
    expect(defaultWarmTargets({ flag: undefined, value: 10 }, none)).toEqual({ targets: { min: 10, max: 10 } });
  });

  it('keeps the defaults of the program when min is above max, and names both places', () => {
    const { targets, problem } = defaultWarmTargets({ flag: 8, value: undefined }, { flag: undefined, value: 4 });
    expect(targets).toEqual({ min: 5, max: 5 });
    expect(problem).toContain('--ip-min-warm-target=8 is above add-on value vpcCni.routeEni.ipMaxWarmTarget=4');
  });
});

describe('caps and the wanted number', () => {
  it('are whole numbers, or refused as a whole', () => {
    expect(readCaps('n1', { [annotations.routeEniMaxAttach]: '2', [annotations.maxIpPerRouteEni]: '9' })).toEqual({
      ok: true,
      value: { maxAttach: 2, maxIPPerENI: 9 },
    });
    expect(readCaps('n1', undefined)).toEqual({ ok: true, value: {} });
    expect(
      problemOf(readCaps('n1', { [annotations.routeEniMaxAttach]: '2', [annotations.maxIpPerRouteEni]: 'x' })),
    ).toBe(
      'nec n1: annotation tke.cloud.tencent.com/max-ip-per-route-eni is "x"; expected a whole number from 0 to 256',
    );
    expect(readDesired('n1', { [annotations.desiredRouteEniPodNum]: '20' })).toEqual({ ok: true, value: 20 });
    expect(problemOf(readDesired('n1', { [annotations.desiredRouteEniPodNum]: '-20' }))).toContain('node n1');
  });
});
