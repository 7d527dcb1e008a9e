import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { silentLogger } from '../../../src/base/logger.ts';
import type { CredentialSource } from '../../../src/cloud/credentials.ts';
import { oidcCredentials } from '../../../src/cloud/credentials-oidc.ts';
import { roleCredentials } from '../../../src/cloud/credentials-role.ts';
import { startCloud } from '../cloud.ts';
import { openAccount, type TestAccount } from '../testing/account.ts';
import { sendRaw, type Signer } from '../testing/raw-request.ts';

const STS = '2018-08-13';
const IPAMD = 'IPAMDofTKE_QCSRole';
const ISSUER = 'https://issuer.example/id/cls-test0001';
const AUDIENCE = 'sts.cloud.tencent.com';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

async function ask(signer: Signer | undefined, action: string, body: object = {}, version = '2017-03-12') {
  const answer = await sendRaw(account, { action, body, version, ...(signer === undefined ? {} : { signer }) });
  return answer.body.Response;
}
const refusedWith = (code: string): object => ({ Error: { Code: code } });
const trust = (principal: object, action = 'name/sts:AssumeRole', condition = {}): string =>
  JSON.stringify({ version: '2.0', statement: [{ action, effect: 'allow', principal, condition }] });
const keysOf = (answer: unknown): Required<Signer> => {
  const { Credentials } = z
    .object({ Credentials: z.object({ TmpSecretId: z.string(), TmpSecretKey: z.string(), Token: z.string() }) })
    .parse(answer);
  return { secretId: Credentials.TmpSecretId, secretKey: Credentials.TmpSecretKey, token: Credentials.Token };
};

describe('AssumeRole', () => {
  const assume = (signer: Signer | undefined, more: object = {}) => {
    const RoleArn = account.cloud.identity.roleArn('reader');
    return ask(signer, 'AssumeRole', { RoleArn, RoleSessionName: 'test', ...more }, STS);
  };
  beforeEach(() => {
    const root = `qcs::cam::uin/${account.cloud.identity.uin}:root`;
    account.cloud.identity.createRole({ roleName: 'reader', trust: trust({ qcs: [root] }) });
    account.cloud.identity.attachRolePolicy('reader', 'QcloudAccessForIPAMDofTKERole');
  });

  test('gives keys that do what the role may, and nothing once they end by the clock', async () => {
    const keys = keysOf(await assume(undefined, { DurationSeconds: 1800 }));
    expect(await ask(keys, 'DescribeVpcs')).toMatchObject({ TotalCount: 1 });
    expect(await ask(keys, 'CreateSecurityGroup')).toMatchObject(refusedWith('UnauthorizedOperation'));
    await account.clock.advance(1799_000);
    expect(await ask(keys, 'DescribeVpcs')).not.toHaveProperty('Error');
    await account.clock.advance(1_000);
    expect(await ask(keys, 'DescribeVpcs')).toMatchObject(refusedWith('AuthFailure.TokenFailure'));
  });

  test('keys without their token, or with another, are refused', async () => {
    const { secretId, secretKey } = keysOf(await assume(undefined));
    expect(await ask({ secretId, secretKey }, 'DescribeVpcs')).toMatchObject(refusedWith('AuthFailure.TokenFailure'));
    expect(await ask({ secretId, secretKey, token: 'other' }, 'DescribeVpcs')).toMatchObject(
      refusedWith('AuthFailure.TokenFailure'),
    );
  });

  test('a session policy can only narrow', async () => {
    const Policy = encodeURIComponent(
      JSON.stringify({ version: '2.0', statement: [{ effect: 'allow', action: 'vpc:DescribeVpcs', resource: '*' }] }),
    );
    const keys = keysOf(await assume(undefined, { Policy }));
    expect(await ask(keys, 'DescribeVpcs')).not.toHaveProperty('Error');
    expect(await ask(keys, 'DescribeSubnets')).toMatchObject(refusedWith('UnauthorizedOperation'));
  });

  test('refuses who is not trusted, an unknown role, a bad name and a bad duration', async () => {
    account.cloud.identity.setRoleTrust('reader', trust({ service: ['cvm.qcloud.com'] }));
    expect(await assume(undefined)).toMatchObject(refusedWith('InternalError.IllegalRole'));
    const RoleArn = account.cloud.identity.roleArn('nobody');
    expect(await assume(undefined, { RoleArn })).toMatchObject(refusedWith('ResourceNotFound.RoleNotFound'));
    const open = trust({ qcs: [`qcs::cam::uin/${account.cloud.identity.uin}:root`] });
    account.cloud.identity.setRoleTrust('reader', open);
    expect(await assume(undefined, { RoleSessionName: '!' })).toMatchObject(refusedWith('InvalidParameter.ParamError'));
    expect(await assume(undefined, { DurationSeconds: 0 })).toMatchObject(
      refusedWith('InvalidParameter.OverTimeError'),
    );
  });

  test('a sub-user needs the permission to ask as well', async () => {
    const ada = account.cloud.identity.createUser('ada');
    expect(await assume(ada)).toMatchObject(refusedWith('UnauthorizedOperation'));
    account.cloud.identity.attachUserPolicy(ada.userUin, 'AdministratorAccess');
    expect(await assume(ada)).not.toHaveProperty('Error');
  });
});

test('GetCallerIdentity tells root, sub-user and role apart', async () => {
  const who = async (signer?: Signer) => ask(signer, 'GetCallerIdentity', {}, STS);
  const { uin } = account.cloud.identity;
  expect(await who()).toMatchObject({ AccountId: uin, UserId: uin, Type: 'CAMUser' });
  const ada = account.cloud.identity.createUser('ada');
  expect(await who(ada)).toMatchObject({ Arn: `qcs::cam::uin/${uin}:uin/${ada.userUin}`, UserId: ada.userUin });
  const { secretId, secretKey, token } = account.cloud.identity.startSession(IPAMD, { session: 'ipamd' });
  expect(await who({ secretId, secretKey, token })).toMatchObject({
    Type: 'CAMRole',
    UserId: expect.stringMatching(/^\d+:ipamd$/) as string,
  });
});

describe('AssumeRoleWithWebIdentity', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'web-identity-'));
    account.cloud.identity.registerOidcProvider({
      providerId: 'cls-test0001',
      issuer: ISSUER,
      audiences: [AUDIENCE],
      keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one' }],
    });
    const federated = [`qcs::cam::uin/${account.cloud.identity.uin}:oidc-provider/cls-test0001`];
    const condition = { string_equal: { 'oidc:aud': [AUDIENCE], 'oidc:iss': [ISSUER] } };
    account.cloud.identity.setRoleTrust(IPAMD, trust({ federated }, 'name/sts:AssumeRoleWithWebIdentity', condition));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const seconds = (): number => account.clock.now().getTime() / 1000;
  const token = (claims: object = {}, key: KeyObject = privateKey): string => {
    const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
    const subject = 'system:serviceaccount:kube-system:tke-eni-ipamd';
    const all = { iss: ISSUER, aud: [AUDIENCE], sub: subject, exp: seconds() + 600, ...claims };
    const text = `${encode({ alg: 'RS256', kid: 'one' })}.${encode(all)}`;
    return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
  };
  const source = (file: string): CredentialSource =>
    oidcCredentials({
      clock: account.clock,
      region: account.cloud.region,
      providerId: 'cls-test0001',
      roleArn: account.cloud.identity.roleArn(IPAMD),
      tokenFile: join(directory, file),
      stsEndpoint: account.cloud.endpoint,
    });

  test("gives the adapter's credential source keys that work and expire", async () => {
    await writeFile(join(directory, 'token'), token());
    const keys = await source('token').get();
    expect(await ask(keys, 'DescribeVpcs')).toMatchObject({ TotalCount: 1 });
    expect(account.cloud.requestLog().map(({ action, caller }) => [action, caller])).toEqual([
      ['AssumeRoleWithWebIdentity', 'anonymous'],
      ['DescribeVpcs', `role/${IPAMD}`],
    ]);
    await account.clock.advance(7200_000);
    expect(await ask(keys, 'DescribeVpcs')).toMatchObject(refusedWith('AuthFailure.TokenFailure'));
  });

  const others: readonly (readonly [string, () => string, RegExp])[] = [
    ['of another key', () => token({}, generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey), /signature/],
    ['of another issuer', () => token({ iss: 'https://elsewhere.example' }), /issuer/],
    ['for another audience', () => token({ aud: 'somebody' }), /audiences/],
    ['that has expired', () => token({ exp: seconds() - 1 }), /expired/],
    ['that is not valid yet', () => token({ nbf: seconds() + 60 }), /not valid yet/],
    ['that is no JWT', () => 'token', /three parts/],
  ];
  test.each(others)('a token %s is refused', async (_what, made, reason) => {
    await writeFile(join(directory, 'token'), made());
    await expect(source('token').get()).rejects.toThrow(reason);
  });

  test('a role that does not trust the provider stays closed', async () => {
    account.cloud.identity.setRoleTrust(IPAMD, trust({ service: ['cvm.qcloud.com'] }));
    await writeFile(join(directory, 'token'), token());
    await expect(source('token').get()).rejects.toThrow(/does not let the caller in/);
  });

  test('no other action may be sent unsigned', async () => {
    const answer = await sendRaw(account, {
      action: 'GetCallerIdentity',
      version: STS,
      headers: { Authorization: 'SKIP' },
    });
    expect(answer.body.Response).toMatchObject(refusedWith('AuthFailure.InvalidAuthorization'));
  });
});

describe('the metadata service', () => {
  const open = (roleName?: string) =>
    startCloud({
      clock: account.clock,
      logger: silentLogger,
      listen: { host: '127.0.0.1', port: 0 },
      metadata: { host: '127.0.0.1', port: 0, ...(roleName === undefined ? {} : { roleName }) },
    });

  test("names its role and gives the adapter's credential source keys that work", async () => {
    const cloud = await open();
    const source = roleCredentials({ clock: account.clock, metadataUrl: cloud.metadataUrl ?? '' });
    const keys = await source.get();
    const answer = await sendRaw({ ...account, cloud }, { action: 'DescribeVpcs', signer: keys });
    expect(answer.body.Response).toMatchObject({ TotalCount: 0 });
    expect(cloud.requestLog()[0]).toMatchObject({ caller: `role/${IPAMD}` });
    await cloud.close();
  });

  test('a role that is not there answers 404', async () => {
    const cloud = await open('nobody');
    const source = roleCredentials({ clock: account.clock, metadataUrl: cloud.metadataUrl ?? '' });
    await expect(source.get()).rejects.toThrow(/is a role bound/);
    await cloud.close();
  });
});

describe('several accounts', () => {
  test('see only what is theirs, each with a region, faults and CAM of its own', async () => {
    const other = account.cloud.addAccount({ uin: '200000000002', appId: 1250000002, region: 'ap-shanghai' });
    const { vpcId } = other.admin.createVpc({ cidr: '10.9.0.0/16' });
    const describe = (region: string) =>
      sendRaw(account, { action: 'DescribeVpcs', signer: other, headers: { 'X-TC-Region': region } });
    expect((await describe('ap-shanghai')).body.Response).toMatchObject({ TotalCount: 1, VpcSet: [{ VpcId: vpcId }] });
    expect((await describe(account.cloud.region)).body.Response).toMatchObject(refusedWith('UnsupportedRegion'));
    other.admin.failNext({ action: 'DescribeVpcs', code: 'InternalError' });
    expect(await ask(undefined, 'DescribeVpcs')).toMatchObject({ TotalCount: 1 });
    expect((await describe('ap-shanghai')).body.Response).toMatchObject(refusedWith('InternalError'));
    expect(account.cloud.requestLog().at(-1)).toMatchObject({ account: '200000000002', caller: 'root' });
  });

  test('a role may be taken on from the account that it trusts', async () => {
    const other = account.cloud.addAccount({ uin: '200000000002', appId: 1250000002 });
    const { roleArn } = other.identity.createRole({
      roleName: 'shared',
      trust: trust({ qcs: [`qcs::cam::uin/${account.cloud.identity.uin}:root`] }),
    });
    const keys = keysOf(await ask(undefined, 'AssumeRole', { RoleArn: roleArn, RoleSessionName: 'guest' }, STS));
    expect(await ask(keys, 'GetCallerIdentity', {}, STS)).toMatchObject({ AccountId: '200000000002' });
  });

  test('two of the same uin are refused', () => {
    const again = { uin: account.cloud.identity.uin, appId: 1 };
    expect(() => account.cloud.addAccount(again)).toThrow(/exists/);
  });
});
