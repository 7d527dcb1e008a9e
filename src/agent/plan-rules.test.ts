// The repair of policy rules at start-up.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KernelRule, kernelRuleSchema, planRuleRepair } from './plan-rules.ts';
import { rulesOf } from './plan-wire.ts';
import { coexistingWirings, sharedWiringOf, wiringOf } from './testing/wirings.ts';

/** What `ip -json rule show` prints for `ip rule add TEXT`. */
function observed(text: string): KernelRule {
  const words = text.split(' ');
  const after = (word: string): string | undefined =>
    words.includes(word) ? words[words.indexOf(word) + 1] : undefined;
  return kernelRuleSchema.parse({
    priority: Number(after('pref')),
    src: after('from') ?? 'all',
    ...(after('to') === undefined ? {} : { dst: after('to') }),
    ...(after('iif') === undefined ? {} : { iif: after('iif') }),
    table: after('lookup'),
    ...(words.at(-1) === 'blackhole' ? { action: 'blackhole' } : {}),
  });
}

const foreign: readonly KernelRule[] = [
  { priority: 0, src: 'all', table: 'local' },
  { priority: 10, src: 'all', iif: 'eth2', table: '100' },
  { priority: 512, src: 'all', dst: '10.9.9.9', table: 'main' },
  { priority: 1536, src: '10.9.9.9', table: '2004' },
  { priority: 1536, src: '10.9.9.9', table: '20000' },
  { priority: 1536, src: '10.9.9.9', table: '24095' },
  { priority: 1536, src: '10.9.9.9', table: '9999' },
  { priority: 1536, src: '10.9.9.9', table: '10064' },
  { priority: 10, src: 'all', iif: 'eth1', table: '10001' },
  { priority: 11, src: 'all', iif: 'tke-other', action: 'blackhole' },
  { priority: 32766, src: 'all', table: 'main' },
];

describe('the repair of policy rules', () => {
  it('does nothing when the rules are right', () => {
    fc.assert(
      fc.property(coexistingWirings, (wirings) => {
        const rules = [...foreign, ...wirings.flatMap(rulesOf).map(observed)];
        expect(planRuleRepair(wirings, rules)).toEqual({ missing: [], leftOver: [] });
      }),
    );
  });

  it('brings any state of our rules to the right one and leaves those of others alone', () => {
    fc.assert(
      fc.property(coexistingWirings, fc.array(fc.boolean(), { maxLength: 40 }), fc.nat(6), (wirings, lost, kept) => {
        const all = wirings.flatMap(rulesOf);
        const present = all.filter((_, at) => lost[at] !== true);
        const wanted = wirings.slice(0, kept);
        const { missing, leftOver } = planRuleRepair(wanted, [...foreign, ...present.map(observed)]);
        const after = new Set(present);
        for (const rule of leftOver) expect(after.delete(rule)).toBe(true);
        for (const rule of missing) after.add(rule);
        const expected = new Set(wanted.flatMap(rulesOf));
        // A `to POD` rule alone is not unmistakably ours: it may stay, and is harmless.
        const surplus = [...after].filter((rule) => !expected.has(rule));
        expect(surplus.filter((rule) => !rule.startsWith('pref 512 '))).toEqual([]);
        expect([...expected].filter((rule) => !after.has(rule))).toEqual([]);
      }),
    );
  });

  it('removes what an agent without its state directory would never find again', () => {
    const rules = [...rulesOf(wiringOf()), ...rulesOf(sharedWiringOf())];
    const { leftOver } = planRuleRepair([], [...foreign, ...rules.map(observed)]);
    expect(leftOver.toSorted()).toEqual(rules.toSorted());
  });
});
