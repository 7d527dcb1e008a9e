// What a person does in the console's pages on accounts and access, as typed calls: accounts, sub-users, roles, policies, providers.
import type { CamRole, CamUser } from './cam-store.ts';
import { trustText } from './cam-store.ts';
import type { AccountIdentity } from './caller.ts';
import { DEFAULT_SESSION_SECONDS, type Directory, type SessionKeys, type SimulatedAccount } from './directory.ts';
import type { OidcProvider } from './web-identity.ts';

export interface KeyPair {
  readonly secretId: string;
  readonly secretKey: string;
}

/** Takes effect at once. Throws ApiError for what CAM would refuse. Policies and roles are named, not numbered. */
export interface IdentityAdmin extends AccountIdentity {
  /** A sub-user with keys and no policy. */
  createUser(name: string): KeyPair & { readonly userUin: string };
  /** `trust`: the text of a trust policy; absent: cvm.qcloud.com may take it on. */
  createRole(role: { readonly roleName: string; readonly trust?: string }): {
    readonly roleId: string;
    readonly roleArn: string;
  };
  setRoleTrust(roleName: string, trust: string): void;
  /** `document`: policy syntax 2.0, as text. */
  createPolicy(policy: { readonly policyName: string; readonly document: string }): { readonly policyId: number };
  attachRolePolicy(roleName: string, policyName: string): void;
  detachRolePolicy(roleName: string, policyName: string): void;
  attachUserPolicy(userUin: string, policyName: string): void;
  detachUserPolicy(userUin: string, policyName: string): void;
  /** Temporary keys of a role, without asking its trust; default two hours. */
  startSession(
    roleName: string,
    options?: { readonly session?: string; readonly durationSeconds?: number },
  ): SessionKeys;
  /** The ARN of a role of this account. */
  roleArn(roleName: string): string;
  registerOidcProvider(provider: OidcProvider): void;
  removeOidcProvider(providerId: string): void;
}

export function roleArn(account: AccountIdentity, roleName: string): string {
  return `qcs::cam::uin/${account.uin}:roleName/${roleName}`;
}

export function createIdentityAdmin(directory: Directory, account: SimulatedAccount): IdentityAdmin {
  const { cam, uin, appId } = account;
  const changeRole = (act: 'attach' | 'detach') => (roleName: string, policyName: string) =>
    change(act, cam.roleNamed(roleName), policyName);
  const change = (act: 'attach' | 'detach', target: CamRole | CamUser, policyName: string): void =>
    cam[act](target, cam.policyNamed(policyName).policyId);
  return {
    uin,
    appId,
    createUser: (name) => {
      const { userUin } = cam.createUser(name);
      return { ...directory.newKeys(account, { kind: 'user', uin, userUin, name }), userUin };
    },
    createRole: ({ roleName, trust = trustText(['cvm.qcloud.com']) }) => {
      const { roleId } = cam.createRole({ roleName, trustDocument: trust, description: '', sessionDuration: 0 });
      return { roleId, roleArn: roleArn(account, roleName) };
    },
    setRoleTrust: (roleName, trust) => cam.setTrust(cam.roleNamed(roleName), trust),
    createPolicy: ({ policyName, document }) => ({
      policyId: cam.createPolicy({ policyName, document, description: '' }).policyId,
    }),
    attachRolePolicy: changeRole('attach'),
    detachRolePolicy: changeRole('detach'),
    attachUserPolicy: (userUin, policyName) => change('attach', cam.user(userUin), policyName),
    detachUserPolicy: (userUin, policyName) => change('detach', cam.user(userUin), policyName),
    startSession: (roleName, { session = 'admin', durationSeconds = DEFAULT_SESSION_SECONDS } = {}) =>
      directory.startSession(account, cam.roleNamed(roleName), { session, durationSeconds }),
    roleArn: (roleName) => roleArn(account, roleName),
    registerOidcProvider: (provider) => {
      account.oidcProviders.set(provider.providerId, provider);
    },
    removeOidcProvider: (providerId) => {
      account.oidcProviders.delete(providerId);
    },
  };
}
