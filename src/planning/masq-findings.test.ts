// What a configuration of ip-masq-agent does to Pods that nobody meant, and what it fails to do for Pods with an EIP.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultMasqConfig, type MasqConfig } from './masq-config.ts';
import { decideMasquerade } from './masq-decision.ts';
import { coveredOthers, masqueradeFindings, type MasqPod } from './masq-findings.ts';

const pod = (name: string, address: string, change: Partial<MasqPod> = {}): MasqPod => ({
  namespace: 'default',
  name,
  address,
  hasEip: false,
  asksEip: false,
  strict: false,
  ...change,
});
const configured = (change: Partial<MasqConfig>) => ({
  kind: 'configured' as const,
  config: { ...defaultMasqConfig, ...change },
});
const web = pod('web', '10.0.1.5');
const game = pod('game-0', '10.0.1.6', { hasEip: true });

describe('the configuration of ip-masq-agent', () => {
  it('is warned of a source that covers Pods without an EIP, with their names', () => {
    const state = configured({ nonMasqueradeSrcCIDRs: ['10.0.1.0/24'] });
    expect(masqueradeFindings(state, [web, game])).toMatchObject([
      {
        code: 'CoversOtherPods',
        message: expect.stringMatching(
          /^NonMasqueradeSrcCIDRs 10\.0\.1\.0\/24 covers a Pod without an EIP: default\/web \(10\.0\.1\.5\)/,
        ),
      },
    ]);
  });

  it('is warned of an IPv6 prefix as short as an IPv4 address is long', () => {
    const state = configured({ nonMasqueradeSrcCIDRs: ['2001:db8::/32'] });
    const found = masqueradeFindings(state, [
      pod('web', '2001:db8::5'),
      pod('game-0', '2001:db8::6', { hasEip: true }),
    ]);
    expect(found.map(({ code }) => code)).toEqual(['CoversOtherPods']);
  });

  it('is warned of a single address that has become the one of another Pod', () => {
    const state = configured({ nonMasqueradeSrcCIDRs: ['10.0.1.5/32', '10.0.1.6/32'] });
    expect(masqueradeFindings(state, [web, game]).map(({ code }) => code)).toEqual(['CoversOtherPods']);
  });

  it('may cover Pods with strict routing, and those that wait for their EIP', () => {
    const state = configured({ nonMasqueradeSrcCIDRs: ['10.0.1.0/24'] });
    const pods = [pod('strict', '10.0.1.7', { strict: true }), pod('waits', '10.0.1.8', { asksEip: true })];
    expect(masqueradeFindings(state, pods)).toEqual([]);
  });

  it('names Pods whose EIP is not used for what they send, until they are exempt in whichever way', () => {
    const cures = masqueradeFindings(configured({}), [web, game]);
    expect(cures).toMatchObject([
      { code: 'EIPMasqueraded', message: expect.stringContaining('default/game-0 (10.0.1.6)') },
    ]);
    for (const change of [
      { nonMasqueradeSrcCIDRs: ['10.0.1.6/32'] },
      { nonMasqueradeEIPPods: true },
      { nonMasqueradeCIDRs: ['0.0.0.0/0'] },
    ])
      expect(masqueradeFindings(configured(change), [web, game])).toEqual([]);
  });

  it('does nothing to anybody where ip-masq-agent is not installed, and is told when it cannot be read', () => {
    expect(masqueradeFindings({ kind: 'absent' }, [web, game])).toEqual([]);
    expect(masqueradeFindings({ kind: 'unreadable', why: 'key X' }, [])).toMatchObject([{ code: 'ConfigInvalid' }]);
  });

  it('names five Pods and counts the rest', () => {
    const many = Array.from({ length: 8 }, (_, index) => pod(`p-${index}`, `10.0.1.${index}`));
    const [finding] = masqueradeFindings(configured({ nonMasqueradeSrcCIDRs: ['10.0.1.0/24'] }), many);
    expect(finding?.message).toContain('covers 8 Pods without an EIP');
    expect(finding?.message).toContain('default/p-4 (10.0.1.4) and 3 more');
  });

  it('covers a Pod exactly when its source keeps its address', () => {
    const address = fc.integer({ min: 0, max: 30 }).map((last) => `10.0.1.${last}`);
    const cidr = fc.oneof(
      address.map((text) => `${text}/32`),
      fc.constantFrom('10.0.1.0/28', '10.0.1.16/28', '10.0.0.0/16', '10.0.2.0/24'),
    );
    fc.assert(
      fc.property(fc.array(cidr), address, (sources, from) => {
        const config = { ...defaultMasqConfig, nonMasqueradeCIDRs: [], nonMasqueradeSrcCIDRs: sources };
        const covered = coveredOthers(config, [pod('p', from)]).size === 1;
        expect(covered).toBe(!decideMasquerade(config, from, '198.51.100.7').masqueraded);
      }),
    );
  });
});
