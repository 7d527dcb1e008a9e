import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { openAccount, type TestAccount, VPC_ID } from './testing/account.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

const answer = z.looseObject({
  TotalCount: z.number(),
  NextToken: z.string(),
  SubnetSet: z.array(z.looseObject({ SubnetId: z.string() })),
});
const page = async (body: object) => answer.parse(await account.call('vpc', 'DescribeSubnets', body));
const ids = (found: Awaited<ReturnType<typeof page>>): string[] => found.SubnetSet.map((subnet) => subnet.SubnetId);
const addSubnets = (count: number): void => {
  for (let index = 0; index < count; index += 1)
    account.cloud.admin.createSubnet({ vpcId: VPC_ID, cidr: `10.0.${100 + index}.0/24`, zone: 'ap-guangzhou-3' });
};

describe('DescribeSubnets by token', () => {
  test('gives every subnet once, and an empty token with the last page', async () => {
    addSubnets(7);
    const all = ids(await page({ Limit: '100' }));
    const seen: string[] = [];
    const sizes: number[] = [];
    let token: string | undefined;
    do {
      const next = await page({ MaxResults: 4, ...(token === undefined ? {} : { NextToken: token }) });
      seen.push(...ids(next));
      sizes.push(next.SubnetSet.length);
      expect(next.TotalCount).toBe(all.length);
      token = next.NextToken;
    } while (token !== '');
    expect(seen).toEqual(all);
    expect(sizes).toEqual([4, 4, 2]);
  });

  test('misses nothing when the last subnet that was shown, or an earlier one, is gone', async () => {
    addSubnets(7);
    const all = ids(await page({ Limit: '100' }));
    for (const gone of [5, 3]) {
      const size = gone + 1;
      const first = await page({ MaxResults: size });
      await account.call('vpc', 'DeleteSubnet', { SubnetId: all[gone] });
      const rest = await page({ MaxResults: 100, NextToken: first.NextToken });
      all.splice(gone, 1);
      expect(ids(rest)).toEqual(all.slice(gone));
    }
    const first = await page({ MaxResults: 5 });
    await account.call('vpc', 'DeleteSubnet', { SubnetId: all[3] });
    expect(ids(await page({ MaxResults: 100, NextToken: first.NextToken }))).toEqual(all.slice(5));
  });

  test.each([
    [{ MaxResults: 0 }, 'InvalidParameterValue.Range'],
    [{ MaxResults: 101 }, 'InvalidParameterValue.Range'],
    [{ MaxResults: 5, Offset: '0' }, 'InvalidParameter.Coexist'],
    [{ NextToken: 'made up' }, 'InvalidParameterValue.Malformed'],
  ])('%j is refused with %s', async (body, code) => {
    expect(await account.refusal('vpc', 'DescribeSubnets', body)).toBe(code);
  });

  test('is not asked for by Offset and Limit', async () => {
    expect(await page({ Offset: '1', Limit: '1' })).toMatchObject({ NextToken: '', SubnetSet: { length: 1 } });
  });
});
