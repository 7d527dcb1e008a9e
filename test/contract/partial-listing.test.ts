import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { VpcCloud } from '../../src/cloud/vpc-cloud.ts';
import { openSimulatedAccount, type SimulatedAccount } from './simulated-account.ts';

let account: SimulatedAccount;
beforeEach(async () => {
  account = await openSimulatedAccount();
});
afterEach(() => account.close());

/** Detached ENIs that exist for every describe call; their ids. */
const load = (count: number): readonly string[] =>
  account.simulator.admin.loadEnis({ subnetId: account.subnetId, count, addressesEach: 1 });

type Listing = readonly [string, (cloud: VpcCloud, ids: readonly string[]) => Promise<readonly unknown[]>];
const enis: readonly Listing[] = [
  ['all of a kind', (cloud) => cloud.describeEnis({ kind: 'secondary' })],
  ['by ids', (cloud, ids) => cloud.describeEnis({ eniIds: ids })],
  ['by ids and kind', (cloud, ids) => cloud.describeEnis({ eniIds: ids, kind: 'secondary' })],
  ['a lone one by its id', (cloud, ids) => cloud.describeEnis({ eniIds: ids.slice(0, 1) })],
];

describe('a listing whose pages lack something', () => {
  test.each(enis)('is refused as incomplete when it stays so: ENIs, %s', async (_name, list) => {
    const ids = load(130);
    account.simulator.admin.partialPage({ action: 'DescribeNetworkInterfaces', times: 1000 });
    await expect(list(account.cloud, ids)).rejects.toMatchObject({ code: 'CLOUD-LISTING-UNSTABLE', retry: 'retry' });
  });

  test('is read again, and is whole when the pages are', async () => {
    const ids = load(250);
    account.simulator.admin.partialPage({ action: 'DescribeNetworkInterfaces', omit: 40 });
    const found = await account.cloud.describeEnis({ kind: 'secondary' });
    expect(found.map((eni) => eni.eniId).toSorted()).toEqual([...ids].toSorted());
    // Three pages of the spoilt listing, three of the good one.
    expect(account.actions()).toHaveLength(6);
  });

  test('is refused when an empty page comes where objects are counted', async () => {
    load(5);
    account.simulator.admin.partialPage({ action: 'DescribeNetworkInterfaces', omit: 100, times: 1000 });
    await expect(account.cloud.describeEnis({ kind: 'secondary' })).rejects.toMatchObject({
      code: 'CLOUD-LISTING-UNSTABLE',
    });
  });

  test('is refused when pages disagree about the total', async () => {
    load(150);
    account.simulator.admin.partialPage({
      action: 'DescribeNetworkInterfaces',
      counted: false,
      probability: 0.5,
      times: 1000,
    });
    const outcomes = new Set<string>();
    for (let run = 0; run < 6; run += 1)
      outcomes.add(
        await account.cloud.describeEnis({ kind: 'secondary' }).then(
          (found) => `${found.length}`,
          (error: { readonly code?: string }) => error.code ?? 'no code',
        ),
      );
    expect(outcomes).toEqual(new Set(['150', 'CLOUD-LISTING-UNSTABLE']));
  });

  test('of subnets, groups and instances is refused alike', async () => {
    const { cloud, subnetId, otherZoneSubnetId, securityGroupId, otherSecurityGroupId, instanceId } = account;
    account.simulator.admin.partialPage({ action: '*', times: 1000 });
    const listings = [
      cloud.describeSubnets([subnetId, otherZoneSubnetId]),
      cloud.describeSecurityGroups([securityGroupId, otherSecurityGroupId]),
      cloud.describeInstances({ instanceIds: [instanceId] }),
      cloud.describeInstances({}),
    ];
    const codes = (await Promise.allSettled(listings)).map((result) =>
      result.status === 'rejected' ? (result.reason as { readonly code?: string }).code : 'accepted',
    );
    expect(codes).toEqual(listings.map(() => 'CLOUD-LISTING-UNSTABLE'));
  });
});

test('an object that no total counts is missing for this listing only: the next one has it', async () => {
  const [id = ''] = load(3);
  account.simulator.admin.partialPage({ action: 'DescribeNetworkInterfaces', counted: false });
  const lengths = [
    (await account.cloud.describeEnis({ kind: 'secondary' })).length,
    (await account.cloud.describeEnis({ kind: 'secondary' })).length,
  ];
  expect(lengths).toEqual([2, 3]);
  expect(await account.cloud.describeEnis({ eniIds: [id] })).toHaveLength(1);
});
