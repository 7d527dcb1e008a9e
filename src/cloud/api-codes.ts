// Which row of the catalogue each error code of the Tencent Cloud API belongs to (facts of the cloud API, sections 3.5 and 8 to 14).
import { cloudErrors, type CloudErrorRow } from './errors.ts';

/** Codes that mean the same whatever follows their last dot; the longest match wins. */
const BY_PREFIX: Readonly<Record<string, CloudErrorRow>> = {
  RequestLimitExceeded: cloudErrors.throttled,
  'LimitExceeded.ActionLimited': cloudErrors.throttled,
  LimitExceeded: cloudErrors.quota,
  AddressQuotaLimitExceeded: cloudErrors.quota,
  ResourceInsufficient: cloudErrors.quota,
  'ResourceInsufficient.Subnet': cloudErrors.subnetDry,
  ResourceNotFound: cloudErrors.notFound,
  'InvalidInstanceId.NotFound': cloudErrors.notFound,
  'InvalidSecurityGroupID.NotFound': cloudErrors.notFound,
  'InvalidSecurityGroupId.NotFound': cloudErrors.notFound,
  'InvalidAddressId.NotFound': cloudErrors.notFound,
  'InvalidParameterValue.AddressNotFound': cloudErrors.notFound,
  'InvalidNetworkInterfaceId.NotFound': cloudErrors.notFound,
  'InvalidParameterValue.NetworkInterfaceNotFound': cloudErrors.notFound,
  ResourceInUse: cloudErrors.inUse,
  'InvalidPrivateIpAddress.AlreadyBindEip': cloudErrors.inUse,
  'InvalidInstanceId.AlreadyBindEip': cloudErrors.inUse,
  InvalidAddressIdStatus: cloudErrors.invalidState,
  InvalidAddressState: cloudErrors.invalidState,
  'UnsupportedOperation.AddressStatusNotPermit': cloudErrors.invalidState,
  InvalidAddressId: cloudErrors.invalidRequest,
  'UnsupportedOperation.AttachmentAlreadyExists': cloudErrors.inUse,
  'UnsupportedOperation.InvalidState': cloudErrors.invalidState,
  'UnsupportedOperation.ResourceIsInvalidState': cloudErrors.invalidState,
  'UnsupportedOperation.MutexOperationTaskRunning': cloudErrors.invalidState,
  MutexOperation: cloudErrors.invalidState,
  'OperationDenied.InstanceOperationInProgress': cloudErrors.invalidState,
  'OperationDenied.MutexTaskRunning': cloudErrors.invalidState,
  'AuthFailure.UnauthorizedOperation': cloudErrors.unauthorized,
  UnauthorizedOperation: cloudErrors.unauthorized,
  'AuthFailure.SignatureExpire': cloudErrors.clockSkew,
  AuthFailure: cloudErrors.credentials,
  InvalidAction: cloudErrors.unknownAction,
  ActionOffline: cloudErrors.unknownAction,
  NoSuchProduct: cloudErrors.unknownAction,
  NoSuchVersion: cloudErrors.unknownAction,
  'UnsupportedOperation.ActionNotFound': cloudErrors.unknownAction,
  'UnsupportedOperation.InvalidAction': cloudErrors.unknownAction,
  'UnsupportedOperation.IdempotentParameterMismatch': cloudErrors.tokenMismatch,
  'UnsupportedOperation.IdempotentProcessing': cloudErrors.tokenProcessing,
  UnsupportedOperation: cloudErrors.unsupported,
  UnsupportedRegion: cloudErrors.invalidRequest,
  UnsupportedProtocol: cloudErrors.invalidRequest,
  InvalidParameter: cloudErrors.invalidRequest,
  InvalidParameterValue: cloudErrors.invalidRequest,
  InvalidParameterConflict: cloudErrors.invalidRequest,
  InvalidRequest: cloudErrors.invalidRequest,
  InvalidFilter: cloudErrors.invalidRequest,
  InvalidFilterValue: cloudErrors.invalidRequest,
  InvalidInstanceId: cloudErrors.invalidRequest,
  MissingParameter: cloudErrors.invalidRequest,
  UnknownParameter: cloudErrors.invalidRequest,
  RequestSizeLimitExceeded: cloudErrors.invalidRequest,
  InternalError: cloudErrors.service,
  InternalServerError: cloudErrors.service,
  ServiceUnavailable: cloudErrors.service,
  ResourceUnavailable: cloudErrors.service,
  FailedOperation: cloudErrors.service,
};

/** The row for a code; `refused` for one that is not in the table. */
export function classifyCode(apiCode: string): CloudErrorRow {
  const parts = apiCode.split('.');
  for (let length = parts.length; length > 0; length -= 1) {
    const prefix = parts.slice(0, length).join('.');
    const row = Object.hasOwn(BY_PREFIX, prefix) ? BY_PREFIX[prefix] : undefined;
    if (row !== undefined) return row;
  }
  return cloudErrors.refused;
}

/** What spec 004's preset policy allows; GUESS beyond AllocateAddresses, which its error text proves (facts/tke.md 13.1). */
const EIP_ACTIONS: ReadonlySet<string> = new Set([
  'AllocateAddresses',
  'ReleaseAddresses',
  'AssociateAddress',
  'DisassociateAddress',
  'DescribeAddresses',
  'DescribeAddressQuota',
  'ModifyAddressesBandwidth',
]);

/** Actions whose CAM name begins with `cvm:` although the vpc service answers them, or that cvm answers (facts, section 7; spec 002). */
const CVM_ACTIONS: ReadonlySet<string> = new Set([
  'DescribeInstances',
  'ModifyInstancesAttribute',
  'AssociateNetworkInterfaceSecurityGroups',
  'DisassociateNetworkInterfaceSecurityGroups',
  'CheckNetworkInterfaceSecurityGroupReady',
  ...EIP_ACTIONS,
]);

/** Actions of cam itself. */
const CAM_ACTIONS: ReadonlySet<string> = new Set(['ListAttachedRolePolicies']);

const SUB_ENI_POLICY: ReadonlySet<string> = new Set([
  'CreateSubNetworkInterface',
  'DeleteSubNetworkInterface',
  'CheckNetworkInterfaceSecurityGroupReady',
]);

/** What to grant so that an action is allowed: its CAM name and, for spec 002's three and the EIPs of spec 004, the documented policy. */
export function camGrant(action: string): string {
  const name = `${productOf(action)}:${action}`;
  if (EIP_ACTIONS.has(action))
    return `${name} (policy QcloudAccessForIPAMDRoleInQcloudAllocateEIP on role IPAMDofTKE_QCSRole, spec 004)`;
  return SUB_ENI_POLICY.has(action) ? `${name} (policy SubENIForIPAMD of spec 002)` : name;
}

function productOf(action: string): 'vpc' | 'cvm' | 'cam' {
  if (CAM_ACTIONS.has(action)) return 'cam';
  return CVM_ACTIONS.has(action) ? 'cvm' : 'vpc';
}
