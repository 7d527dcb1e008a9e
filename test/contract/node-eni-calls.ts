// The contract of VpcCloud, continued: secondary addresses of an ENI and the groups bound to it.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cloudErrors, isCloudError } from '../../src/cloud/errors.ts';
import type { Eni } from '../../src/cloud/vpc-cloud.ts';
import type { VpcCloudFixture } from './vpc-cloud.ts';

/** Runs the suite; `open` is called for each test. */
export function nodeEniContract(name: string, open: () => Promise<VpcCloudFixture>): void {
  describe(`VpcCloud contract, ENIs of nodes: ${name}`, () => {
    let fixture: VpcCloudFixture;
    beforeEach(async () => {
      fixture = await open();
    });
    afterEach(() => fixture.close());

    const create = async (change: { secondaryAddressCount?: number; subnetId?: string; groups?: string[] } = {}) => {
      const { secondaryAddressCount, subnetId = fixture.subnetId, groups = [] } = change;
      const { eni } = await fixture.cloud.createEni({
        vpcId: fixture.vpcId,
        subnetId,
        name: 'shared',
        description: 'made by the contract suite',
        securityGroups: groups,
        tags: [],
        clientToken: `token-shared-${subnetId}`,
        ...(secondaryAddressCount === undefined ? {} : { secondaryAddressCount }),
      });
      await fixture.tasksEnd();
      return eni.eniId;
    };
    const one = async (eniId: string): Promise<Eni> => {
      const [eni] = await fixture.cloud.describeEnis({ eniIds: [eniId] });
      if (eni === undefined) throw new Error(`${eniId} is gone`);
      return eni;
    };
    const secondary = async (eniId: string): Promise<string[]> =>
      (await one(eniId)).addresses.filter((address) => !address.primary).map((address) => address.ip);
    const rowOf = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => 'no error',
        (error: unknown) =>
          Object.entries(cloudErrors).find(([, row]) => isCloudError(error, row))?.[0] ?? String(error),
      );

    describe('secondary addresses', () => {
      test('come with the ENI when it is created with a count, and settle with it', async () => {
        const eniId = await create({ secondaryAddressCount: 5 });
        const eni = await one(eniId);
        expect(eni.addresses).toHaveLength(6);
        expect(eni.addresses.map((address) => address.primary)).toEqual([true, false, false, false, false, false]);
        expect(eni.addresses.every((address) => address.settled)).toBe(true);
      });

      test('are told in the answer of assign, are unsettled at first, and settle', async () => {
        const eniId = await create();
        const { addresses } = await fixture.cloud.assignAddresses({ eniId, count: 3, clientToken: 'assign-1' });
        expect(addresses).toHaveLength(3);
        const early = (await one(eniId)).addresses.filter((address) => !address.primary);
        expect(early.map((address) => address.settled)).toEqual([false, false, false]);
        await fixture.tasksEnd();
        expect((await secondary(eniId)).toSorted()).toEqual([...addresses].toSorted());
        expect((await one(eniId)).addresses.every((address) => address.settled)).toBe(true);
      });

      test('are the same ones when assign is repeated with its token', async () => {
        const eniId = await create();
        const first = await fixture.cloud.assignAddresses({ eniId, count: 2, clientToken: 'assign-2' });
        await fixture.tasksEnd();
        const again = await fixture.cloud.assignAddresses({ eniId, count: 2, clientToken: 'assign-2' });
        expect(again.addresses).toEqual(first.addresses);
        expect(await secondary(eniId)).toHaveLength(2);
      });

      test('go by unassign; the primary never does', async () => {
        const eniId = await create({ secondaryAddressCount: 3 });
        const [doomed = '', ...kept] = await secondary(eniId);
        await fixture.cloud.unassignAddresses({ eniId, addresses: [doomed] });
        await fixture.tasksEnd();
        expect(await secondary(eniId)).toEqual(kept);
        const primary = (await one(eniId)).addresses[0]?.ip ?? '';
        expect(await rowOf(fixture.cloud.unassignAddresses({ eniId, addresses: [primary] }))).not.toBe('no error');
        expect((await one(eniId)).addresses).toHaveLength(3);
      });

      test('that the ENI does not have are refused, and those named beside them stay', async () => {
        const eniId = await create({ secondaryAddressCount: 2 });
        const before = await secondary(eniId);
        expect(
          await rowOf(fixture.cloud.unassignAddresses({ eniId, addresses: [before[0] ?? '', '10.0.0.250'] })),
        ).not.toBe('no error');
        await fixture.tasksEnd();
        expect(await secondary(eniId)).toEqual(before);
      });

      test('cannot be had from a subnet that has none left: subnetDry, and nothing is half done', async () => {
        const eniId = await create({ subnetId: fixture.smallSubnetId });
        const request = { eniId, count: fixture.smallSubnetSize + 1, clientToken: 'assign-dry' };
        expect(await rowOf(fixture.cloud.assignAddresses(request))).toBe('subnetDry');
        expect(await secondary(eniId)).toEqual([]);
      });

      test('of an ENI that does not exist: notFound', async () => {
        const eniId = 'eni-00000000';
        expect(await rowOf(fixture.cloud.assignAddresses({ eniId, count: 1, clientToken: 'assign-none' }))).toBe(
          'notFound',
        );
      });
    });

    describe('groups of an ENI', () => {
      test('are bound, and bound again without an error', async () => {
        const eniId = await create();
        expect((await one(eniId)).securityGroups).toEqual([]);
        const request = { eniIds: [eniId], securityGroupIds: [fixture.otherSecurityGroupId, fixture.securityGroupId] };
        await fixture.cloud.associateSecurityGroups(request);
        await fixture.cloud.associateSecurityGroups(request);
        expect((await one(eniId)).securityGroups).toEqual([fixture.otherSecurityGroupId, fixture.securityGroupId]);
      });

      test('are taken off, the last one too', async () => {
        const eniId = await create({ groups: [fixture.securityGroupId, fixture.otherSecurityGroupId] });
        await fixture.cloud.disassociateSecurityGroups({
          eniIds: [eniId],
          securityGroupIds: [fixture.securityGroupId],
        });
        expect((await one(eniId)).securityGroups).toEqual([fixture.otherSecurityGroupId]);
        await fixture.cloud.disassociateSecurityGroups({
          eniIds: [eniId],
          securityGroupIds: [fixture.otherSecurityGroupId],
        });
        expect((await one(eniId)).securityGroups).toEqual([]);
      });

      test('are replaced as a whole and in order by one call', async () => {
        const eniId = await create({ groups: [fixture.securityGroupId, fixture.otherSecurityGroupId] });
        const wanted = [fixture.otherSecurityGroupId, fixture.securityGroupId];
        await fixture.cloud.replaceSecurityGroups({ eniId, securityGroupIds: wanted });
        expect((await one(eniId)).securityGroups).toEqual(wanted);
      });

      test('that do not exist are refused, and the bound ones stay', async () => {
        const eniId = await create({ groups: [fixture.securityGroupId] });
        const wrong = { eniIds: [eniId], securityGroupIds: [fixture.otherSecurityGroupId, 'sg-00000000'] };
        expect(await rowOf(fixture.cloud.associateSecurityGroups(wrong))).toBe('notFound');
        expect((await one(eniId)).securityGroups).toEqual([fixture.securityGroupId]);
      });

      test('of the primary ENI of an instance are not for these calls', async () => {
        const [primary] = await fixture.cloud.describeEnis({ instanceId: fixture.instanceId, kind: 'primary' });
        const request = { eniIds: [primary?.eniId ?? ''], securityGroupIds: [fixture.securityGroupId] };
        expect(await rowOf(fixture.cloud.associateSecurityGroups(request))).not.toBe('no error');
      });
    });
  });
}
