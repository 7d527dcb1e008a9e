// Every error code that the API documents for the calls the adapter makes: what it becomes, whether to repeat, and whether the outcome is known.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { CloudError } from '../../src/cloud/errors.ts';
import type { VpcCloud } from '../../src/cloud/vpc-cloud.ts';
import { openSimulatedAccount, type SimulatedAccount } from './simulated-account.ts';

let account: SimulatedAccount;
beforeAll(async () => {
  account = await openSimulatedAccount();
});
afterAll(() => account.close());

/** `A[, .B, .C]` of the fact sheet, written out. */
const family = (bare: string, ...further: readonly string[]): string[] => [
  bare,
  ...further.map((tail) => `${bare}.${tail}`),
];
const of = (bare: string, ...tails: readonly string[]): string[] => tails.map((tail) => `${bare}.${tail}`);

const LISTING = [
  'InternalError.ModuleError',
  ...of('InvalidParameter', 'Coexist', 'FilterInvalidKey', 'FilterNotDict', 'FilterValuesNotList'),
  ...of('InvalidParameterValue', 'LimitExceeded', 'Malformed', 'NotUtf8EncodingError', 'Range'),
  'ResourceNotFound',
  'UnsupportedOperation',
];
const eni = 'eni-00000000';
const creation = (name: string): Parameters<VpcCloud['createEni']>[0] => ({
  vpcId: account.vpcId,
  subnetId: account.subnetId,
  name,
  description: '',
  securityGroups: [],
  tags: [],
  clientToken: name,
});

interface Documented {
  readonly action: string;
  readonly mutating: boolean;
  readonly call: (cloud: VpcCloud) => Promise<unknown>;
  /** Facts, sections 8, 10, 13 and 14. */
  readonly codes: readonly string[];
}

const documented: readonly Documented[] = [
  {
    action: 'CreateNetworkInterface',
    mutating: true,
    call: (cloud) => cloud.createEni(creation('a')),
    codes: [
      'FailedOperation.NetDetectTimeOut',
      ...of('InvalidParameter', 'FilterInvalidKey', 'FilterNotDict'),
      ...family(
        'InvalidParameterValue',
        'LimitExceeded',
        'Malformed',
        'Range',
        'Reserved',
        'TooLong',
        'TagDuplicateKey',
      ),
      ...family('LimitExceeded', 'ActionLimited', 'NetworkInterfaceLimitExceeded', 'TagQuotaExceeded'),
      'MissingParameter',
      'ResourceInUse',
      ...family('ResourceInsufficient', 'Subnet'),
      'ResourceNotFound',
      ...family('UnsupportedOperation', 'IdempotentParameterMismatch', 'IdempotentProcessing', 'ResourceMismatch'),
    ],
  },
  {
    action: 'CreateSubNetworkInterface',
    mutating: true,
    call: (cloud) => cloud.createSubEni({ ...creation('b'), trunkEniId: eni }),
    codes: ['InvalidAction', 'UnsupportedOperation.ActionNotFound', 'UnauthorizedOperation'],
  },
  {
    action: 'AttachNetworkInterface',
    mutating: true,
    call: (cloud) => cloud.attachEni({ eniId: eni, instanceId: account.instanceId, clientToken: 'c' }),
    codes: [
      'InternalError.ModuleError',
      'InvalidParameterValue.Malformed',
      ...family('LimitExceeded', 'ActionLimited'),
      'ResourceNotFound',
      ...family(
        'UnsupportedOperation',
        'AttachmentAlreadyExists',
        'IdempotentParameterMismatch',
        'IdempotentProcessing',
        'InvalidState',
        'ResourceIsInvalidState',
        'UnsupportedInstanceFamily',
        'VpcMismatch',
        'ZoneMismatch',
      ),
    ],
  },
  {
    action: 'DetachNetworkInterface',
    mutating: true,
    call: (cloud) => cloud.detachEni({ eniId: eni, instanceId: account.instanceId, clientToken: 'd' }),
    codes: [
      'InternalError.ModuleError',
      'InvalidParameterValue.Malformed',
      'LimitExceeded.ActionLimited',
      'ResourceNotFound',
      ...family('UnsupportedOperation', 'IdempotentProcessing', 'InstanceAssociateHavip', 'InvalidState'),
    ],
  },
  {
    action: 'DeleteNetworkInterface',
    mutating: true,
    call: (cloud) => cloud.deleteEni(eni),
    codes: [
      'InvalidParameterValue.Malformed',
      'LimitExceeded.ActionLimited',
      'ResourceInUse',
      'UnsupportedOperation.InvalidState',
    ],
  },
  {
    action: 'AssignPrivateIpAddresses',
    mutating: true,
    call: (cloud) => cloud.assignAddresses({ eniId: eni, count: 1, clientToken: 'e' }),
    codes: [
      'FailedOperation.NetDetectTimeOut',
      ...of('InvalidParameterValue', 'DuplicatePara', 'LimitExceeded', 'Malformed', 'Range', 'Reserved'),
      ...family('LimitExceeded', 'ActionLimited'),
      'MissingParameter',
      'ResourceInUse',
      ...family('ResourceInsufficient', 'Subnet'),
      'ResourceNotFound',
      ...family('UnsupportedOperation', 'InvalidState', 'MutexOperationTaskRunning', 'ResourceMismatch'),
    ],
  },
  {
    action: 'UnassignPrivateIpAddresses',
    mutating: true,
    call: (cloud) => cloud.unassignAddresses({ eniId: eni, addresses: ['10.0.0.9'] }),
    codes: [
      ...of('InvalidParameterValue', 'DuplicatePara', 'LimitExceeded', 'Malformed'),
      'ResourceNotFound',
      ...family('UnsupportedOperation', 'AttachmentNotFound', 'InvalidState', 'MutexOperationTaskRunning'),
    ],
  },
  {
    action: 'AssociateNetworkInterfaceSecurityGroups',
    mutating: true,
    call: (cloud) => cloud.associateSecurityGroups({ eniIds: [eni], securityGroupIds: [] }),
    codes: ['InvalidParameterValue.LimitExceeded', 'LimitExceeded', 'ResourceNotFound', 'UnsupportedOperation'],
  },
  {
    action: 'ModifyNetworkInterfaceAttribute',
    mutating: true,
    call: (cloud) => cloud.replaceSecurityGroups({ eniId: eni, securityGroupIds: [] }),
    codes: [
      ...of('InvalidParameterValue', 'Malformed', 'TooLong'),
      ...of('UnsupportedOperation', 'EniNotSupportTerminationProtection', 'SubEniNotSupportTrunking'),
    ],
  },
  {
    action: 'DescribeNetworkInterfaces',
    mutating: false,
    call: (cloud) => cloud.describeEnis({ kind: 'sub' }),
    codes: [...LISTING, 'LimitExceeded.ActionLimited'],
  },
  {
    action: 'DescribeSubnets',
    mutating: false,
    call: (cloud) => cloud.describeSubnets([account.subnetId]),
    codes: ['InvalidParameterValue.Empty', 'UnsupportedOperation.AppIdMismatch'],
  },
  {
    action: 'DescribeNetworkInterfaceLimit',
    mutating: false,
    call: (cloud) => cloud.describeEniLimits(account.instanceId),
    codes: ['InternalServerError', 'InvalidInstanceId.NotFound', 'InvalidParameterValue.Malformed', 'ResourceNotFound'],
  },
  {
    action: 'DescribeInstances',
    mutating: false,
    call: (cloud) => cloud.describeInstances({}),
    codes: [
      'InternalServerError',
      'InvalidFilter',
      'InvalidFilterValue.LimitExceeded',
      'InvalidInstanceId.Malformed',
      ...family('InvalidParameter'),
      ...family(
        'InvalidParameterValue',
        'IPAddressMalformed',
        'InstanceIdMalformed',
        'LimitExceeded',
        'VpcIdMalformed',
      ),
      'InvalidSecurityGroupId.NotFound',
      'UnauthorizedOperation.InvalidToken',
      'UnsupportedOperation',
    ],
  },
];

/** What each code must become; the longest beginning counts. A documented code that nothing here begins is a gap in this table. */
const MEANINGS: readonly (readonly [string, string])[] = [
  ['LimitExceeded.ActionLimited', 'CLOUD-THROTTLED'],
  ['LimitExceeded', 'CLOUD-QUOTA'],
  ['ResourceInsufficient.Subnet', 'CLOUD-SUBNET-DRY'],
  ['ResourceInsufficient', 'CLOUD-QUOTA'],
  ['ResourceNotFound', 'CLOUD-NOT-FOUND'],
  ['InvalidInstanceId.NotFound', 'CLOUD-NOT-FOUND'],
  ['InvalidSecurityGroupId.NotFound', 'CLOUD-NOT-FOUND'],
  ['ResourceInUse', 'CLOUD-IN-USE'],
  ['UnsupportedOperation.AttachmentAlreadyExists', 'CLOUD-IN-USE'],
  ['UnsupportedOperation.InvalidState', 'CLOUD-INVALID-STATE'],
  ['UnsupportedOperation.ResourceIsInvalidState', 'CLOUD-INVALID-STATE'],
  ['UnsupportedOperation.MutexOperationTaskRunning', 'CLOUD-INVALID-STATE'],
  ['UnsupportedOperation.IdempotentParameterMismatch', 'CLOUD-TOKEN-MISMATCH'],
  ['UnsupportedOperation.IdempotentProcessing', 'CLOUD-TOKEN-PROCESSING'],
  ['UnsupportedOperation.ActionNotFound', 'CLOUD-UNKNOWN-ACTION'],
  ['UnsupportedOperation', 'CLOUD-UNSUPPORTED'],
  ['InvalidAction', 'CLOUD-UNKNOWN-ACTION'],
  ['UnauthorizedOperation', 'CLOUD-UNAUTHORIZED'],
  ['InternalError', 'CLOUD-SERVICE'],
  ['InternalServerError', 'CLOUD-SERVICE'],
  ['FailedOperation', 'CLOUD-SERVICE'],
  ['Invalid', 'CLOUD-INVALID-REQUEST'],
  ['MissingParameter', 'CLOUD-INVALID-REQUEST'],
];
const meaningOf = (code: string): string | undefined =>
  MEANINGS.filter(([beginning]) => code.startsWith(beginning)).toSorted(([a], [b]) => b.length - a.length)[0]?.[1];

/** A read is asked again after these; a change only after the second, which says that nothing was done. */
const REPEATED = new Set(['CLOUD-SERVICE', 'CLOUD-THROTTLED']);

describe.each(documented)('a documented refusal of $action', ({ action, mutating, call, codes }) => {
  test.each(codes)('%s', async (apiCode) => {
    const { admin } = account.simulator;
    const code = meaningOf(apiCode);
    admin.failNext({ action, code: apiCode });
    const before = account.actions().length;
    const error: unknown = await call(account.cloud).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    const asked = account.actions().length - before;
    if (!mutating && REPEATED.has(code ?? '')) {
      expect({ error, asked }).toEqual({ error: undefined, asked: 2 });
      return;
    }
    if (code === 'CLOUD-THROTTLED') {
      expect(asked).toBe(2);
      expect(error).not.toMatchObject({ code });
      return;
    }
    expect(error).toBeInstanceOf(CloudError);
    const outcomeUnknown = mutating && code === 'CLOUD-SERVICE';
    expect(error).toMatchObject({ code, apiCode, outcomeUnknown, requestId: expect.any(String) as unknown });
    expect(asked).toBe(1);
  });
});
