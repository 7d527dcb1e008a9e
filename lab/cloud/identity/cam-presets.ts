// What CAM holds before anyone writes a policy: Tencent's own policies for TKE and the two service roles of the documents.

export interface PresetPolicy {
  readonly policyName: string;
  readonly description: string;
  /** As CAM action patterns, on every resource. */
  readonly actions: readonly string[];
}

/**
 * GUESS (facts tke.md, section 10: the base list is not printed anywhere): what ipamd does for shared and exclusive ENIs, without
 * the groups of spec 000, the sub-ENIs of spec 002 and the EIPs of spec 004, which need policies of their own.
 */
const IPAMD_BASE: readonly string[] = [
  'vpc:Describe*',
  'cvm:Describe*',
  'tag:Describe*',
  'tag:Get*',
  'tag:TagResources',
  'tke:Describe*',
  'vpc:CreateNetworkInterface',
  'vpc:CreateAndAttachNetworkInterface',
  'vpc:AttachNetworkInterface',
  'vpc:DetachNetworkInterface',
  'vpc:DeleteNetworkInterface',
  'vpc:MigrateNetworkInterface',
  'vpc:ModifyNetworkInterfaceAttribute',
  'vpc:AssignPrivateIpAddresses',
  'vpc:UnassignPrivateIpAddresses',
  'vpc:ModifyPrivateIpAddressesAttribute',
  'vpc:MigratePrivateIpAddress',
];

/** Spec 004: all EIP operations. GUESS: the list; only AllocateAddresses is proven. */
const EIP: readonly string[] = [
  'cvm:AllocateAddresses',
  'cvm:ReleaseAddresses',
  'cvm:AssociateAddress',
  'cvm:DisassociateAddress',
  'cvm:DescribeAddresses',
  'cvm:DescribeAddressQuota',
  'cvm:ModifyAddressAttribute',
  'cvm:ModifyAddressesBandwidth',
  'cvm:ModifyAddressInternetChargeType',
];

export const IPAMD_ROLE = 'IPAMDofTKE_QCSRole';
export const TKE_ROLE = 'TKE_QCSRole';
export const EIP_POLICY = 'QcloudAccessForIPAMDRoleInQcloudAllocateEIP';

/** GUESS: the names of the two base policies. */
export const presetPolicies: readonly PresetPolicy[] = [
  { policyName: 'AdministratorAccess', description: 'Everything', actions: ['*'] },
  { policyName: 'QcloudAccessForIPAMDofTKERole', description: 'ENIs and addresses for ipamd', actions: IPAMD_BASE },
  {
    policyName: 'QcloudAccessForTKERole',
    description: 'What TKE needs of cvm and vpc',
    actions: [...IPAMD_BASE, 'tke:*', 'cvm:ModifyInstancesAttribute'],
  },
  { policyName: EIP_POLICY, description: 'EIPs for ipamd', actions: EIP },
];

export interface PresetRole {
  readonly roleName: string;
  /** Who may take it on. */
  readonly services: readonly string[];
  readonly policies: readonly string[];
}

/** As they are once VPC-CNI is turned on; neither has what 000, 002 and 004 tell to add. GUESS: the service names. */
export const presetRoles: readonly PresetRole[] = [
  {
    roleName: IPAMD_ROLE,
    services: ['ccs.qcloud.com', 'cvm.qcloud.com'],
    policies: ['QcloudAccessForIPAMDofTKERole'],
  },
  { roleName: TKE_ROLE, services: ['ccs.qcloud.com', 'cvm.qcloud.com'], policies: ['QcloudAccessForTKERole'] },
];
