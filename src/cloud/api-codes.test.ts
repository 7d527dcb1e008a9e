import { describe, expect, test } from 'vitest';

import { camGrant, classifyCode } from './api-codes.ts';
import { cloudErrors } from './errors.ts';

describe('the row of an API code', () => {
  test.each([
    ['RequestLimitExceeded', 'CLOUD-THROTTLED'],
    ['RequestLimitExceeded.UinLimitExceeded', 'CLOUD-THROTTLED'],
    ['RequestLimitExceeded.GlobalRegionUinLimitExceeded', 'CLOUD-THROTTLED'],
    ['LimitExceeded.ActionLimited', 'CLOUD-THROTTLED'],
    ['LimitExceeded', 'CLOUD-QUOTA'],
    ['LimitExceeded.NetworkInterfaceLimitExceeded', 'CLOUD-QUOTA'],
    ['ResourceInsufficient', 'CLOUD-QUOTA'],
    ['ResourceInsufficient.Subnet', 'CLOUD-SUBNET-DRY'],
    ['ResourceNotFound', 'CLOUD-NOT-FOUND'],
    ['InvalidInstanceId.NotFound', 'CLOUD-NOT-FOUND'],
    ['InvalidInstanceId.Malformed', 'CLOUD-INVALID-REQUEST'],
    ['ResourceInUse', 'CLOUD-IN-USE'],
    ['UnsupportedOperation.AttachmentAlreadyExists', 'CLOUD-IN-USE'],
    ['UnsupportedOperation.InvalidState', 'CLOUD-INVALID-STATE'],
    ['UnsupportedOperation.MutexOperationTaskRunning', 'CLOUD-INVALID-STATE'],
    ['MutexOperation.TaskRunning', 'CLOUD-INVALID-STATE'],
    ['AuthFailure.UnauthorizedOperation', 'CLOUD-UNAUTHORIZED'],
    ['UnauthorizedOperation', 'CLOUD-UNAUTHORIZED'],
    ['AuthFailure.SignatureExpire', 'CLOUD-CLOCK-SKEW'],
    ['AuthFailure.SecretIdNotFound', 'CLOUD-CREDENTIALS'],
    ['AuthFailure.TokenFailure', 'CLOUD-CREDENTIALS'],
    ['InvalidAction', 'CLOUD-UNKNOWN-ACTION'],
    ['UnsupportedOperation.ActionNotFound', 'CLOUD-UNKNOWN-ACTION'],
    ['UnsupportedOperation.IdempotentParameterMismatch', 'CLOUD-TOKEN-MISMATCH'],
    ['UnsupportedOperation.IdempotentProcessing', 'CLOUD-TOKEN-PROCESSING'],
    ['UnsupportedOperation.ZoneMismatch', 'CLOUD-UNSUPPORTED'],
    ['InvalidParameterValue.Malformed', 'CLOUD-INVALID-REQUEST'],
    ['MissingParameter', 'CLOUD-INVALID-REQUEST'],
    ['UnknownParameter.WithGuess', 'CLOUD-INVALID-REQUEST'],
    ['InternalError.ModuleError', 'CLOUD-SERVICE'],
    ['SomethingNobodyHasSeen.Yet', 'CLOUD-REFUSED'],
    ['constructor', 'CLOUD-REFUSED'],
  ])('%s is %s', (apiCode, code) => {
    expect(classifyCode(apiCode).code).toBe(code);
  });
});

test('every row has a code of its own with the area in front', () => {
  const codes = Object.values(cloudErrors).map((row) => row.code);
  expect(new Set(codes).size).toBe(codes.length);
  expect(codes.filter((code) => !/^CLOUD(-[A-Z]+)+$/.test(code))).toEqual([]);
});

test('a missing permission names the CAM action, with the documented policy for the sub-ENI calls', () => {
  expect(camGrant('CreateSubNetworkInterface')).toBe(
    'vpc:CreateSubNetworkInterface (policy SubENIForIPAMD of spec 002)',
  );
  expect(camGrant('CheckNetworkInterfaceSecurityGroupReady')).toMatch(/^cvm:CheckNetworkInterfaceSecurityGroupReady /);
  expect(camGrant('ListAttachedRolePolicies')).toBe('cam:ListAttachedRolePolicies');
  expect(camGrant('CreateNetworkInterface')).toBe('vpc:CreateNetworkInterface');
});
