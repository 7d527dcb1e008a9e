// The CAM policies that the documents tell people to add to ipamd's role, word for word, one of ours, and their place in the lab's account.
import type { IdentityAdmin } from './cloud/identity/identity-admin.ts';
import { IPAMD_ROLE, TKE_ROLE } from './cloud/identity/cam-presets.ts';

export interface DocumentedPolicy {
  readonly policyName: string;
  /** As a person pastes it into "create by policy syntax". */
  readonly document: string;
  readonly roles: readonly string[];
}

/** Spec 000, "adding access to the security group interfaces". */
export const NODE_GROUPS_POLICY: DocumentedPolicy = {
  policyName: 'SecurityGroupsAccessForIPAMD',
  roles: [IPAMD_ROLE],
  document: `{
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
}
`,
};

/** Spec 002, usage: the three actions, on both roles. */
export const SUB_ENI_POLICY: DocumentedPolicy = {
  policyName: 'SubENIForIPAMD',
  roles: [IPAMD_ROLE, TKE_ROLE],
  document: `{
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
}
`,
};

/** In no document: lets ipamd see on which roles the policy of spec 002 is (docs/pod-security-groups.md). */
export const ROLE_POLICIES_POLICY: DocumentedPolicy = {
  policyName: 'RolePoliciesReadForIPAMD',
  roles: [IPAMD_ROLE],
  document: `{
"statement": [
{
"action": ["cam:ListAttachedRolePolicies"],
"effect": "allow",
"resource": ["*"]
}
],
"version": "2.0"
}
`,
};

/** Makes each policy and attaches it to its roles. Throws ApiError when one exists already. */
export function grant(identity: IdentityAdmin, policies: readonly DocumentedPolicy[]): void {
  for (const { policyName, document, roles } of policies) {
    identity.createPolicy({ policyName, document });
    for (const role of roles) identity.attachRolePolicy(role, policyName);
  }
}
