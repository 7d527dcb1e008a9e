import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { DEFAULT_ACCOUNT } from '../identity/open-account.ts';
import { type Answer, GROUP_ID, INSTANCE_ID, openAccount, type TestAccount } from '../testing/account.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

const tag = (action: string, body?: object): Promise<Answer> => account.call('tag', action, body);
const refusal = (action: string, body?: object): Promise<string> => account.refusal('tag', action, body);
const nameOf = (service: string, resource: string): string =>
  `qcs::${service}:ap-guangzhou:uin/${DEFAULT_ACCOUNT.uin}:${resource}`;
const GROUP = nameOf('cvm', `sg/${GROUP_ID}`);
const INSTANCE = nameOf('cvm', `instance/${INSTANCE_ID}`);
const owner = (TagValue = 'me'): object => ({ TagKey: 'owner', TagValue });

describe('TagResources', () => {
  test('tags across products, and their own describe calls find it', async () => {
    expect(await tag('TagResources', { ResourceList: [GROUP, INSTANCE], Tags: [owner()] })).toMatchObject({
      FailedResources: [],
    });
    const Filters = [{ Name: 'tag:owner', Values: ['me'] }];
    expect(await account.call('vpc', 'DescribeSecurityGroups', { Filters })).toMatchObject({ TotalCount: 1 });
    expect(await account.call('cvm', 'DescribeInstances', { Filters })).toMatchObject({
      InstanceSet: [{ Tags: [{ Key: 'owner', Value: 'me' }] }],
    });
  });

  test('gives a key that is there the new value', async () => {
    for (const value of ['me', 'you']) await tag('TagResources', { ResourceList: [GROUP], Tags: [owner(value)] });
    expect(await tag('GetResources', { ResourceList: [GROUP] })).toMatchObject({
      ResourceTagMappingList: [{ Resource: GROUP, Tags: [{ TagKey: 'owner', TagValue: 'you', Category: 'Custom' }] }],
    });
  });

  test('names what failed beside what went well', async () => {
    const missing = nameOf('vpc', 'eni/eni-aaaaaaaa');
    const answer = await tag('TagResources', { ResourceList: [missing, GROUP], Tags: [owner()] });
    expect(answer).toMatchObject({ FailedResources: [{ Resource: missing, Code: 'ResourceNotFound' }] });
    expect(await tag('GetResources')).toMatchObject({ ResourceTagMappingList: [{ Resource: GROUP }] });
  });

  test.each([
    ['a text that is no name', ['sg-1'], [owner()], 'InvalidParameterValue.ResourceDescriptionError'],
    ['a key twice', [GROUP], [owner(), owner()], 'InvalidParameterValue.TagKeyDuplicate'],
    ['no key', [GROUP], [{ TagKey: '', TagValue: '' }], 'InvalidParameterValue.TagKeyEmpty'],
    ['a key of the system', [GROUP], [{ TagKey: 'qcs:a', TagValue: '' }], 'InvalidParameter.ReservedTagKey'],
    ['too many resources', Array.from({ length: 11 }, () => GROUP), [owner()], 'LimitExceeded.ResourceNumPerRequest'],
  ])('refuses %s and tags nothing', async (_what, ResourceList, Tags, code) => {
    expect(await refusal('TagResources', { ResourceList, Tags })).toBe(code);
    expect(await tag('GetResources')).toMatchObject({ ResourceTagMappingList: [] });
  });
});

test('UnTagResources takes keys away', async () => {
  await tag('TagResources', { ResourceList: [GROUP], Tags: [owner()] });
  await tag('UnTagResources', { ResourceList: [GROUP], TagKeys: ['owner', 'other'] });
  expect(await tag('GetResources')).toMatchObject({ ResourceTagMappingList: [] });
});

test('GetResources goes on from its token', async () => {
  await tag('TagResources', { ResourceList: [GROUP, INSTANCE], Tags: [owner()] });
  const first = await tag('GetResources', { TagFilters: [{ TagKey: 'owner' }], MaxResults: 1 });
  expect(first).toMatchObject({ ResourceTagMappingList: [{ Resource: GROUP }] });
  const { PaginationToken } = first;
  const second = await tag('GetResources', { TagFilters: [{ TagKey: 'owner' }], MaxResults: 1, PaginationToken });
  expect(second).toMatchObject({ PaginationToken: '', ResourceTagMappingList: [{ Resource: INSTANCE }] });
  expect(await refusal('GetResources', { PaginationToken: 'x' })).toBe('InvalidParameter.PaginationTokenInvalid');
});

test('AttachResourcesTag takes bare ids, DescribeResourcesByTags answers them', async () => {
  const body = { ServiceType: 'cvm', ResourcePrefix: 'sg', ResourceIds: [GROUP_ID], TagKey: 'team', TagValue: 'net' };
  await tag('AttachResourcesTag', body);
  expect(await tag('DescribeResourcesByTags', { TagFilters: [{ TagKey: 'team', TagValue: ['net'] }] })).toMatchObject({
    TotalCount: 1,
    Rows: [{ ServiceType: 'cvm', ResourcePrefix: 'sg', ResourceId: GROUP_ID }],
  });
  expect(await refusal('AttachResourcesTag', { ...body, ServiceType: 'cos' })).toBe(
    'InvalidParameter.UnsupportedService',
  );
});

test('ModifyResourceTags replaces and deletes at once', async () => {
  await tag('TagResources', { ResourceList: [GROUP], Tags: [owner(), { TagKey: 'old', TagValue: '' }] });
  await tag('ModifyResourceTags', {
    Resource: GROUP,
    ReplaceTags: [owner('you')],
    DeleteTags: [{ TagKey: 'old' }],
  });
  expect(await tag('GetResources')).toMatchObject({
    ResourceTagMappingList: [{ Tags: [{ TagKey: 'owner', TagValue: 'you' }] }],
  });
});
