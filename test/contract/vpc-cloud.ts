// The contract of VpcCloud as a suite: what every implementation must do, told by an account that the fixture lays out.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { CreateEniRequest, CreateSubEniRequest, Eni, VpcCloud } from '../../src/cloud/vpc-cloud.ts';

/** An account with one VPC, a node that may carry sub-ENIs, and the means to let time pass. */
export interface VpcCloudFixture {
  readonly cloud: VpcCloud;
  readonly vpcId: string;
  readonly subnetId: string;
  /** A subnet of the same zone with few addresses. */
  readonly smallSubnetId: string;
  readonly smallSubnetSize: number;
  readonly otherZoneSubnetId: string;
  readonly securityGroupId: string;
  readonly otherSecurityGroupId: string;
  readonly instanceId: string;
  readonly subEniQuota: number;
  /** Resolves when every asynchronous call so far has come to its end. */
  tasksEnd(): Promise<void>;
  close(): Promise<void>;
}

/** Runs the suite; `open` is called for each test. */
export function vpcCloudContract(name: string, open: () => Promise<VpcCloudFixture>): void {
  describe(`VpcCloud contract: ${name}`, () => {
    let fixture: VpcCloudFixture;
    let cloud: VpcCloud;
    beforeEach(async () => {
      fixture = await open();
      cloud = fixture.cloud;
    });
    afterEach(() => fixture.close());

    const eniRequest = (change: Partial<CreateEniRequest> = {}): CreateEniRequest => ({
      vpcId: fixture.vpcId,
      subnetId: fixture.subnetId,
      name: 'eni-name',
      description: 'made by the contract suite',
      securityGroups: [fixture.otherSecurityGroupId, fixture.securityGroupId],
      tags: [{ key: 'owner', value: 'contract' }],
      clientToken: 'token-eni',
      ...change,
    });
    const createTrunk = async (): Promise<string> => {
      const { eni } = await cloud.createEni(eniRequest({ trunk: true, clientToken: 'token-trunk' }));
      await fixture.tasksEnd();
      await cloud.attachEni({ eniId: eni.eniId, instanceId: fixture.instanceId, clientToken: 'token-attach' });
      await fixture.tasksEnd();
      return eni.eniId;
    };
    const subEniRequest = (trunkEniId: string, change: Partial<CreateSubEniRequest> = {}): CreateSubEniRequest => {
      const { trunk: _trunk, ...common } = eniRequest();
      return { ...common, name: 'pod-name', clientToken: 'token-sub', trunkEniId, ...change };
    };
    const one = async (eniId: string): Promise<Eni | undefined> => (await cloud.describeEnis({ eniIds: [eniId] }))[0];

    describe('reads', () => {
      test('an instance is found by id and by address, with its groups in order', async () => {
        const [byId] = await cloud.describeInstances({ instanceIds: [fixture.instanceId] });
        const [byIp] = await cloud.describeInstances({ privateIps: byId?.privateIps ?? [] });
        expect(byId).toMatchObject({ instanceId: fixture.instanceId, vpcId: fixture.vpcId, state: 'RUNNING' });
        expect(byId?.privateIps).toHaveLength(1);
        expect(byIp).toEqual(byId);
      });

      test('ids that do not exist are left out, alone and among others', async () => {
        const { eni } = await cloud.createEni(eniRequest());
        expect(await cloud.describeEnis({ eniIds: ['eni-00000000'] })).toEqual([]);
        expect(
          (await cloud.describeEnis({ eniIds: ['eni-00000000', eni.eniId, 'eni-11111111'] })).map(
            (found) => found.eniId,
          ),
        ).toEqual([eni.eniId]);
        expect(await cloud.describeInstances({ instanceIds: ['ins-00000000'] })).toEqual([]);
        expect(
          (await cloud.describeSubnets(['subnet-00000000', fixture.subnetId])).map((found) => found.subnetId),
        ).toEqual([fixture.subnetId]);
        expect(
          (await cloud.describeSecurityGroups(['sg-00000000', fixture.securityGroupId])).map(
            (found) => found.securityGroupId,
          ),
        ).toEqual([fixture.securityGroupId]);
      });

      test('a listing is complete beyond one page', async () => {
        for (let index = 0; index < 120; index += 1)
          await cloud.createEni(eniRequest({ name: 'many', clientToken: `token-${index}` }));
        const found = await cloud.describeEnis({ name: 'many', vpcId: fixture.vpcId });
        expect(new Set(found.map((eni) => eni.eniId)).size).toBe(120);
      });

      test('ENIs are found by name, by all of several tags, by kind and by instance', async () => {
        const tags = [
          { key: 'owner', value: 'contract' },
          { key: 'attempt', value: '1' },
        ];
        const { eni } = await cloud.createEni(eniRequest({ tags }));
        const ids = async (filter: Parameters<VpcCloud['describeEnis']>[0]): Promise<string[]> =>
          (await cloud.describeEnis(filter)).map((found) => found.eniId);
        expect(await ids({ name: 'eni-name' })).toEqual([eni.eniId]);
        expect(await ids({ tags })).toEqual([eni.eniId]);
        expect(await ids({ tags: [...tags, { key: 'attempt', value: '2' }] })).toEqual([]);
        expect(await ids({ kind: 'primary', instanceId: fixture.instanceId })).toHaveLength(1);
        expect(await ids({ kind: 'sub' })).toEqual([]);
      });

      test('the limits of an instance tell its sub-ENI quota', async () => {
        const limits = await cloud.describeEniLimits(fixture.instanceId);
        expect(limits.subEniQuantity).toBe(fixture.subEniQuota);
        expect(limits.eniQuantity).toBeGreaterThan(1);
      });

      test('a task that nobody knows is UNKNOWN', async () => {
        expect(await cloud.describeTask('00000000-0000-4000-a000-000000000000')).toBe('UNKNOWN');
      });
    });

    describe('an ENI', () => {
      test('is PENDING until its task ends, and then has the groups in their order and the tags', async () => {
        const { eni, taskId } = await cloud.createEni(eniRequest());
        expect([eni.state, await cloud.describeTask(taskId)]).toEqual(['PENDING', 'RUNNING']);
        await fixture.tasksEnd();
        expect(await cloud.describeTask(taskId)).toBe('SUCCESS');
        expect(await one(eni.eniId)).toMatchObject({
          state: 'AVAILABLE',
          kind: 'secondary',
          securityGroups: [fixture.otherSecurityGroupId, fixture.securityGroupId],
          tags: [{ key: 'owner', value: 'contract' }],
        });
      });

      test('is attached, detached and deleted', async () => {
        const { eni } = await cloud.createEni(eniRequest());
        await fixture.tasksEnd();
        await cloud.attachEni({ eniId: eni.eniId, instanceId: fixture.instanceId, clientToken: 'a' });
        await fixture.tasksEnd();
        expect((await one(eni.eniId))?.attachment).toEqual({ instanceId: fixture.instanceId, deviceIndex: 1 });
        await cloud.detachEni({ eniId: eni.eniId, instanceId: fixture.instanceId, clientToken: 'b' });
        await fixture.tasksEnd();
        expect(await one(eni.eniId)).not.toHaveProperty('attachment');
        await cloud.deleteEni(eni.eniId);
        await fixture.tasksEnd();
        expect(await one(eni.eniId)).toBeUndefined();
      });

      test('that is gone already is deleted with success', async () => {
        await cloud.deleteEni('eni-00000000');
        await cloud.deleteSubEni('eni-00000000');
      });

      test('in the midst of a task refuses the next call with CLOUD-INVALID-STATE', async () => {
        const { eni } = await cloud.createEni(eniRequest());
        await expect(
          cloud.attachEni({ eniId: eni.eniId, instanceId: fixture.instanceId, clientToken: 'a' }),
        ).rejects.toMatchObject({ code: 'CLOUD-INVALID-STATE', retry: 'retry', outcomeUnknown: false });
      });

      test('that is attached is not deleted: CLOUD-IN-USE', async () => {
        await expect(cloud.deleteEni(await createTrunk())).rejects.toMatchObject({
          code: 'CLOUD-IN-USE',
          retry: 'conflict',
        });
      });

      test('of a dry subnet is CLOUD-SUBNET-DRY', async () => {
        const create = (index: number) =>
          cloud.createEni(eniRequest({ subnetId: fixture.smallSubnetId, clientToken: `token-${index}` }));
        for (let index = 0; index < fixture.smallSubnetSize; index += 1) await create(index);
        await expect(create(fixture.smallSubnetSize)).rejects.toMatchObject({
          code: 'CLOUD-SUBNET-DRY',
          retry: 'retry-after',
        });
        expect(await cloud.describeSubnets([fixture.smallSubnetId])).toMatchObject([{ availableIpCount: 0 }]);
      });

      test('with a group that does not exist is CLOUD-NOT-FOUND', async () => {
        await expect(cloud.createEni(eniRequest({ securityGroups: ['sg-00000000'] }))).rejects.toMatchObject({
          code: 'CLOUD-NOT-FOUND',
          retry: 'not-found',
        });
      });
    });

    describe('a client token', () => {
      test('makes a repeated call give the same ENI and task', async () => {
        const first = await cloud.createEni(eniRequest());
        const second = await cloud.createEni(eniRequest());
        expect([second.eni.eniId, second.taskId]).toEqual([first.eni.eniId, first.taskId]);
      });

      test('with another request is CLOUD-TOKEN-MISMATCH', async () => {
        await cloud.createEni(eniRequest());
        await expect(cloud.createEni(eniRequest({ name: 'other' }))).rejects.toMatchObject({
          code: 'CLOUD-TOKEN-MISMATCH',
          retry: 'terminal',
        });
      });
    });

    describe('a sub-ENI', () => {
      test('has MAC, address, VLAN id and trunk in the first answer, and its groups are in force when its task has ended', async () => {
        const trunk = await createTrunk();
        const { eni, taskId } = await cloud.createSubEni(subEniRequest(trunk));
        expect(eni).toMatchObject({
          kind: 'sub',
          trunkEniId: trunk,
          mac: expect.stringMatching(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/) as string,
        });
        expect(eni.vlanId).toBeGreaterThanOrEqual(1);
        expect(eni.addresses).toHaveLength(1);
        expect(await cloud.checkSecurityGroupReady([eni.eniId])).toEqual(new Map([[eni.eniId, false]]));
        await fixture.tasksEnd();
        expect(await cloud.checkSecurityGroupReady([eni.eniId])).toEqual(new Map([[eni.eniId, true]]));
        expect(await cloud.describeTask(taskId)).toBe('SUCCESS');
        expect(await one(eni.eniId)).toMatchObject({
          state: 'AVAILABLE',
          securityGroups: [fixture.otherSecurityGroupId, fixture.securityGroupId],
        });
      });

      test('is created once per token', async () => {
        const trunk = await createTrunk();
        const [first, second] = [
          await cloud.createSubEni(subEniRequest(trunk)),
          await cloud.createSubEni(subEniRequest(trunk)),
        ];
        expect(second).toEqual(first);
        expect(await cloud.describeEnis({ kind: 'sub' })).toHaveLength(1);
      });

      test('has a VLAN id of its own on its trunk', async () => {
        const trunk = await createTrunk();
        const made = await Promise.all(
          Array.from({ length: 5 }, (_, index) =>
            cloud.createSubEni(subEniRequest(trunk, { clientToken: `token-${index}` })),
          ),
        );
        expect(new Set(made.map(({ eni }) => eni.vlanId)).size).toBe(5);
      });

      test('is gone from listings when its deletion has ended, and its trunk is free again', async () => {
        const trunk = await createTrunk();
        const { eni } = await cloud.createSubEni(subEniRequest(trunk));
        await fixture.tasksEnd();
        await cloud.deleteSubEni(eni.eniId);
        expect((await one(eni.eniId))?.state).toBe('DELETING');
        await fixture.tasksEnd();
        expect(await one(eni.eniId)).toBeUndefined();
        await cloud.detachEni({ eniId: trunk, instanceId: fixture.instanceId, clientToken: 'b' });
      });

      test('beyond the quota of its node is CLOUD-QUOTA', async () => {
        const trunk = await createTrunk();
        for (let index = 0; index < fixture.subEniQuota; index += 1)
          await cloud.createSubEni(subEniRequest(trunk, { clientToken: `token-${index}` }));
        await expect(cloud.createSubEni(subEniRequest(trunk, { clientToken: 'one-too-many' }))).rejects.toMatchObject({
          code: 'CLOUD-QUOTA',
          retry: 'retry-after',
        });
      });

      test('in a subnet of another zone than its trunk is CLOUD-UNSUPPORTED', async () => {
        const trunk = await createTrunk();
        await expect(
          cloud.createSubEni(subEniRequest(trunk, { subnetId: fixture.otherZoneSubnetId })),
        ).rejects.toMatchObject({ code: 'CLOUD-UNSUPPORTED', retry: 'terminal' });
      });

      test('that does not exist is left out by the group check', async () => {
        expect(await cloud.checkSecurityGroupReady(['eni-00000000'])).toEqual(new Map());
      });
    });

    test('a fence that says no holds a mutating call back, and nothing is made', async () => {
      await expect(cloud.createEni(eniRequest(), { fence: () => false })).rejects.toMatchObject({
        code: 'CLOUD-FENCED',
        outcomeUnknown: false,
      });
      expect(await cloud.describeEnis({ name: 'eni-name' })).toEqual([]);
    });

    test('a signal that is aborted sends nothing', async () => {
      await expect(
        cloud.createEni(eniRequest(), { signal: AbortSignal.abort(new Error('stop')) }),
      ).rejects.toMatchObject({ code: 'CLOUD-ABORTED', outcomeUnknown: false });
      expect(await cloud.describeEnis({ name: 'eni-name' })).toEqual([]);
    });
  });
}
