import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { createRandom } from './fault-random.ts';
import { createFaults, type PageFault } from './faults.ts';
import { eniRequest, openAccount, type TestAccount, VPC_ID } from './testing/account.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

const secondary = { Filters: [{ Name: 'eni-type', Values: ['0'] }] };

/** Names on one page and the total beside it. */
async function page(body: object = secondary): Promise<{ readonly ids: readonly string[]; readonly total: unknown }> {
  const answer = await account.call('vpc', 'DescribeNetworkInterfaces', body);
  const set = answer['NetworkInterfaceSet'] as readonly { readonly NetworkInterfaceId: string }[];
  return { ids: set.map((eni) => eni.NetworkInterfaceId), total: answer['TotalCount'] };
}

async function create(count: number): Promise<void> {
  for (let made = 0; made < count; made += 1) await account.call('vpc', 'CreateNetworkInterface', eniRequest);
  await account.tasksEnd();
}

describe('a partial page', () => {
  test('lacks objects that the total counts, keeps the order of the others, and comes as often as asked', async () => {
    await create(6);
    const whole = await page();
    account.cloud.admin.partialPage({ action: 'DescribeNetworkInterfaces', omit: 2, times: 2 });
    const pages = [await page(), await page(), await page()];
    expect(pages.map(({ ids, total }) => [ids.length, total])).toEqual([
      [4, 6],
      [4, 6],
      [6, 6],
    ]);
    for (const { ids } of pages) expect(ids).toEqual(whole.ids.filter((id) => ids.includes(id)));
  });

  test('may hide an object from the total too', async () => {
    await create(3);
    account.cloud.admin.partialPage({ action: '*', counted: false });
    expect(await page()).toMatchObject({ ids: { length: 2 }, total: 2 });
  });

  test('can be empty though the total is not', async () => {
    await create(2);
    account.cloud.admin.partialPage({ action: 'DescribeNetworkInterfaces', omit: 100 });
    expect(await page()).toEqual({ ids: [], total: 2 });
  });

  test('is not spent on a page that lists nothing, nor on other actions', async () => {
    account.cloud.admin.partialPage({ action: 'DescribeNetworkInterfaces' });
    await page();
    expect(await account.call('vpc', 'DescribeVpcs')).toMatchObject({ VpcSet: [expect.anything()], TotalCount: 1 });
    await create(1);
    expect(await page()).toEqual({ ids: [], total: 1 });
  });

  test('is of describe calls only, also when it is meant for every action', async () => {
    account.cloud.admin.partialPage({ action: '*', times: 1000 });
    const made = await account.call('vpc', 'CreateNatGateway', { NatGatewayName: 'n', VpcId: VPC_ID });
    expect(made).toMatchObject({ NatGatewaySet: [expect.anything()], TotalCount: 1 });
  });

  test('is forgotten with the other faults', async () => {
    await create(1);
    account.cloud.admin.partialPage({ action: 'DescribeNetworkInterfaces', times: 100 });
    account.cloud.admin.clearFaults();
    expect(await page()).toMatchObject({ ids: { length: 1 } });
  });
});

describe('chances of partial pages', () => {
  const seen = (seed: number, fault: Partial<PageFault>): string => {
    const faults = createFaults(createRandom(seed));
    faults.partialPage({ action: 'DescribeThings', ...fault });
    const answer = { ThingSet: ['a', 'b', 'c', 'd'], TotalCount: 4 };
    return Array.from({ length: 100 }, () =>
      (faults.takePage('DescribeThings', answer) as typeof answer).ThingSet.join(''),
    ).join(' ');
  };

  test('follow the seed: which pages, and which objects', () => {
    const [once, again, other] = [1, 1, 2].map((seed) => seen(seed, { probability: 0.3 }));
    expect([once === again, once === other]).toEqual([true, false]);
    const hit = (once ?? '').split(' ').filter((page) => page.length === 3);
    expect(hit.length).toBeGreaterThan(15);
    expect(hit.length).toBeLessThan(45);
    expect(new Set(hit).size).toBe(4);
  });

  test.each([
    [{ action: 'DescribeVpcs', probability: 0 }, 'probability is 0'],
    [{ action: 'CreateVpc' }, 'CreateVpc lists nothing'],
  ])('%j is refused', (fault, reason) => {
    expect(() => createFaults(createRandom(1)).partialPage(fault)).toThrow(reason);
  });
});
