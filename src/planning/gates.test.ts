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
  roles: { IPAMDofTKE_QCSRole: 'attached', TKE_QCSRole: 'attached' },
  tokenNotHonoured: undefined,
};
const unseen: GateFacts['roles'] = { IPAMDofTKE_QCSRole: 'unseen', TKE_QCSRole: 'unseen' };
const both: GateFacts['roles'] = { IPAMDofTKE_QCSRole: 'missing', TKE_QCSRole: 'missing' };
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
      'each role by itself, one that cannot be seen as such',
      { denied: ['vpc:CreateSubNetworkInterface'], roles: unseen },
      ['IpamdRoleNotAuthorized', 'warning TkeRoleNotVisible'],
    ],
    ['nothing of roles that cannot be seen while nothing is refused', { roles: unseen }, []],
    [
      "ipamd's role without the policy",
      { roles: { ...both, TKE_QCSRole: 'attached' } },
      ['warning IpamdRoleLacksPolicy'],
    ],
    [
      'the other role without it',
      { roles: { ...both, IPAMDofTKE_QCSRole: 'attached' } },
      ['warning TkeRoleLacksPolicy'],
    ],
    [
      'both roles without it, each with a name of its own',
      { roles: both },
      ['warning IpamdRoleLacksPolicy', 'warning TkeRoleLacksPolicy'],
    ],
    [
      "ipamd's role once, when it is refused and lacks the policy",
      { denied: ['vpc:CreateSubNetworkInterface'], roles: both },
      ['IpamdRoleNotAuthorized', 'warning TkeRoleLacksPolicy'],
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
      { versionProblem: 'old', enableSubEni: false, denied: ['vpc:x'], roles: unseen },
      ['VersionTooOld', 'TrunkingDisabled', 'IpamdRoleNotAuthorized', 'warning TkeRoleNotVisible'],
    ],
  ])('name %s', (_, change, expected) => {
    expect(codes(change)).toEqual(expected);
  });

  it('say of a role that cannot be seen how a person looks, and what lets ipamd look', () => {
    const [warning] = planGates({ ...good, denied: ['vpc:CreateSubNetworkInterface'], roles: unseen }).warnings;
    expect(warning?.message).toContain('cannot be seen from here');
    expect(warning?.cure).toContain('tccli cam ListAttachedRolePolicies --RoleName TKE_QCSRole');
    expect(warning?.cure).toContain('allows cam:ListAttachedRolePolicies to role IPAMDofTKE_QCSRole');
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
