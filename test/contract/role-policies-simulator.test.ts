// Which policies a role has, as the simulated cam tells the Tencent adapter.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { IPAMD_ROLE, TKE_ROLE } from '../../lab/cloud/identity/cam-presets.ts';
import { grant, ROLE_POLICIES_POLICY, SUB_ENI_POLICY } from '../../lab/permissions.ts';
import { staticCredentials } from '../../src/cloud/credentials.ts';
import { openSimulatedAccount, type SimulatedAccount } from './simulated-account.ts';

const ACTION = 'ListAttachedRolePolicies';

describe('the policies of a role', () => {
  let account: SimulatedAccount;
  beforeEach(async () => {
    account = await openSimulatedAccount({
      credentials: ({ identity }) => staticCredentials(identity.startSession(IPAMD_ROLE)),
    });
  });
  afterEach(() => account.close());

  test('are its own, preset and custom', async () => {
    const { cloud, simulator } = account;
    grant(simulator.identity, [SUB_ENI_POLICY, ROLE_POLICIES_POLICY]);
    simulator.identity.detachRolePolicy(TKE_ROLE, SUB_ENI_POLICY.policyName);
    expect(await cloud.listRolePolicies(IPAMD_ROLE)).toEqual([
      'QcloudAccessForIPAMDofTKERole',
      'SubENIForIPAMD',
      'RolePoliciesReadForIPAMD',
    ]);
    expect(await cloud.listRolePolicies(TKE_ROLE)).toEqual(['QcloudAccessForTKERole']);
  });

  test('are all listed beyond one page', async () => {
    const { cloud, simulator } = account;
    grant(simulator.identity, [ROLE_POLICIES_POLICY]);
    const names = Array.from({ length: 201 }, (_, index) => `many-${index}`);
    for (const policyName of names) {
      simulator.identity.createPolicy({ policyName, document: SUB_ENI_POLICY.document });
      simulator.identity.attachRolePolicy(TKE_ROLE, policyName);
    }
    expect(await cloud.listRolePolicies(TKE_ROLE)).toEqual(['QcloudAccessForTKERole', ...names]);
    expect(account.actions()).toEqual([ACTION, ACTION]);
  });

  test('are not told to a role without the permission: CLOUD-UNAUTHORIZED with what to grant, from one request', async () => {
    await expect(account.cloud.listRolePolicies(TKE_ROLE)).rejects.toMatchObject({
      code: 'CLOUD-UNAUTHORIZED',
      message: expect.stringContaining('grant cam:ListAttachedRolePolicies'),
    });
    expect(account.actions()).toEqual([ACTION]);
  });

  test('of a role that does not exist are CLOUD-INVALID-REQUEST', async () => {
    grant(account.simulator.identity, [ROLE_POLICIES_POLICY]);
    await expect(account.cloud.listRolePolicies('nobody')).rejects.toMatchObject({ code: 'CLOUD-INVALID-REQUEST' });
  });
});
