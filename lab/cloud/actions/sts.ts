// STS 2018-08-13: temporary keys of a role, and who the caller is. Shapes are not in the facts; this file is the one to correct.
import { z } from 'zod';
import { type Action, type ActionCall, defineAction, integer, tagList, text } from '../action.ts';
import { ApiError } from '../api-error.ts';
import { type Caller, callerArn } from '../identity/caller.ts';
import { parsePolicyDocument } from '../identity/cam-document.ts';
import type { CamRole } from '../identity/cam-store.ts';
import { DEFAULT_SESSION_SECONDS, type SessionKeys, type SimulatedAccount } from '../identity/directory.ts';
import { requireFederatedTrust, requireTrust } from '../identity/trust.ts';
import { verifyWebIdentity } from '../identity/web-identity.ts';

const assumeRole = defineAction({
  name: 'AssumeRole',
  services: ['sts'],
  parameters: z.object({
    RoleArn: text,
    RoleSessionName: text,
    DurationSeconds: integer.optional(),
    /** URL-encoded, as the documentation asks; plain JSON is taken too. */
    Policy: text.optional(),
    ExternalId: text.optional(),
    Tags: tagList.optional(),
    SourceIdentity: text.optional(),
  }),
  handle: ({ RoleArn, RoleSessionName, DurationSeconds = DEFAULT_SESSION_SECONDS, Policy }, call) => {
    const { account, role } = findRole(call, RoleArn);
    requireTrust(role, namesOf(call.caller));
    const sessionPolicy = Policy === undefined ? undefined : readSessionPolicy(Policy);
    const keys = call.directory.startSession(account, role, {
      session: checkSessionName(RoleSessionName),
      durationSeconds: DurationSeconds,
      ...(sessionPolicy === undefined ? {} : { sessionPolicy }),
    });
    return sessionAnswer(keys);
  },
});

const assumeRoleWithWebIdentity = defineAction({
  name: 'AssumeRoleWithWebIdentity',
  services: ['sts'],
  parameters: z.object({
    ProviderId: text,
    WebIdentityToken: text,
    RoleArn: text,
    RoleSessionName: text,
    DurationSeconds: integer.optional(),
  }),
  handle: (parameters, call) => {
    const { ProviderId, WebIdentityToken, RoleArn, RoleSessionName } = parameters;
    const { account, role } = findRole(call, RoleArn);
    const provider = account.oidcProviders.get(ProviderId);
    if (provider === undefined)
      throw new ApiError('InvalidParameter.ParamError', `identity provider ${ProviderId} is not registered`);
    const identity = verifyWebIdentity(WebIdentityToken, provider, account.core.clock.now());
    requireFederatedTrust(role, `qcs::cam::uin/${account.uin}:oidc-provider/${ProviderId}`, identity);
    const keys = call.directory.startSession(account, role, {
      session: checkSessionName(RoleSessionName),
      durationSeconds: parameters.DurationSeconds ?? DEFAULT_SESSION_SECONDS,
    });
    return sessionAnswer(keys);
  },
});

const getCallerIdentity = defineAction({
  name: 'GetCallerIdentity',
  services: ['sts'],
  parameters: z.object({}),
  handle: (_parameters, { caller, account }) => {
    const isRole = caller.kind === 'role';
    const user = caller.kind === 'user' ? caller.userUin : account.uin;
    return {
      Arn: callerArn(caller),
      AccountId: account.uin,
      UserId: isRole ? `${caller.roleId}:${caller.session}` : user,
      PrincipalId: isRole ? caller.roleId : user,
      Type: isRole ? 'CAMRole' : 'CAMUser',
    };
  },
});

export const stsActions: readonly Action[] = [assumeRole, assumeRoleWithWebIdentity, getCallerIdentity];

/** `qcs::cam::uin/U:roleName/NAME` or `.../role/ID`, in whichever account it is. */
function findRole(call: ActionCall, arn: string): { readonly account: SimulatedAccount; readonly role: CamRole } {
  const match = /^qcs::cam::uin\/(\d+):(roleName|role)\/(.+)$/.exec(arn);
  if (match === null)
    throw new ApiError(
      'InvalidParameter.ParamError',
      `RoleArn must look like qcs::cam::uin/UIN:roleName/NAME, not ${arn}`,
    );
  const [, uin = '', kind = '', name = ''] = match;
  const account = call.directory.account(uin);
  if (account === undefined)
    throw new ApiError('InvalidParameter.AccountNotAvaliable', `account ${uin} does not exist`);
  const roles = [...account.cam.roles.values()];
  const role = roles.find((one) => (kind === 'role' ? one.roleId : one.roleName) === name);
  if (role === undefined) throw new ApiError('ResourceNotFound.RoleNotFound', `role ${name} does not exist`);
  return { account, role };
}

/** A caller trusts through its account's root or by its own name. */
function namesOf(caller: Caller): readonly string[] {
  return caller.kind === 'anonymous' ? [] : [`qcs::cam::uin/${caller.uin}:root`, callerArn(caller)];
}

function checkSessionName(name: string): string {
  if (!/^[\w=,.@:-]{2,128}$/.test(name))
    throw new ApiError('InvalidParameter.ParamError', 'RoleSessionName takes 2 to 128 letters, digits and =,.@:_-');
  return name;
}

function readSessionPolicy(written: string): string {
  try {
    const plain = written.startsWith('%7B') || written.startsWith('%7b') ? decodeURIComponent(written) : written;
    parsePolicyDocument(plain);
    return plain;
  } catch (error) {
    throw new ApiError(
      'InvalidParameter.StrategyFormatError',
      `Policy cannot be read: ${error instanceof ApiError ? error.message : 'it is not URL-encoded'}`,
    );
  }
}

function sessionAnswer(keys: SessionKeys): object {
  return {
    Credentials: { Token: keys.token, TmpSecretId: keys.secretId, TmpSecretKey: keys.secretKey },
    ExpiredTime: keys.validUntil.getTime() / 1000,
    Expiration: keys.validUntil.toISOString().replace('.000Z', 'Z'),
  };
}
