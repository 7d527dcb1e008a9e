import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultMasqConfig, type MasqConfig } from '../planning/masq-config.ts';
import { isMasqueraded } from '../planning/testing/masq-reading.ts';
import { contains, parseAddress, parseCidr } from '../securitygroup/address.ts';
import { type MasqRuleset, renderChange, renderWhole, rulesetOf } from './ruleset.ts';

const none: MasqRuleset = { 'nonmasq-dst-4': [], 'nonmasq-src-4': [], 'nonmasq-dst-6': [], 'nonmasq-src-6': [] };

/** 10.a.b.0/n with no host bits set, and never a whole-zero network, which the cloud's reader folds. */
const cidr = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 16 - 1 }), fc.integer({ min: 8, max: 32 }))
  .map(([bits, prefix]) => {
    const value = ((10 << 24) | (bits << 8)) >>> 0;
    const network = prefix === 32 ? value : (value & ~((1 << (32 - prefix)) - 1)) >>> 0;
    return `${[24, 16, 8, 0].map((shift) => (network >>> shift) & 255).join('.')}/${prefix}`;
  });
const address = fc.integer({ min: 0, max: 2 ** 16 - 1 }).map((bits) => `10.${bits >> 8}.${bits & 255}.0`);
const inAny = (list: readonly string[], text: string): boolean => {
  const value = parseAddress(text);
  return list.some((item) => {
    const block = parseCidr(item);
    return block !== undefined && value !== undefined && contains(block, value);
  });
};

describe('the rules of a configuration', () => {
  it('decide as the configuration does, for any lists and addresses', () => {
    fc.assert(
      fc.property(
        fc.array(cidr, { maxLength: 8 }),
        fc.array(cidr, { maxLength: 8 }),
        address,
        address,
        (dst, src, a, b) => {
          const config: MasqConfig = { ...defaultMasqConfig, nonMasqueradeCIDRs: dst, nonMasqueradeSrcCIDRs: src };
          const sets = rulesetOf(config);
          const exempt = inAny(sets['nonmasq-dst-4'], b) || inAny(sets['nonmasq-src-4'], a);
          expect(exempt).toBe(!isMasqueraded(config, a, b));
        },
      ),
    );
  });
  it('never hold a CIDR inside another one, which an interval set refuses', () => {
    fc.assert(
      fc.property(fc.array(cidr, { maxLength: 12 }), (list) => {
        const kept = rulesetOf({ ...defaultMasqConfig, nonMasqueradeCIDRs: list })['nonmasq-dst-4'];
        for (const one of kept) expect(kept.filter((other) => inAny([other], one.split('/')[0] ?? ''))).toEqual([one]);
      }),
    );
  });
  it('keep link-local destinations apart unless they are masqueraded too', () => {
    expect(rulesetOf(defaultMasqConfig)).toMatchObject({
      'nonmasq-dst-4': ['10.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'],
      'nonmasq-dst-6': ['fe80::/10'],
    });
    expect(rulesetOf({ ...defaultMasqConfig, masqLinkLocal: true })['nonmasq-dst-4']).not.toContain('169.254.0.0/16');
  });
});

describe('a change of the rules', () => {
  it('names only the elements that differ', () => {
    const before = { ...none, 'nonmasq-dst-4': ['10.0.0.0/8'], 'nonmasq-src-4': ['10.1.0.1/32'] };
    const after = { ...none, 'nonmasq-dst-4': ['10.0.0.0/8'], 'nonmasq-src-4': ['10.1.0.2/32'] };
    expect(renderChange(before, after)).toBe(
      'delete element inet ip-masq-agent nonmasq-src-4 { 10.1.0.1/32 }\nadd element inet ip-masq-agent nonmasq-src-4 { 10.1.0.2/32 }\n',
    );
  });
  it('is empty when nothing differs', () => {
    expect(renderChange(none, none)).toBe('');
  });
  it('of an unknown table replaces it whole, in the same transaction', () => {
    expect(renderWhole(none, ['tke*', 'cbr0']).split('\n').slice(0, 3)).toEqual([
      'table inet ip-masq-agent { }',
      'delete table inet ip-masq-agent',
      'table inet ip-masq-agent {',
    ]);
  });
});
