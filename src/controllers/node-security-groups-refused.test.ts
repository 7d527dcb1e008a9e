// Node security groups that cannot be had: bad input, a missing permission, an old version; told where people look, and nothing is half applied.
import { describe, expect, it } from 'vitest';
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import { staticCredentials } from '../cloud/credentials.ts';
import {
  first,
  nodeGroup,
  nodeGroupsWorld,
  type NodeGroupsWorld,
  POLICY_OF_000,
  second,
} from './testing/node-groups.ts';

const list = (...groups: string[]) => ({ enableSecurityGroups: true, securityGroups: groups });
const ABSENT = 'sg-absent01';
const ROLE = 'IPAMDofTKE_QCSRole';
const POLICY = 'SecurityGroupsAccessForIPAMD';
const ASSOCIATE = 'AssociateNetworkInterfaceSecurityGroups';

describe('an edit of the nec to', () => {
  const rows = [
    ['a group that does not exist', () => [first, ABSENT], 'SecurityGroupNotFound', ABSENT],
    [
      'more groups than an ENI takes',
      (world: NodeGroupsWorld) => [first, second, nodeGroup, ...createGroups(world, 3)],
      'TooManySecurityGroups',
      '6 security groups',
    ],
  ] as const;
  it.each(rows)('%s is told, and what was bound stays', async (_, groupsOf, reason, text) => {
    await using world = await nodeGroupsWorld();
    world.ipamd({ flags: list(second, first) });
    await world.untilBound([second, first]);
    await world.editNec(groupsOf(world));
    const told = await world.untilCondition((condition) => condition.reason === reason, `the condition ${reason}`);
    expect(told.status).toBe('False');
    expect(told.message).toContain(text);
    expect(told.message).toContain(`[${second},${first}] stays in force`);
    await world.untilNodeCondition('False', new RegExp(text));
    expect((await world.events(reason))[0]?.involvedObject.name).toBe(world.node);
    expect(world.bound().map((eni) => eni.groups)).toEqual([[second, first]]);
    expect(world.changes()).toBe(0);

    await world.editNec([first]);
    await world.untilBound([first]);
    await world.untilNodeCondition('True', /over/);
  });

  it('a malformed id is refused by the API server', async () => {
    await using world = await nodeGroupsWorld();
    world.ipamd({ flags: list(first) });
    await world.untilBound([first]);
    await expect(world.editNec(['sg-TOO-LONG-AND-UPPER'])).rejects.toThrow(/securityGroups/);
    await expect(world.editNec([''])).rejects.toThrow(/securityGroups/);
    expect((await world.client.get(nodeEniConfigs, world.node)).spec.securityGroups).toEqual([first]);
  });

  it('a group that is made afterwards is acted on without another edit', async () => {
    await using world = await nodeGroupsWorld();
    world.ipamd({ flags: list(first) });
    await world.untilBound([first]);
    await world.editNec([ABSENT]);
    await world.untilCondition(({ reason }) => reason === 'SecurityGroupNotFound', 'told');
    world.cloud.admin.createSecurityGroup({ name: 'late', securityGroupId: ABSENT });
    await world.untilBound([ABSENT]);
  });

  it('a group of another project is told', async () => {
    await using world = await nodeGroupsWorld();
    const { secretId, secretKey, endpoint, region } = world.cloud;
    const { createCloudClient } = await import('../../lab/cloud-client.ts');
    const cloud = createCloudClient({ secretId, secretKey, endpoint, region });
    const made = await cloud.call('vpc', 'CreateSecurityGroup', {
      GroupName: 'elsewhere',
      GroupDescription: 'of another project',
      ProjectId: '77',
    });
    cloud.close();
    const other = String((made['SecurityGroup'] as { SecurityGroupId: string }).SecurityGroupId);
    world.ipamd({ flags: list(first) });
    await world.untilBound([first]);
    await world.editNec([first, other]);
    const told = await world.untilCondition(({ reason }) => reason === 'SecurityGroupOtherProject', 'told');
    expect(told.message).toContain(`${other} is of project 77`);
    expect(world.bound().map((eni) => eni.groups)).toEqual([[first]]);
  });
});

describe('a global list', () => {
  it('of which one group does not exist is told on the nodes, binds nothing, and counts once it does', async () => {
    await using world = await nodeGroupsWorld();
    world.ipamd({ flags: list(first, ABSENT) });
    await world.untilBound([]);
    const told = await world.untilCondition(({ reason }) => reason === 'SecurityGroupNotFound', 'told');
    expect(told.message).toContain('no group is changed meanwhile');
    expect((await world.nec()).spec.securityGroups).toBeUndefined();
    world.cloud.admin.createSecurityGroup({ name: 'late', securityGroupId: ABSENT });
    await world.untilBound([first, ABSENT]);
  });
});

describe('an annotation that is neither yes nor no', () => {
  it('is told with what is expected, and the old state stays', async () => {
    await using world = await nodeGroupsWorld();
    world.ipamd({ flags: list(first) });
    await world.untilBound([first]);
    await world.annotate('true');
    const told = await world.untilCondition(({ reason }) => reason === 'UnknownAnnotationValue', 'told');
    expect(told.message).toMatch(/is "true"; expected "yes" or "no"/);
    expect((await world.events('UnknownAnnotationValue'))[0]?.involvedObject.name).toBe(world.node);
    expect(world.bound().map((eni) => eni.groups)).toEqual([[first]]);
    await world.annotate('no');
    await world.untilNodeCondition('True', /over/);
  });
});

describe('a role without the policy', () => {
  const asRole = (world: NodeGroupsWorld) => {
    const { secretId, secretKey, token } = world.cloud.identity.startSession(ROLE);
    return staticCredentials({ secretId, secretKey, token });
  };

  it('is told on the node with action, policy and role; given the policy, it is healed without a restart', async () => {
    await using world = await nodeGroupsWorld({ instanceTypes: ['SA5.LARGE8', 'SA5.LARGE8', 'SA5.LARGE8'] });
    world.ipamd({ flags: list(first), credentials: asRole(world), timings: { lookAgainMs: 300 } });
    for (const name of world.nodeNames) await world.untilBound([first], 1, name);
    for (const name of world.nodeNames) await world.editNec([second, first], name);
    const words = new RegExp(`cvm:${ASSOCIATE}: associate CAM policy ${POLICY} .* with role ${ROLE}`);
    for (const name of world.nodeNames) {
      await world.untilNodeCondition('False', words, name);
      expect(world.bound(name).map((eni) => eni.groups)).toEqual([[first]]);
    }
    const told = await world.events('SecurityGroupsUnauthorized');
    expect(told.every((event) => words.test(event.message))).toBe(true);
    const condition = await world.untilCondition(({ status }) => status === 'False', 'not in step');
    expect(condition.message).toMatch(/1 of 1 ENIs not in step/);

    world.cloud.identity.createPolicy({ policyName: POLICY, document: POLICY_OF_000 });
    world.cloud.identity.attachRolePolicy(ROLE, POLICY);
    for (const name of world.nodeNames) {
      await world.untilBound([second, first], 1, name);
      await world.untilNodeCondition('True', /over/, name);
    }
  });

  it('is asked by one node for all of them', async () => {
    await using world = await nodeGroupsWorld({ instanceTypes: Array.from({ length: 5 }, () => 'SA5.LARGE8') });
    world.ipamd({ flags: list(first), credentials: asRole(world), timings: { lookAgainMs: 600_000 } });
    for (const name of world.nodeNames) await world.untilBound([first], 1, name);
    // One after the other, so that the refusal is known to those that follow.
    for (const name of world.nodeNames) {
      await world.editNec([second], name);
      await world.untilNodeCondition('False', /not allowed/, name);
    }
    expect(world.calls(ASSOCIATE)).toBe(1);
  });

  it('takes nothing off that it could not put back', async () => {
    await using world = await nodeGroupsWorld();
    const onlyDisassociate = POLICY_OF_000.replace(/"cvm:Associate[^,]*,/, '');
    world.cloud.identity.createPolicy({ policyName: 'half', document: onlyDisassociate });
    world.cloud.identity.attachRolePolicy(ROLE, 'half');
    world.ipamd({ flags: list(first, second), credentials: asRole(world) });
    await world.untilBound([first, second]);
    await world.editNec([second, first]);
    await world.untilNodeCondition('False', new RegExp(`cvm:${ASSOCIATE}`));
    expect(world.bound().map((eni) => eni.groups)).toEqual([[first, second]]);
  });
});

describe('--replace-security-groups-in-place', () => {
  const inPlace = (...groups: string[]) => ({ ...list(...groups), replaceSecurityGroupsInPlace: true });

  it('changes the list by one call, without a moment with fewer groups', async () => {
    await using world = await nodeGroupsWorld();
    world.ipamd({ flags: inPlace(first, second) });
    await world.untilBound([first, second]);
    await world.editNec([second, first]);
    await world.untilBound([second, first]);
    expect(world.calls('ModifyNetworkInterfaceAttribute')).toBe(1);
    expect(world.changes()).toBe(1);
  });

  it('without its permission names the action and does not begin, not even with the documented calls', async () => {
    await using world = await nodeGroupsWorld();
    const { identity } = world.cloud;
    identity.createPolicy({ policyName: POLICY, document: POLICY_OF_000 });
    identity.createRole({ roleName: 'plain' });
    identity.attachRolePolicy('plain', 'QcloudAccessForIPAMDofTKERole');
    identity.attachRolePolicy('plain', POLICY);
    const deny =
      '{"version":"2.0","statement":[{"effect":"deny","action":"vpc:ModifyNetworkInterfaceAttribute","resource":"*"}]}';
    identity.createPolicy({ policyName: 'not-in-place', document: deny });
    identity.attachRolePolicy('plain', 'not-in-place');
    const { secretId, secretKey, token } = identity.startSession('plain');
    world.ipamd({ flags: inPlace(first), credentials: staticCredentials({ secretId, secretKey, token }) });
    await world.untilBound([first]);
    await world.editNec([second, first]);
    await world.untilNodeCondition('False', /vpc:ModifyNetworkInterfaceAttribute.*no group is changed/);
    expect((await world.events('SecurityGroupsUnauthorized'))[0]?.message).toContain(
      'vpc:ModifyNetworkInterfaceAttribute',
    );
    expect(world.bound().map((eni) => eni.groups)).toEqual([[first]]);
    expect(world.calls(ASSOCIATE)).toBe(0);
    identity.detachRolePolicy('plain', 'not-in-place');
    await world.untilBound([second, first]);
  });
});

describe('a version below 3.2.0', () => {
  it('keeps the feature off and says so', async () => {
    await using world = await nodeGroupsWorld();
    world.ipamd({ flags: list(first), version: 'v3.1.9' });
    await world.untilBound([]);
    const told = await world.untilCondition(({ reason }) => reason === 'VersionTooOld', 'told');
    expect(told.message).toMatch(/3\.2\.0 or newer, this one is v3\.1\.9/);
    expect((await world.events('VersionTooOld'))[0]?.message).toContain('3.2.0');
    expect(world.changes()).toBe(0);
  });
});

function createGroups(world: NodeGroupsWorld, count: number): string[] {
  return Array.from(
    { length: count },
    (_, index) => world.cloud.admin.createSecurityGroup({ name: `more-${index}` }).securityGroupId,
  );
}
