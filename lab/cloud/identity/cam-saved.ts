// CAM as a saved cloud keeps it: documents as written, attachments by policy id, and back.
import { parsePolicyDocument, parseTrustDocument } from './cam-document.ts';
import type { CamPolicy, CamRole, CamUser } from './cam-store.ts';

export interface SavedAttachment {
  readonly policyId: number;
  readonly at: Date;
}

export interface SavedCam {
  /** Numbers given so far. */
  readonly numbers: number;
  readonly policies: readonly Omit<CamPolicy, 'statements'>[];
  readonly roles: readonly (Omit<CamRole, 'kind' | 'trust' | 'attached'> & {
    readonly attached: readonly SavedAttachment[];
  })[];
  readonly users: readonly (Omit<CamUser, 'kind' | 'attached'> & { readonly attached: readonly SavedAttachment[] })[];
}

export interface CamMaps {
  readonly policies: Map<number, CamPolicy>;
  readonly roles: Map<string, CamRole>;
  readonly users: Map<string, CamUser>;
}

const attachments = (attached: ReadonlyMap<number, Date>): SavedAttachment[] =>
  [...attached].map(([policyId, at]) => ({ policyId, at }));
const attachedMap = (saved: readonly SavedAttachment[]): Map<number, Date> =>
  new Map(saved.map(({ at, policyId }) => [policyId, at]));

export function saveCam({ policies, roles, users }: CamMaps, numbers: number): SavedCam {
  return {
    numbers,
    policies: [...policies.values()].map(({ statements: _statements, ...policy }) => policy),
    roles: [...roles.values()].map(({ kind: _kind, trust: _trust, attached, ...role }) => ({
      ...role,
      attached: attachments(attached),
    })),
    users: [...users.values()].map(({ kind: _kind, attached, ...user }) => ({
      ...user,
      attached: attachments(attached),
    })),
  };
}

/** Replaces what the maps hold. Throws ApiError for a document that CAM would refuse; the maps are as they were then. */
export function restoreCam(maps: CamMaps, saved: SavedCam): void {
  const policies = saved.policies.map((one) => ({ ...one, statements: parsePolicyDocument(one.document) }));
  const roles = saved.roles.map((one) => ({
    ...one,
    kind: 'role' as const,
    trust: parseTrustDocument(one.trustDocument),
    attached: attachedMap(one.attached),
  }));
  for (const map of Object.values(maps) as readonly Map<unknown, unknown>[]) map.clear();
  for (const policy of policies) maps.policies.set(policy.policyId, policy);
  for (const role of roles) maps.roles.set(role.roleName, role);
  for (const user of saved.users)
    maps.users.set(user.userUin, { ...user, kind: 'user', attached: attachedMap(user.attached) });
}
