// Live mode changes the groups of running Pods in place: at its pace, one record each, stopped by a person, a failure or a missing permission.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLIENT_GROUP, SAMPLE_GROUP } from '../../lab/layout.ts';
import { type PolicyWorld, startPolicyWorld } from './testing/policy-world.ts';
import { isReady } from './testing/world.ts';

const [first, second] = [SAMPLE_GROUP.securityGroupId, CLIENT_GROUP.securityGroupId];
const MODIFY = 'ModifyNetworkInterfaceAttribute';
const live = { updateStrategy: { type: 'Live' as const, podsPerSecond: 100 } };
const groups = (...groupIds: string[]) => ({ securityGroups: { groupIds } });

const bound = (world: PolicyWorld): string[] => world.subEnis().map((eni) => eni.groups.join(','));

describe('a policy in Live mode', () => {
  let world: PolicyWorld;
  beforeAll(async () => {
    world = await startPolicyWorld();
    world.ipamd();
    await world.nodesReady();
    const web = await world.createPolicy('web', [first], live);
    const still = await world.createPolicy('still', [first]);
    for (const name of ['a', 'b', 'c']) await world.createMarkedPod(name, 'web', [web]);
    await world.createMarkedPod('d', 'still', [still]);
    await world.subEniObjects((enis) => enis.filter(isReady).length === 4, 'four Pods');
    await world.untilCondition('web', 'Live', 'UpToDate');
  });
  afterAll(() => world.close());

  it('changes the groups of its running Pods in place after an edit, records it for each, and touches no other', async () => {
    await world.editPolicy('web', groups(second, first));
    await world.untilPolicy('web', ({ status }) => status?.programmed === 3 && status.observedGeneration === 2, 'all');
    expect(bound(world).toSorted()).toEqual(
      [first, ...Array.from({ length: 3 }, () => `${second},${first}`)].toSorted(),
    );
    const enis = await world.subEniObjects(
      (all) => all.filter(({ status }) => status?.groupsApplied?.join() === `${second},${first}`).length === 3,
      'three records',
    );
    const changed = enis.filter(({ spec }) => spec.groupChange !== undefined);
    expect(changed.map(({ spec }) => spec.pod?.name ?? '').toSorted()).toEqual(['a', 'b', 'c']);
    expect(changed[0]?.spec.groupChange).toMatchObject({ from: [first], policies: [{ name: 'web', generation: 2 }] });
    const told = await world.events('SecurityGroupsChanged');
    expect(told[0]?.message).toContain(`in place from [${first}] to [${second},${first}] by policy web (generation 2)`);
    // One that changes nothing asks whether the role may, then one for each Pod.
    expect(world.calls(MODIFY)).toBe(4);
  });

  it('begins nothing while it is paused, and goes on when it is not', async () => {
    await world.editPolicy('web', { ...groups(second), updateStrategy: { paused: true } });
    await world.untilCondition('web', 'Live', 'Paused');
    expect(world.calls(MODIFY)).toBe(4);
    await world.editPolicy('web', { updateStrategy: { paused: false } });
    await world.untilPolicy('web', ({ status }) => status?.programmed === 3, 'all again');
    expect(bound(world).toSorted()).toEqual([second, second, second, first].toSorted());
    await world.untilCondition('web', 'Live', 'UpToDate');
  });

  it('stops at a change that the cloud refuses, names it, and goes on once it goes through', async () => {
    world.cloud.admin.failNext({ action: MODIFY, code: 'LimitExceeded', times: 200 });
    await world.editPolicy('web', { ...groups(first), updateStrategy: { podsPerSecond: 1 } });
    const condition = await world.untilCondition('web', 'Live', 'ChangeFailed');
    expect(condition.message).toMatch(/3 Pods wait; no further one is begun, since Pod a:/);
    expect(bound(world).filter((each) => each === second)).toHaveLength(3);
    world.cloud.admin.clearFaults();
    await world.untilPolicy('web', ({ status }) => status?.programmed === 3, 'all at last');
  });

  it('leaves a Pod alone that a policy in the documented mode selects too', async () => {
    await world.createPolicy('both', [second], { podSelector: { matchLabels: { app: 'still' } }, ...live });
    const condition = await world.untilCondition('both', 'Live', 'UpToDate');
    expect(condition.message).toContain('d: policy still, which it also has groups of, is not in Live mode');
    await world.untilPolicy('both', ({ status }) => status?.drifted === 1, 'told as different');
  });
});

describe('without the permission for it', () => {
  it('Live does not start and says why; the Pods keep what they have', async () => {
    await using world = await startPolicyWorld();
    world.cloud.admin.failNext({ action: MODIFY, code: 'UnauthorizedOperation', times: 1000 });
    world.ipamd();
    await world.nodesReady();
    const web = await world.createPolicy('web', [first], live);
    await world.createMarkedPod('a', 'web', [web]);
    await world.subEniObjects((enis) => enis.some(isReady), 'the Pod');
    await world.editPolicy('web', groups(second));
    const condition = await world.untilCondition('web', 'Live', 'NotAuthorized');
    expect(condition.message).toContain('allow it in a CAM policy of role IPAMDofTKE_QCSRole');
    expect((await world.events('NotAuthorized')).map((each) => each.involvedObject.name)).toContain('web');
    const [eni] = await world.subEniObjects(() => true, 'its object');
    expect([eni?.spec.securityGroups, eni?.spec.groupChange]).toEqual([[first], undefined]);
  });
});

describe('an ipamd that dies between the record of a change and the call', () => {
  it('leaves the change to its successor', async () => {
    await using world = await startPolicyWorld();
    const doomed = world.ipamd({
      beforeWrite: (what) => {
        if (what.startsWith('replaceSecurityGroups') && world.calls(MODIFY) === 1) doomed.kill();
      },
    });
    await world.nodesReady();
    const web = await world.createPolicy('web', [first], live);
    await world.createMarkedPod('a', 'web', [web]);
    await world.subEniObjects((enis) => enis.some(isReady), 'the Pod');
    await world.editPolicy('web', groups(second));
    await world.subEniObjects(([eni]) => eni?.spec.securityGroups[0] === second, 'the record');
    await doomed.ended;
    expect(bound(world)).toEqual([first]);
    world.ipamd();
    await world.subEniObjects(([eni]) => eni?.status?.groupsApplied?.[0] === second, 'the change in force');
    expect(bound(world)).toEqual([second]);
  });
});

describe('groups that somebody changed by hand on a sub-ENI', () => {
  it('are brought back where drift is repaired, with an event', async () => {
    await using world = await startPolicyWorld({ values: { 'vpcCni.trunkingEni.securityGroupDrift': 'repair' } });
    world.ipamd({ timings: { orphanIntervalMs: 60, orphanSpacingMs: 50 } });
    await world.nodesReady();
    await world.createPod('web', { groups: first });
    const [eni] = await world.subEniObjects((enis) => enis.some(isReady), 'the Pod');
    const eniId = eni?.status?.eni?.eniID ?? '';
    await world.api.call('vpc', MODIFY, { NetworkInterfaceId: eniId, SecurityGroupIds: [second] });
    const [event] = await world.events('SecurityGroupsRepaired');
    expect(event?.message).toContain(`brought back from [${second}] to [${first}]`);
    expect(bound(world)).toEqual([first]);
  });
});
