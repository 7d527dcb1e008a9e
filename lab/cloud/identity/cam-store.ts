// One account's CAM: policies, roles, sub-users and what is attached to whom. Checks first, then changes.
import type { Clock } from '../../../src/base/clock.ts';
import { ApiError } from '../api-error.ts';
import { type PolicyStatement, parsePolicyDocument, parseTrustDocument, type TrustStatement } from './cam-document.ts';
import { presetPolicies, presetRoles } from './cam-presets.ts';
import { restoreCam, type SavedCam, saveCam } from './cam-saved.ts';

export interface CamPolicy {
  readonly policyId: number;
  readonly policyName: string;
  readonly preset: boolean;
  readonly addTime: Date;
  description: string;
  updateTime: Date;
  /** As written. */
  document: string;
  statements: readonly PolicyStatement[];
}

export interface CamRole {
  readonly kind: 'role';
  readonly roleId: string;
  readonly roleName: string;
  readonly preset: boolean;
  readonly description: string;
  readonly addTime: Date;
  /** Seconds; 0 means the default. */
  readonly sessionDuration: number;
  updateTime: Date;
  trustDocument: string;
  trust: readonly TrustStatement[];
  /** Policy ids to when they were attached. */
  readonly attached: Map<number, Date>;
}

export interface CamUser {
  readonly kind: 'user';
  readonly userUin: string;
  readonly name: string;
  readonly attached: Map<number, Date>;
}

export interface CamStore {
  readonly policies: ReadonlyMap<number, CamPolicy>;
  readonly roles: ReadonlyMap<string, CamRole>;
  readonly users: ReadonlyMap<string, CamUser>;
  createPolicy(policy: {
    readonly policyName: string;
    readonly document: string;
    readonly description: string;
  }): CamPolicy;
  updatePolicy(policyId: number, change: { readonly document?: string; readonly description?: string }): CamPolicy;
  deletePolicies(policyIds: readonly number[]): void;
  /** Attaching twice is one attachment (GUESS). */
  attach(target: CamRole | CamUser, policyId: number): void;
  /** Detaching what is not attached changes nothing (GUESS). */
  detach(target: CamRole | CamUser, policyId: number): void;
  createRole(role: {
    readonly roleName: string;
    readonly trustDocument: string;
    readonly description: string;
    readonly sessionDuration: number;
  }): CamRole;
  setTrust(role: CamRole, trustDocument: string): void;
  createUser(name: string): CamUser;
  policy(policyId: number): CamPolicy;
  policyNamed(policyName: string): CamPolicy;
  roleNamed(roleName: string): CamRole;
  roleById(roleId: string): CamRole;
  user(userUin: string): CamUser;
  /** All statements that hold for the target now: attaching takes effect with the next call. */
  statementsOf(target: CamRole | CamUser): readonly PolicyStatement[];
  save(): SavedCam;
  /** Replaces everything, presets included. Throws ApiError for a document that is none, and changes nothing then. */
  restore(saved: SavedCam): void;
}

/** GUESS: how many custom policies an account may have. */
const MAX_POLICIES = 1500;

/** With the preset policies and roles in it. `uin` makes the ids of its users. */
export function createCamStore(clock: Clock, uin: string): CamStore {
  const policies = new Map<number, CamPolicy>();
  const roles = new Map<string, CamRole>();
  const users = new Map<string, CamUser>();
  let numbers = 0;
  const nextId = (): number => {
    numbers += 1;
    return numbers;
  };
  const policy = (id: number): CamPolicy =>
    found(policies.get(id), 'ResourceNotFound.PolicyIdNotFound', `policy ${id} does not exist`);
  const addPolicy = (policyName: string, document: string, description: string, preset: boolean): CamPolicy => {
    const now = clock.now();
    // Before the number: a document that is refused uses none up.
    const statements = parsePolicyDocument(document);
    const added: CamPolicy = {
      policyId: (preset ? 100 : 200_000) + nextId(),
      policyName,
      preset,
      addTime: now,
      updateTime: now,
      description,
      document,
      statements,
    };
    policies.set(added.policyId, added);
    return added;
  };
  const addRole = (
    role: Pick<CamRole, 'roleName' | 'preset' | 'description' | 'sessionDuration' | 'trustDocument'>,
  ): CamRole => {
    const trust = parseTrustDocument(role.trustDocument);
    const now = clock.now();
    const roleId = `46116860184${String(nextId()).padStart(8, '0')}`;
    const added: CamRole = { ...role, kind: 'role', roleId, addTime: now, updateTime: now, trust, attached: new Map() };
    roles.set(role.roleName, added);
    return added;
  };
  const customPolicy = (id: number): CamPolicy => {
    const wanted = policy(id);
    if (wanted.preset)
      throw new ApiError(
        'InvalidParameter.PolicyIdError',
        `${wanted.policyName} is a preset policy; it cannot be changed`,
      );
    return wanted;
  };
  const policyNamed = (name: string): CamPolicy =>
    found(
      [...policies.values()].find((candidate) => candidate.policyName === name),
      'InvalidParameter.PolicyNameError',
      `policy ${name} does not exist`,
    );
  const store: CamStore = {
    policies,
    roles,
    users,
    policy,
    policyNamed,
    createPolicy: ({ policyName, document, description }) => {
      if (!/^[\w+=,.@-]{1,128}$/.test(policyName))
        throw new ApiError('InvalidParameter.PolicyNameError', 'PolicyName takes 1 to 128 letters, digits and +=,.@_-');
      if ([...policies.values()].some((one) => one.policyName === policyName))
        throw new ApiError('FailedOperation.PolicyNameInUse', `policy ${policyName} exists`);
      if ([...policies.values()].filter((one) => !one.preset).length >= MAX_POLICIES)
        throw new ApiError('FailedOperation.PolicyFull', `the account has ${MAX_POLICIES} policies already`);
      checkDescription(description);
      return addPolicy(policyName, document, description, false);
    },
    updatePolicy: (id, { document, description }) => {
      const wanted = customPolicy(id);
      const statements = document === undefined ? wanted.statements : parsePolicyDocument(document);
      if (description !== undefined) checkDescription(description);
      return Object.assign(wanted, {
        statements,
        document: document ?? wanted.document,
        description: description ?? wanted.description,
        updateTime: clock.now(),
      });
    },
    deletePolicies: (ids) => {
      for (const id of ids) customPolicy(id);
      for (const id of ids) {
        policies.delete(id);
        for (const target of [...roles.values(), ...users.values()]) target.attached.delete(id);
      }
    },
    attach: (target, id) => {
      policy(id);
      if (!target.attached.has(id)) target.attached.set(id, clock.now());
    },
    detach: (target, id) => {
      policy(id);
      target.attached.delete(id);
    },
    createRole: (role) => {
      if (!/^[\w+=,.@-]{1,128}$/.test(role.roleName))
        throw new ApiError('InvalidParameter.RoleNameError', 'RoleName takes 1 to 128 letters, digits and +=,.@_-');
      if (roles.has(role.roleName))
        throw new ApiError('InvalidParameter.RoleNameInUse', `role ${role.roleName} exists`);
      checkDescription(role.description);
      return addRole({ ...role, preset: false });
    },
    setTrust: (role, trustDocument) => {
      const trust = parseTrustDocument(trustDocument);
      Object.assign(role, { trust, trustDocument, updateTime: clock.now() });
    },
    createUser: (name) => {
      if ([...users.values()].some((user) => user.name === name))
        throw new ApiError('InvalidParameter.SubUserNameInUse', `sub-user ${name} exists`);
      const userUin = String(BigInt(uin) + BigInt(nextId()) * 1000n);
      const user: CamUser = { kind: 'user', userUin, name, attached: new Map() };
      users.set(userUin, user);
      return user;
    },
    roleNamed: (name) => found(roles.get(name), 'InvalidParameter.RoleNotExist', `role ${name} does not exist`),
    roleById: (id) =>
      found(
        [...roles.values()].find((role) => role.roleId === id),
        'InvalidParameter.RoleNotExist',
        `role ${id} does not exist`,
      ),
    user: (userUin) => found(users.get(userUin), 'ResourceNotFound.UserNotExist', `sub-user ${userUin} does not exist`),
    statementsOf: (target) => [...target.attached.keys()].flatMap((id) => policies.get(id)?.statements ?? []),
    save: () => saveCam({ policies, roles, users }, numbers),
    restore: (saved) => {
      restoreCam({ policies, roles, users }, saved);
      numbers = saved.numbers;
    },
  };
  for (const { policyName, actions, description } of presetPolicies)
    addPolicy(policyName, policyText(actions), description, true);
  for (const preset of presetRoles) {
    const role = addRole({
      roleName: preset.roleName,
      preset: true,
      description: '',
      sessionDuration: 0,
      trustDocument: trustText(preset.services),
    });
    for (const name of preset.policies) store.attach(role, policyNamed(name).policyId);
  }
  return store;
}

/** A policy that allows these actions on everything. */
export function policyText(actions: readonly string[]): string {
  return JSON.stringify({ version: '2.0', statement: [{ effect: 'allow', action: actions, resource: '*' }] });
}

/** A trust policy that lets these services take the role on. */
export function trustText(services: readonly string[]): string {
  return JSON.stringify({
    version: '2.0',
    statement: [{ action: 'name/sts:AssumeRole', effect: 'allow', principal: { service: services } }],
  });
}

function checkDescription(description: string): void {
  if (Buffer.byteLength(description) > 300)
    throw new ApiError('InvalidParameter.DescriptionLengthOverlimit', 'Description takes at most 300 bytes');
}

function found<T>(value: T | undefined, code: string, message: string): T {
  if (value === undefined) throw new ApiError(code, message);
  return value;
}
