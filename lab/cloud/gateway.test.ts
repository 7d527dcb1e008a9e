import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { INSTANCE_ID, openAccount, SUBNET_ID, type TestAccount, VPC_ID } from './testing/account.ts';
import { type RawRequest, sendRaw } from './testing/raw-request.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function errorOf(wish: RawRequest): Promise<unknown> {
  const { status, headers, body } = await sendRaw(account, wish);
  const response = body.Response;
  expect([status, headers['content-type']]).toEqual([200, 'application/json']);
  expect(response['RequestId']).toMatch(UUID);
  return (response['Error'] as { Code: string } | undefined)?.Code;
}

describe('the envelope', () => {
  test('is status 200, exactly application/json, a RequestId and the trace id echoed', async () => {
    const trace = '7a4bb5a1-6c0c-4d5c-8f0b-1d2f3c4b5a69';
    const answer = await sendRaw(account, { action: 'DescribeVpcs', headers: { 'X-TC-TraceId': trace } });
    expect([answer.status, answer.headers['content-type'], answer.headers['x-tc-traceid']]).toEqual([
      200,
      'application/json',
      trace,
    ]);
    expect(answer.body.Response).toMatchObject({ TotalCount: 1, RequestId: expect.stringMatching(UUID) as string });
  });

  test.each([
    ['zh-CN', '资源不存在。`vpc-nothere1` does not exist'],
    ['en-US', '`vpc-nothere1` does not exist'],
  ])('tells the kind of an error in the language %s', async (language, message) => {
    const answer = await sendRaw(account, {
      action: 'DescribeVpcs',
      body: { VpcIds: ['vpc-nothere1'] },
      headers: { 'X-TC-Language': language },
    });
    expect(answer.body.Response['Error']).toEqual({ Code: 'ResourceNotFound', Message: message });
  });

  test('takes the Host header with scheme and port that tccli sends, on any path', async () => {
    expect(await errorOf({ action: 'DescribeVpcs', path: '/vpc' })).toBeUndefined();
  });
});

describe('a request that cannot be served', () => {
  const requests: readonly (readonly [string, RawRequest, string])[] = [
    ['PUT', { action: 'DescribeVpcs', method: 'PUT' }, 'UnsupportedProtocol'],
    [
      'a form',
      { action: 'DescribeVpcs', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
      'UnsupportedProtocol',
    ],
    ['an unknown action', { action: 'CreateEverything' }, 'InvalidAction'],
    ['an action of another product', { action: 'DescribeVpcs', version: '2018-05-25' }, 'InvalidAction'],
    ['an unknown version', { action: 'DescribeVpcs', version: '2001-01-01' }, 'NoSuchVersion'],
    ['another region', { action: 'DescribeVpcs', headers: { 'X-TC-Region': 'ap-nowhere' } }, 'UnsupportedRegion'],
    ['a body that is no JSON', { action: 'DescribeVpcs', body: '{"Limit": ' }, 'InvalidParameter'],
    ['a body that is a list', { action: 'DescribeVpcs', body: '[]' }, 'InvalidParameter'],
    ['an unknown parameter', { action: 'DescribeVpcs', body: { Colour: 'red' } }, 'UnknownParameter'],
    ['a misspelt parameter of vpc', { action: 'DescribeVpcs', body: { VpcId: 'x' } }, 'UnknownParameter.WithGuess'],
    ['a misspelt parameter of cvm', { action: 'DescribeInstances', body: { InstanceId: 'x' } }, 'UnknownParameter'],
    ['filters that are no list', { action: 'DescribeVpcs', body: { Filters: 'x' } }, 'InvalidParameter.FilterNotDict'],
    ['a filter that is a word', { action: 'DescribeVpcs', body: { Filters: ['x'] } }, 'InvalidParameter.FilterNotDict'],
    [
      'a filter with one value instead of a list',
      { action: 'DescribeVpcs', body: { Filters: [{ Name: 'vpc-id', Values: 'x' }] } },
      'InvalidParameter.FilterValuesNotList',
    ],
    [
      'an unknown parameter further in',
      { action: 'DescribeVpcs', body: { Filters: [{ Name: 'vpc-id', Values: [], Colour: 'red' }] } },
      'UnknownParameter',
    ],
    [
      'a missing parameter',
      { action: 'CreateNetworkInterface', body: { VpcId: VPC_ID, SubnetId: SUBNET_ID } },
      'MissingParameter',
    ],
    ['a wrong type', { action: 'DescribeVpcs', body: { VpcIds: VPC_ID } }, 'InvalidParameter'],
    [
      'no signature',
      { action: 'DescribeVpcs', headers: { Authorization: 'SKIP' } },
      'AuthFailure.InvalidAuthorization',
    ],
    ['an old timestamp', { action: 'DescribeVpcs', headers: { 'X-TC-Timestamp': '1' } }, 'AuthFailure.SignatureExpire'],
  ];
  test.each(requests)('%s gets its code in the usual envelope', async (_what, wish, code) => {
    expect(await errorOf(wish)).toBe(code);
  });
});

describe('a GET', () => {
  const get = async (action: string, query: string) => {
    const answer = await sendRaw(account, { action, method: 'GET', query });
    return answer.body.Response;
  };

  test('carries nested parameters in its signed query', async () => {
    const query = 'Filters.0.Name=zone&Filters.0.Values.0=ap-guangzhou-6&Filters.0.Values.1=ap-none-1&Limit=5';
    expect(await get('DescribeSubnets', query)).toMatchObject({
      TotalCount: 1,
      SubnetSet: [{ CidrBlock: '10.0.2.0/24' }],
    });
  });

  const wrong: readonly (readonly [string, string, string])[] = [
    ['a list with a gap', 'VpcIds.1=vpc-test0001', 'InvalidParameter'],
    ['a name that makes no tree', '__proto__.x=1', 'InvalidParameter'],
    ['a value and a group of one name', 'VpcIds=a&VpcIds.0=b', 'InvalidParameter'],
    ['an unknown parameter', 'Colour=red', 'UnknownParameter'],
    ['the signature of API 2.0', 'SignatureMethod=HmacSHA256&Signature=abc', 'AuthFailure.InvalidAuthorization'],
    ['more than a query may hold', `Limit=${'1'.repeat(33_000)}`, 'RequestSizeLimitExceeded'],
  ];
  test.each(wrong)('with %s gets its code', async (_what, query, code) => {
    expect(await get('DescribeVpcs', query)).toMatchObject({ Error: { Code: code } });
  });

  test('whose query was changed on the way is refused', async () => {
    const signed = await sendRaw(account, {
      action: 'DescribeVpcs',
      method: 'GET',
      query: 'Limit=1',
      path: '/?Offset=1&',
    });
    expect(signed.body.Response).toMatchObject({ Error: { Code: 'AuthFailure.SignatureFailure' } });
  });
});

describe('older signatures', () => {
  test.each(['HmacSHA1', 'HmacSHA256'])('%s in a form is refused, and the refusal says what to use', async (method) => {
    const answer = await sendRaw(account, {
      action: 'DescribeVpcs',
      body: `Action=DescribeVpcs&SignatureMethod=${method}&Signature=abc`,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: '' },
    });
    expect(answer.body.Response).toMatchObject({
      Error: {
        Code: 'AuthFailure.InvalidAuthorization',
        Message: expect.stringMatching(new RegExp(`^${method} .*TC3-HMAC-SHA256`)) as string,
      },
    });
  });
});

test('a body that is too large is refused before it is read as JSON', async () => {
  const body = `{"VpcIds": ["${'x'.repeat(10 * 1024 * 1024)}"]}`;
  expect(await errorOf({ action: 'DescribeVpcs', body })).toBe('RequestSizeLimitExceeded');
});

describe('reads of the other families through the SDK', () => {
  test('DescribeVpcs and DescribeSubnets list what was laid out', async () => {
    expect(await account.call('vpc', 'DescribeVpcs', { VpcIds: [VPC_ID] })).toMatchObject({
      VpcSet: [{ VpcId: VPC_ID, CidrBlock: '10.0.0.0/16' }],
    });
    expect(
      await account.call('vpc', 'DescribeSubnets', {
        Filters: [{ Name: 'zone', Values: ['ap-guangzhou-6'] }],
        Limit: '100',
      }),
    ).toMatchObject({ TotalCount: 1, SubnetSet: [{ CidrBlock: '10.0.2.0/24' }] });
  });

  test('DescribeInstances finds by id and by address, and leaves unknown ids out', async () => {
    const byId = await account.call('cvm', 'DescribeInstances', { InstanceIds: [INSTANCE_ID, 'ins-absent01'] });
    expect(byId).toMatchObject({
      TotalCount: 1,
      InstanceSet: [
        { InstanceId: INSTANCE_ID, InstanceType: 'SA5.LARGE8', CPU: 4, Memory: 8, PrivateIpAddresses: ['10.0.1.2'] },
      ],
    });
    const filter = { Filters: [{ Name: 'private-ip-address', Values: ['10.0.1.2'] }] };
    expect(await account.call('cvm', 'DescribeInstances', filter)).toMatchObject({ TotalCount: 1 });
  });

  test('ModifyInstancesAttribute replaces the groups of the primary ENI after its operation', async () => {
    const read = () => account.call('cvm', 'DescribeInstances', { InstanceIds: [INSTANCE_ID] });
    const change = { InstanceIds: [INSTANCE_ID], SecurityGroups: ['sg-test0001'] };
    const { RequestId } = await account.call('cvm', 'ModifyInstancesAttribute', change);
    expect(await read()).toMatchObject({
      InstanceSet: [{ SecurityGroupIds: ['sg-test0002'], LatestOperationState: 'OPERATING' }],
    });
    expect(await account.refusal('cvm', 'ModifyInstancesAttribute', change)).toBe('MutexOperation.TaskRunning');
    await account.tasksEnd();
    expect(await read()).toMatchObject({
      InstanceSet: [
        {
          SecurityGroupIds: ['sg-test0001'],
          LatestOperationState: 'SUCCESS',
          LatestOperationRequestId: RequestId,
        },
      ],
    });
  });

  test('an unknown cluster id is an empty list', async () => {
    expect(await account.call('tke', 'DescribeClusters', { ClusterIds: ['my-cluster'] })).toMatchObject({
      TotalCount: 0,
      Clusters: [],
    });
  });
});
