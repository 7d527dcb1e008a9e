// Each gate of document 002 that is closed is named, alone and together with others.
import { describe, expect, it } from 'vitest';
import { type GateFacts, planGates } from './gates.ts';

const good: GateFacts = {
  versionProblem: undefined,
  enableSubEni: true,
  ipMode: 'static',
  nodes: [{ name: 'n1', quota: 100, reason: 'model SA5' }],
  refusal: undefined,
  denied: [],
  tokenNotHonoured: undefined,
};
const codes = (change: Partial<GateFacts>): readonly string[] => {
  const { missing, warnings } = planGates({ ...good, ...change });
  return [...missing.map(({ code }) => code), ...warnings.map(({ code }) => `warning ${code}`)];
};

describe('the gates of document 002', () => {
  it.each<[string, Partial<GateFacts>, readonly string[]]>([
    ['nothing when all are open', {}, []],
    ['an add-on before 3.5.6', { versionProblem: 'needs add-on version 3.5.6' }, ['VersionTooOld']],
    [
      'Trunking that is off, and not its nodes as well',
      { enableSubEni: false, nodes: [{ name: 'n1', quota: 0, reason: 'off' }] },
      ['TrunkingDisabled'],
    ],
    ['models that carry none', { nodes: [{ name: 'n1', quota: 0, reason: 'model S5' }] }, ['NoCapableNode']],
    ['a cluster without nodes', { nodes: [] }, ['NoCapableNode']],
    [
      'each role by itself',
      { denied: ['vpc:CreateSubNetworkInterface'] },
      ['IpamdRoleNotAuthorized', 'warning TkeRoleNotVisible'],
    ],
    ['an account without the calls', { refusal: 'InvalidAction' }, ['AccountNotAllowed']],
    ['non-static IP as a warning', { ipMode: 'non-static' }, ['warning NotStaticIpMode']],
    [
      'tokens that are not honoured as a warning',
      { tokenNotHonoured: 'two ENIs of one call' },
      ['warning ClientTokenNotHonoured'],
    ],
    [
      'several at once, in the order in which to mend them',
      { versionProblem: 'old', enableSubEni: false, denied: ['vpc:x'] },
      ['VersionTooOld', 'TrunkingDisabled', 'IpamdRoleNotAuthorized', 'warning TkeRoleNotVisible'],
    ],
  ])('name %s', (_, change, expected) => {
    expect(codes(change)).toEqual(expected);
  });

  it('say which nodes carry none and why, each reason once', () => {
    const nodes = ['n1', 'n2', 'n3'].map((name) => ({
      name,
      quota: 0,
      reason: name === 'n3' ? 'model X' : 'model S5',
    }));
    expect(planGates({ ...good, nodes }).missing[0]?.message).toContain('n1 and 1 more: model S5; n3: model X');
  });
});
