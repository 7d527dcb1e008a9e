// The contract of VpcCloud, continued: EIPs, from the purchase to the release.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AllocateEipRequest, Eip } from '../../src/cloud/eip-calls.ts';
import { cloudErrors, isCloudError } from '../../src/cloud/errors.ts';
import type { VpcCloudFixture } from './vpc-cloud.ts';

/** Runs the suite; `open` is called for each test. */
export function eipContract(name: string, open: () => Promise<VpcCloudFixture>): void {
  describe(`VpcCloud contract, EIPs: ${name}`, () => {
    let fixture: VpcCloudFixture;
    beforeEach(async () => {
      fixture = await open();
    });
    afterEach(() => fixture.close());

    const request = (change: Partial<AllocateEipRequest> = {}): AllocateEipRequest => ({
      attributes: { InternetServiceProvider: 'BGP', InternetMaxBandwidthOut: 100 },
      name: 'eip-name',
      tags: [{ key: 'owner', value: 'contract' }],
      clientToken: 'token-eip',
      ...change,
    });
    const bought = async (): Promise<string> => {
      const { eipId } = await fixture.cloud.allocateEip(request());
      await fixture.tasksEnd();
      return eipId;
    };
    const one = async (eipId: string): Promise<Eip | undefined> =>
      (await fixture.cloud.describeEips({ eipIds: [eipId] }))[0];
    const target = async (): Promise<{ eniId: string; privateIp: string }> => {
      const { eni } = await fixture.cloud.createEni({
        vpcId: fixture.vpcId,
        subnetId: fixture.subnetId,
        name: 'shared',
        description: 'made by the contract suite',
        securityGroups: [],
        tags: [],
        clientToken: 'token-shared',
        secondaryAddressCount: 1,
      });
      await fixture.tasksEnd();
      return { eniId: eni.eniId, privateIp: eni.addresses[1]?.ip ?? '' };
    };
    const rowOf = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => 'no error',
        (error: unknown) =>
          Object.entries(cloudErrors).find(([, row]) => isCloudError(error, row))?.[0] ?? String(error),
      );

    test('is bought with its name, tags and bandwidth, and is UNBIND when its task has ended', async () => {
      const { eipId } = await fixture.cloud.allocateEip(request());
      expect(await one(eipId)).toMatchObject({ status: 'CREATING' });
      await fixture.tasksEnd();
      const eip = await one(eipId);
      expect(eip).toMatchObject({ status: 'UNBIND', name: 'eip-name', bandwidth: 100, isp: 'BGP', blocked: false });
      expect(eip?.binding).toBeUndefined();
      expect(eip?.ip).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    });

    test('is bought once for one token', async () => {
      const first = await fixture.cloud.allocateEip(request());
      expect((await fixture.cloud.allocateEip(request())).eipId).toBe(first.eipId);
      expect((await fixture.cloud.describeEipQuotas()).daily?.used).toBe(1);
    });

    test('is found by tags, by name, by its address and by the ENI it is on', async () => {
      const eipId = await bought();
      const to = await target();
      await fixture.cloud.associateEip({ eipId, ...to });
      await fixture.tasksEnd();
      const ip = (await one(eipId))?.ip ?? '';
      const ids = async (filter: Parameters<typeof fixture.cloud.describeEips>[0]): Promise<string[]> =>
        (await fixture.cloud.describeEips(filter)).map((found) => found.eipId);
      expect(await ids({ tags: [{ key: 'owner', value: 'contract' }] })).toEqual([eipId]);
      expect(await ids({ tags: [{ key: 'owner', value: 'another' }] })).toEqual([]);
      expect(await ids({ name: 'eip-name' })).toEqual([eipId]);
      expect(await ids({ addresses: [ip] })).toEqual([eipId]);
      expect(await ids({ eniId: to.eniId })).toEqual([eipId]);
      expect(await ids({ eipIds: [eipId, 'eip-00000000', 'nonsense'], eniId: to.eniId })).toEqual([eipId]);
    });

    test('is bound to a private address and unbound from it', async () => {
      const eipId = await bought();
      const to = await target();
      await fixture.cloud.associateEip({ eipId, ...to });
      await fixture.tasksEnd();
      expect(await one(eipId)).toMatchObject({ binding: to });
      expect(['BIND', 'BIND_ENI']).toContain((await one(eipId))?.status);
      await fixture.cloud.disassociateEip(eipId);
      await fixture.tasksEnd();
      const eip = await one(eipId);
      expect(eip?.status).toBe('UNBIND');
      expect(eip?.binding).toBeUndefined();
    });

    test('is refused an address that has another one, and a second call while a task runs', async () => {
      const eipId = await bought();
      const to = await target();
      await fixture.cloud.associateEip({ eipId, ...to });
      expect(await rowOf(fixture.cloud.disassociateEip(eipId))).toBe('invalidState');
      await fixture.tasksEnd();
      const other = await fixture.cloud.allocateEip(request({ clientToken: 'token-other' }));
      await fixture.tasksEnd();
      expect(await rowOf(fixture.cloud.associateEip({ eipId: other.eipId, ...to }))).toBe('inUse');
      expect(await rowOf(fixture.cloud.associateEip({ eipId, ...to }))).toBe('invalidState');
    });

    test('is released only while it is bound to nothing; one that is gone is success', async () => {
      const eipId = await bought();
      await fixture.cloud.associateEip({ eipId, ...(await target()) });
      await fixture.tasksEnd();
      expect(await rowOf(fixture.cloud.releaseEip(eipId))).toBe('invalidState');
      await fixture.cloud.disassociateEip(eipId);
      await fixture.tasksEnd();
      await fixture.cloud.releaseEip(eipId);
      await fixture.tasksEnd();
      expect(await one(eipId)).toBeUndefined();
      await fixture.cloud.releaseEip(eipId);
    });

    test('of another bandwidth stays what it is otherwise', async () => {
      const eipId = await bought();
      await fixture.cloud.modifyEipBandwidth({ eipId, bandwidth: 20 });
      await fixture.tasksEnd();
      expect(await one(eipId)).toMatchObject({ bandwidth: 20, status: 'UNBIND' });
    });

    test('is refused as a quota when the region has as many as it may', async () => {
      for (let index = 0; index < 20; index += 1)
        await fixture.cloud.allocateEip(request({ clientToken: `token-${index}` }));
      expect(await rowOf(fixture.cloud.allocateEip(request({ clientToken: 'one-more' })))).toBe('quota');
      expect(await fixture.cloud.describeEipQuotas()).toEqual({
        total: { used: 20, limit: 20 },
        daily: { used: 20, limit: 40 },
      });
    });

    test('that does not exist is told as not found', async () => {
      expect(await rowOf(fixture.cloud.disassociateEip('eip-00000000'))).toBe('notFound');
    });
  });
}
