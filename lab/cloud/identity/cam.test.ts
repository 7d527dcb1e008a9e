import { CommonClient } from 'tencentcloud-sdk-nodejs-common';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import {
  attachedTrunk,
  eniRequest,
  GROUP_ID,
  openAccount,
  subEniRequest,
  type TestAccount,
} from '../testing/account.ts';
import { sendRaw, type Signer } from '../testing/raw-request.ts';

// As the documents print them, byte for byte.
const POLICY_OF_000 = `{
        "version": "2.0",
        "statement": [
            {
                "action": [
                    "cvm:AssociateNetworkInterfaceSecurityGroups",
                    "cvm:DisassociateNetworkInterfaceSecurityGroups"
                ],
                "resource": "*",
                "effect": "allow"
            }
        ]
}`;
const POLICY_OF_002 = `{
"statement": [
{
"action": [
"vpc:CreateSubNetworkInterface",
"vpc:DeleteSubNetworkInterface",
"cvm:CheckNetworkInterfaceSecurityGroupReady"
],
"effect": "allow",
"resource": [
"*"
]
}
],
"version": "2.0"
}`;
const IPAMD = 'IPAMDofTKE_QCSRole';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

const CAM = '2019-01-16';
async function as(signer: Signer | undefined, action: string, body: object, version = '2017-03-12'): Promise<unknown> {
  const answer = await sendRaw(account, { action, body, version, ...(signer === undefined ? {} : { signer }) });
  return answer.body.Response;
}
const cam = (action: string, body: object): Promise<unknown> => as(undefined, action, body, CAM);
const role = (name = IPAMD): Signer => {
  const { secretId, secretKey, token } = account.cloud.identity.startSession(name);
  return { secretId, secretKey, token };
};
const refusedWith = (code: string): object => ({ Error: { Code: code } });
const eniId = async (): Promise<string> => {
  const answer = await account.call('vpc', 'CreateNetworkInterface', eniRequest);
  await account.tasksEnd();
  return z.object({ NetworkInterfaceId: z.string() }).parse(answer['NetworkInterface']).NetworkInterfaceId;
};

describe('a role without the policy', () => {
  test('is refused in the words of the real service, and nothing changes', async () => {
    const id = await eniId();
    const answer = z
      .object({ RequestId: z.string(), Error: z.object({ Code: z.string(), Message: z.string() }) })
      .parse(
        await as(role(), 'AssociateNetworkInterfaceSecurityGroups', {
          NetworkInterfaceIds: [id],
          SecurityGroupIds: [GROUP_ID],
        }),
      );
    expect(answer.Error).toEqual({
      Code: 'UnauthorizedOperation',
      Message: `[request id:${answer.RequestId}]you are not authorized to perform operation (cvm:AssociateNetworkInterfaceSecurityGroups)\nresource (qcs::vpc:ap-guangzhou:uin/100000000001:eni/${id}) has no permission\n`,
    });
    expect(await account.call('vpc', 'DescribeNetworkInterfaces', { NetworkInterfaceIds: [id] })).toMatchObject({
      NetworkInterfaceSet: [{ GroupSet: [] }],
    });
  });

  test('still does what ipamd does without the documents', async () => {
    expect(await as(role(), 'CreateNetworkInterface', eniRequest)).not.toHaveProperty('Error');
    expect(await as(role(), 'DescribeInstances', {})).not.toHaveProperty('Error');
    expect(await as(role(), 'CreatePolicy', {}, CAM)).toMatchObject(refusedWith('UnauthorizedOperation'));
  });

  test('is refused before its parameters are looked at, so that a probe tells and does nothing', async () => {
    const probe = { NetworkInterfaceId: 'not-an-id' };
    expect(await as(role(), 'DeleteSubNetworkInterface', probe)).toMatchObject(refusedWith('UnauthorizedOperation'));
    account.cloud.identity.createPolicy({ policyName: 'SubENIForIPAMD', document: POLICY_OF_002 });
    account.cloud.identity.attachRolePolicy(IPAMD, 'SubENIForIPAMD');
    expect(await as(role(), 'DeleteSubNetworkInterface', probe)).toMatchObject(
      refusedWith('InvalidParameterValue.Malformed'),
    );
  });
});

describe('the policies of the documents', () => {
  test('000: created verbatim and attached to the role, it heals running sessions at once; detached, it is gone at once', async () => {
    const session = role();
    const id = await eniId();
    const call = () =>
      as(session, 'AssociateNetworkInterfaceSecurityGroups', {
        NetworkInterfaceIds: [id],
        SecurityGroupIds: [GROUP_ID],
      });
    expect(await call()).toMatchObject(refusedWith('UnauthorizedOperation'));
    const made = await cam('CreatePolicy', {
      PolicyName: 'SecurityGroupsAccessForIPAMD',
      PolicyDocument: POLICY_OF_000,
    });
    const { PolicyId } = z.object({ PolicyId: z.number() }).parse(made);
    expect(await cam('AttachRolePolicy', { PolicyId, AttachRoleName: IPAMD })).not.toHaveProperty('Error');
    expect(await call()).not.toHaveProperty('Error');
    expect(await cam('ListAttachedRolePolicies', { RoleName: IPAMD, Page: 1, Rp: 20 })).toMatchObject({
      TotalNum: 2,
      List: [{ PolicyType: 'QCS' }, { PolicyId, PolicyName: 'SecurityGroupsAccessForIPAMD', PolicyType: 'User' }],
    });
    await cam('DetachRolePolicy', { PolicyId, DetachRoleName: IPAMD });
    expect(await call()).toMatchObject(refusedWith('UnauthorizedOperation'));
  });

  test.each([IPAMD, 'TKE_QCSRole'])('002: opens the three sub-ENI actions to %s and to no other role', async (name) => {
    const trunk = await attachedTrunk(account);
    account.cloud.identity.createPolicy({ policyName: 'SubENIForIPAMD', document: POLICY_OF_002 });
    account.cloud.identity.attachRolePolicy(name, 'SubENIForIPAMD');
    const other = name === IPAMD ? 'TKE_QCSRole' : IPAMD;
    expect(await as(role(other), 'CreateSubNetworkInterface', subEniRequest(trunk))).toMatchObject(
      refusedWith('UnauthorizedOperation'),
    );
    expect(await as(role(name), 'CreateSubNetworkInterface', subEniRequest(trunk))).not.toHaveProperty('Error');
  });

  test('004: the preset opens every EIP call to running sessions of the role, and takes them away with it', async () => {
    const session = role();
    const calls = ['AllocateAddresses', 'ReleaseAddresses', 'AssociateAddress', 'DisassociateAddress'];
    // Refused for its parameters, or for nothing: CAM let it pass.
    const code = async (action: string): Promise<string | undefined> =>
      z.looseObject({ Error: z.object({ Code: z.string() }).optional() }).parse(await as(session, action, {})).Error
        ?.Code;
    const codes = async () => new Set(await Promise.all(calls.map(code)));
    expect(await codes()).toEqual(new Set(['UnauthorizedOperation']));
    expect(await account.call('vpc', 'DescribeAddresses')).toMatchObject({ TotalCount: 0 });
    const PolicyName = 'QcloudAccessForIPAMDRoleInQcloudAllocateEIP';
    await cam('AttachRolePolicy', { PolicyName, AttachRoleName: IPAMD });
    expect(await codes()).not.toContain('UnauthorizedOperation');
    expect(await account.call('vpc', 'DescribeAddresses')).toMatchObject({ TotalCount: 1 });
    await cam('DetachRolePolicy', { PolicyName, DetachRoleName: IPAMD });
    expect(await codes()).toEqual(new Set(['UnauthorizedOperation']));
  });

  test('are read back as they were written', async () => {
    const { PolicyId } = z
      .object({ PolicyId: z.number() })
      .parse(await cam('CreatePolicy', { PolicyName: 'SubENIForIPAMD', PolicyDocument: POLICY_OF_002 }));
    expect(await cam('GetPolicy', { PolicyId })).toMatchObject({ PolicyDocument: POLICY_OF_002, Type: 1 });
    expect(await cam('ListPolicies', { Scope: 'Local' })).toMatchObject({ TotalNum: 1, List: [{ PolicyId }] });
    expect(await cam('ListPolicies', { Keyword: 'AllocateEIP' })).toMatchObject({
      List: [{ PolicyName: 'QcloudAccessForIPAMDRoleInQcloudAllocateEIP', Type: 2 }],
    });
  });
});

describe('deciding', () => {
  const statement = (effect: 'allow' | 'deny', action: string, resource: string) => ({ effect, action, resource });
  const user = (...statements: readonly object[]): Signer => {
    const made = account.cloud.identity.createUser('ada');
    const document = JSON.stringify({ version: '2.0', statement: statements });
    account.cloud.identity.createPolicy({ policyName: 'own', document });
    account.cloud.identity.attachUserPolicy(made.userUin, 'own');
    return made;
  };

  test('a sub-user may do nothing until a policy lets it', async () => {
    const ada = account.cloud.identity.createUser('ada');
    expect(await as(ada, 'DescribeVpcs', {})).toMatchObject(refusedWith('UnauthorizedOperation'));
    account.cloud.identity.attachUserPolicy(ada.userUin, 'AdministratorAccess');
    expect(await as(ada, 'DescribeVpcs', {})).toMatchObject({ TotalCount: 1 });
  });

  test('a deny wins over an allow', async () => {
    const ada = user(statement('allow', '*', '*'), statement('deny', 'vpc:Describe*', '*'));
    expect(await as(ada, 'DescribeVpcs', {})).toMatchObject(refusedWith('UnauthorizedOperation'));
    expect(await as(ada, 'DescribeInstances', {})).not.toHaveProperty('Error');
  });

  test('a resource in six parts opens that resource only', async () => {
    const [one, two] = [await eniId(), await eniId()];
    const ada = user(statement('allow', 'vpc:DeleteNetworkInterface', `qcs::vpc::uin/100000000001:eni/${one}`));
    expect(await as(ada, 'DeleteNetworkInterface', { NetworkInterfaceId: two })).toMatchObject(
      refusedWith('UnauthorizedOperation'),
    );
    expect(await as(ada, 'DeleteNetworkInterface', { NetworkInterfaceId: one })).not.toHaveProperty('Error');
  });
});

describe('a policy document that is wrong', () => {
  const good = { effect: 'allow', action: 'vpc:*', resource: '*' };
  const document = (statement: unknown, version = '2.0'): string => JSON.stringify({ version, statement });
  const wrong: readonly (readonly [string, string, string])[] = [
    ['no JSON', '{', 'InvalidParameter.PolicyDocumentError'],
    ['another version', document([good], '1.0'), 'InvalidParameter.VersionError'],
    ['no statement', document([]), 'InvalidParameter.StatementError'],
    ['an unknown effect', document([{ ...good, effect: 'maybe' }]), 'InvalidParameter.EffectError'],
    ['an action without service', document([{ ...good, action: 'DescribeVpcs' }]), 'InvalidParameter.ActionError'],
    ['a resource of two parts', document([{ ...good, resource: 'eni/1' }]), 'InvalidParameter.ResourceContentError'],
    ['a condition', document([{ ...good, condition: { ip_equal: {} } }]), 'InvalidParameter.ConditionError'],
    ['a key of its own', document([{ ...good, colour: 'red' }]), 'InvalidParameter.PolicyDocumentError'],
  ];
  test.each(wrong)('%s: refused, and no policy is made', async (_what, PolicyDocument, code) => {
    expect(await cam('CreatePolicy', { PolicyName: 'wrong', PolicyDocument })).toMatchObject(refusedWith(code));
    expect(await cam('ListPolicies', { Scope: 'Local' })).toMatchObject({ TotalNum: 0 });
  });

  test('an empty condition is none', async () => {
    const PolicyDocument = document([{ ...good, condition: {} }]);
    expect(await cam('CreatePolicy', { PolicyName: 'fine', PolicyDocument })).not.toHaveProperty('Error');
  });
});

describe('policies and roles through the SDK', () => {
  const client = () =>
    new CommonClient('cam.tencentcloudapi.com', CAM, {
      credential: { secretId: account.cloud.secretId, secretKey: account.cloud.secretKey },
      region: '',
      profile: { httpProfile: { endpoint: `127.0.0.1:${account.cloud.port}`, protocol: 'http://' } },
    });

  test('need no region; a role is made, found, listed and keeps its trust', async () => {
    const trust = JSON.stringify({
      version: '2.0',
      statement: [{ action: 'name/sts:AssumeRole', effect: 'allow', principal: { service: 'cvm.qcloud.com' } }],
    });
    const { RoleId } = z
      .object({ RoleId: z.string() })
      .parse(await client().request('CreateRole', { RoleName: 'mine', PolicyDocument: trust }));
    expect(await client().request('GetRole', { RoleName: 'mine' })).toMatchObject({
      RoleInfo: { RoleId, PolicyDocument: trust, RoleArn: 'qcs::cam::uin/100000000001:roleName/mine' },
    });
    expect(await client().request('DescribeRoleList', { Page: 1, Rp: 2 })).toMatchObject({
      TotalNum: 3,
      List: [{ RoleName: IPAMD }, { RoleName: 'TKE_QCSRole' }],
    });
  });

  test('a name that is taken, a preset that is changed and an id that is unknown get their codes', async () => {
    const document = { PolicyDocument: POLICY_OF_000 };
    await client().request('CreatePolicy', { PolicyName: 'twice', ...document });
    const code = (action: string, body: object) =>
      client()
        .request(action, body)
        .then(
          () => 'none',
          (error: unknown) => z.object({ code: z.string() }).parse(error).code,
        );
    expect(await code('CreatePolicy', { PolicyName: 'twice', ...document })).toBe('FailedOperation.PolicyNameInUse');
    expect(await code('UpdatePolicy', { PolicyName: 'AdministratorAccess', ...document })).toBe(
      'InvalidParameter.PolicyIdError',
    );
    expect(await code('AttachRolePolicy', { PolicyId: 1, AttachRoleName: IPAMD })).toBe(
      'ResourceNotFound.PolicyIdNotFound',
    );
    expect(await code('GetRole', { RoleName: 'nobody' })).toBe('InvalidParameter.RoleNotExist');
  });

  test('UpdatePolicy and DeletePolicy take effect at once', async () => {
    const { PolicyId } = z
      .object({ PolicyId: z.number() })
      .parse(await client().request('CreatePolicy', { PolicyName: 'own', PolicyDocument: POLICY_OF_000 }));
    const ada = account.cloud.identity.createUser('ada');
    await client().request('AttachUserPolicy', { PolicyId, AttachUin: ada.userUin });
    const open = JSON.stringify({ version: '2.0', statement: [{ effect: 'allow', action: 'vpc:*', resource: '*' }] });
    expect(await as(ada, 'DescribeVpcs', {})).toMatchObject(refusedWith('UnauthorizedOperation'));
    await client().request('UpdatePolicy', { PolicyId, PolicyDocument: open });
    expect(await as(ada, 'DescribeVpcs', {})).not.toHaveProperty('Error');
    await client().request('DeletePolicy', { PolicyId: [PolicyId] });
    expect(await as(ada, 'DescribeVpcs', {})).toMatchObject(refusedWith('UnauthorizedOperation'));
  });
});
