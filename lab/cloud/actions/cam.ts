// CAM 2019-01-16: policies, roles and attachments. Shapes are not in the facts; this file is the one to correct (all of it GUESS until tried).
import { z } from 'zod';
import { type Action, bool, defineAction, integer, tagList, text } from '../action.ts';
import { ApiError } from '../api-error.ts';
import type { CamPolicy, CamRole, CamStore } from '../identity/cam-store.ts';
import { roleArn } from '../identity/identity-admin.ts';

const services = ['cam'] as const;

const createPolicy = defineAction({
  name: 'CreatePolicy',
  services,
  parameters: z.object({
    PolicyName: text,
    /** JSON as text, as the console's "create by policy syntax" takes it. */
    PolicyDocument: text,
    Description: text.optional(),
    Tags: tagList.optional(),
  }),
  handle: ({ PolicyName, PolicyDocument, Description = '' }, { account }) => ({
    PolicyId: account.cam.createPolicy({ policyName: PolicyName, document: PolicyDocument, description: Description })
      .policyId,
  }),
});

const updatePolicy = defineAction({
  name: 'UpdatePolicy',
  services,
  parameters: z.object({
    PolicyId: integer.optional(),
    PolicyName: text.optional(),
    Description: text.optional(),
    PolicyDocument: text.optional(),
  }),
  handle: ({ PolicyId, PolicyName, Description, PolicyDocument }, { account }) => {
    const policy = findPolicy(account.cam, PolicyId, PolicyName);
    account.cam.updatePolicy(policy.policyId, {
      ...(PolicyDocument === undefined ? {} : { document: PolicyDocument }),
      ...(Description === undefined ? {} : { description: Description }),
    });
    return { PolicyId: policy.policyId };
  },
});

const deletePolicy = defineAction({
  name: 'DeletePolicy',
  services,
  parameters: z.object({ PolicyId: z.array(integer) }),
  handle: ({ PolicyId }, { account }) => {
    account.cam.deletePolicies(PolicyId);
    return {};
  },
});

const getPolicy = defineAction({
  name: 'GetPolicy',
  services,
  parameters: z.object({ PolicyId: integer }),
  handle: ({ PolicyId }, { account }) => {
    const policy = account.cam.policy(PolicyId);
    return {
      PolicyName: policy.policyName,
      Description: policy.description,
      Type: policy.preset ? 2 : 1,
      AddTime: camTime(policy.addTime),
      UpdateTime: camTime(policy.updateTime),
      PolicyDocument: policy.document,
      PresetAlias: '',
      IsServiceLinkedRolePolicy: 0,
      Tags: [],
    };
  },
});

const listPolicies = defineAction({
  name: 'ListPolicies',
  services,
  parameters: z.object({
    Rp: integer.optional(),
    Page: integer.optional(),
    /** All, QCS (preset) or Local (custom). */
    Scope: z.enum(['All', 'QCS', 'Local']).optional(),
    Keyword: text.optional(),
  }),
  handle: ({ Rp, Page, Scope = 'All', Keyword = '' }, { account: { cam } }) => {
    const chosen = [...cam.policies.values()].filter(
      (policy) =>
        (Scope === 'All' || policy.preset === (Scope === 'QCS')) &&
        policy.policyName.toLowerCase().includes(Keyword.toLowerCase()),
    );
    const List = page(chosen, Page, Rp).map((policy) => {
      const attachments = [...cam.roles.values(), ...cam.users.values()].filter(({ attached }) =>
        attached.has(policy.policyId),
      ).length;
      return {
        PolicyId: policy.policyId,
        PolicyName: policy.policyName,
        AddTime: camTime(policy.addTime),
        UpdateTime: camTime(policy.updateTime),
        Type: policy.preset ? 2 : 1,
        Description: policy.description,
        CreateMode: 2,
        Attachments: attachments,
        ServiceType: '',
        IsAttached: attachments > 0 ? 1 : 0,
        Deactived: 0,
        DeactivedDetail: [],
        IsServiceLinkedPolicy: 0,
      };
    });
    return { TotalNum: chosen.length, List, ServiceTypeList: [] };
  },
});

const attachRolePolicy = defineAction({
  name: 'AttachRolePolicy',
  services,
  parameters: z.object({
    PolicyId: integer.optional(),
    PolicyName: text.optional(),
    AttachRoleId: text.optional(),
    AttachRoleName: text.optional(),
  }),
  handle: ({ PolicyId, PolicyName, AttachRoleId, AttachRoleName }, { account: { cam } }) => {
    cam.attach(findRole(cam, AttachRoleId, AttachRoleName), findPolicy(cam, PolicyId, PolicyName).policyId);
    return {};
  },
});

const detachRolePolicy = defineAction({
  name: 'DetachRolePolicy',
  services,
  parameters: z.object({
    PolicyId: integer.optional(),
    PolicyName: text.optional(),
    DetachRoleId: text.optional(),
    DetachRoleName: text.optional(),
  }),
  handle: ({ PolicyId, PolicyName, DetachRoleId, DetachRoleName }, { account: { cam } }) => {
    cam.detach(findRole(cam, DetachRoleId, DetachRoleName), findPolicy(cam, PolicyId, PolicyName).policyId);
    return {};
  },
});

const listAttachedRolePolicies = defineAction({
  name: 'ListAttachedRolePolicies',
  services,
  parameters: z.object({
    Page: integer,
    Rp: integer,
    RoleId: text.optional(),
    RoleName: text.optional(),
    PolicyType: z.enum(['User', 'QCS']).optional(),
    Keyword: text.optional(),
  }),
  handle: ({ Page, Rp, RoleId, RoleName, PolicyType, Keyword = '' }, { account: { cam } }) => {
    const chosen = [...findRole(cam, RoleId, RoleName).attached].flatMap(([policyId, attachedAt]) => {
      const policy = cam.policy(policyId);
      const type = policy.preset ? 'QCS' : 'User';
      if ((PolicyType !== undefined && PolicyType !== type) || !policy.policyName.includes(Keyword)) return [];
      return [
        {
          PolicyId: policyId,
          PolicyName: policy.policyName,
          AddTime: camTime(attachedAt),
          PolicyType: type,
          CreateMode: 2,
          Deactived: 0,
          DeactivedDetail: [],
          Description: policy.description,
        },
      ];
    });
    return { TotalNum: chosen.length, List: page(chosen, Page, Rp) };
  },
});

const createRole = defineAction({
  name: 'CreateRole',
  services,
  parameters: z.object({
    RoleName: text,
    /** The trust policy. */
    PolicyDocument: text,
    Description: text.optional(),
    ConsoleLogin: integer.optional(),
    SessionDuration: integer.optional(),
    Tags: tagList.optional(),
  }),
  handle: ({ RoleName, PolicyDocument, Description = '', SessionDuration = 0 }, { account }) => ({
    RoleId: account.cam.createRole({
      roleName: RoleName,
      trustDocument: PolicyDocument,
      description: Description,
      sessionDuration: SessionDuration,
    }).roleId,
  }),
});

const getRole = defineAction({
  name: 'GetRole',
  services,
  parameters: z.object({ RoleId: text.optional(), RoleName: text.optional() }),
  handle: ({ RoleId, RoleName }, { account }) => ({
    RoleInfo: roleAnswer(account.uin, findRole(account.cam, RoleId, RoleName)),
  }),
});

const describeRoleList = defineAction({
  name: 'DescribeRoleList',
  services,
  parameters: z.object({ Page: integer, Rp: integer, Tags: z.array(text).optional() }),
  handle: ({ Page, Rp }, { account }) => {
    const roles = [...account.cam.roles.values()];
    return { TotalNum: roles.length, List: page(roles, Page, Rp).map((role) => roleAnswer(account.uin, role)) };
  },
});

const updateAssumeRolePolicy = defineAction({
  name: 'UpdateAssumeRolePolicy',
  services,
  parameters: z.object({ PolicyDocument: text, RoleId: text.optional(), RoleName: text.optional() }),
  handle: ({ PolicyDocument, RoleId, RoleName }, { account: { cam } }) => {
    cam.setTrust(findRole(cam, RoleId, RoleName), PolicyDocument);
    return {};
  },
});

const attachUserPolicy = defineAction({
  name: 'AttachUserPolicy',
  services,
  parameters: z.object({ PolicyId: integer, AttachUin: text }),
  handle: ({ PolicyId, AttachUin }, { account: { cam } }) => {
    cam.attach(cam.user(AttachUin), PolicyId);
    return {};
  },
});

const detachUserPolicy = defineAction({
  name: 'DetachUserPolicy',
  services,
  parameters: z.object({ PolicyId: integer, DetachUin: text, ForceDetach: bool.optional() }),
  handle: ({ PolicyId, DetachUin }, { account: { cam } }) => {
    cam.detach(cam.user(DetachUin), PolicyId);
    return {};
  },
});

export const camActions: readonly Action[] = [
  createPolicy,
  updatePolicy,
  deletePolicy,
  getPolicy,
  listPolicies,
  attachRolePolicy,
  detachRolePolicy,
  listAttachedRolePolicies,
  createRole,
  getRole,
  describeRoleList,
  updateAssumeRolePolicy,
  attachUserPolicy,
  detachUserPolicy,
];

function findPolicy(cam: CamStore, id: number | undefined, name: string | undefined): CamPolicy {
  if (id !== undefined) return cam.policy(id);
  if (name !== undefined) return cam.policyNamed(name);
  throw new ApiError('InvalidParameter.ParamError', 'PolicyId or PolicyName is required');
}

function findRole(cam: CamStore, id: string | undefined, name: string | undefined): CamRole {
  if (id !== undefined) return cam.roleById(id);
  if (name !== undefined) return cam.roleNamed(name);
  throw new ApiError('InvalidParameter.ParamError', 'a role id or a role name is required');
}

/** Pages count from 1; at most 200 a page. */
function page<T>(items: readonly T[], number = 1, size = 20): readonly T[] {
  if (number < 1 || size < 1 || size > 200)
    throw new ApiError('InvalidParameter.ParamError', 'Page counts from 1 and Rp is 1 to 200');
  return items.slice((number - 1) * size, number * size);
}

function roleAnswer(uin: string, role: CamRole): object {
  return {
    RoleId: role.roleId,
    RoleName: role.roleName,
    PolicyDocument: role.trustDocument,
    Description: role.description,
    AddTime: camTime(role.addTime),
    UpdateTime: camTime(role.updateTime),
    ConsoleLogin: 0,
    RoleType: role.preset ? 'system' : 'user',
    SessionDuration: role.sessionDuration,
    DeletionTaskId: '',
    Tags: [],
    RoleArn: roleArn({ uin, appId: 0 }, role.roleName),
  };
}

/** China time, as vpc objects show theirs (GUESS). */
function camTime(at: Date): string {
  return new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}
