// The status of a policy tells the truth: counts, which Pods differ and why, groups that go, gates that are shut.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { IPAMD_ROLE, TKE_ROLE } from '../../lab/cloud/identity/cam-presets.ts';
import { customResourceDefinitions } from '../../lab/kube-resources.ts';
import { CLIENT_GROUP, SAMPLE_GROUP } from '../../lab/layout.ts';
import { grant, ROLE_POLICIES_POLICY, SUB_ENI_POLICY } from '../../lab/permissions.ts';
import { customResourceDefinition } from '../api/crd.ts';
import { objectNames } from '../api/keys.ts';
import { kinds } from '../api/kinds.ts';
import type { SecurityGroupPolicy } from '../api/security-group-policy.ts';
import { staticCredentials } from '../cloud/credentials.ts';
import { configMaps, pods, type Service, serviceAccounts, services } from '../kube/resources.ts';
import type { KubeObject } from '../kube/types.ts';
import { type PolicyWorld, startPolicyWorld } from './testing/policy-world.ts';
import { isReady } from './testing/world.ts';

const [first, second] = [SAMPLE_GROUP.securityGroupId, CLIENT_GROUP.securityGroupId];
const named = (port: { port: number; protocol: string }) => ({ name: port.protocol.toLowerCase(), ...port });
const counts = ({ status }: SecurityGroupPolicy) =>
  [status?.matched, status?.programmed, status?.drifted, status?.failed].join(' ');

describe('the status of a SecurityGroupPolicy', () => {
  let world: PolicyWorld;
  let web: SecurityGroupPolicy;
  beforeAll(async () => {
    world = await startPolicyWorld();
    world.ipamd({ timings: { policyResyncMs: 300 } });
    await world.nodesReady();
    await world.createMarkedPod('before', 'web', []);
    web = await world.createPolicy('web', [first]);
  });
  afterAll(() => world.close());

  it('counts the Pods that match and those that have the groups in force, and names the others with the reason', async () => {
    await world.createMarkedPod('after', 'web', [web]);
    const policy = await world.untilPolicy('web', (each) => counts(each) === '2 1 1 0', 'one of two programmed');
    expect(policy.status?.differing).toEqual([
      { pod: 'before', reason: 'WithoutGroups', message: expect.stringContaining('delete the Pod to rebuild it') },
    ]);
    expect(await world.untilCondition('web', 'Programmed', 'PodsDiffer')).toMatchObject({ status: 'False' });
    await world.deletePod('before');
    expect(await world.untilCondition('web', 'Programmed', 'AllProgrammed')).toMatchObject({
      status: 'True',
      message: '1 of 1 matching Pods have the groups in force',
    });
  });

  it('lists after an edit which running Pods have what, without changing them', async () => {
    const calls = world.calls('ModifyNetworkInterfaceAttribute');
    await world.editPolicy('web', { securityGroups: { groupIds: [second] } });
    const edited = await world.untilPolicy('web', (each) => counts(each) === '1 0 1 0', 'the Pod differs');
    expect(edited.status?.differing?.[0]).toMatchObject({
      pod: 'after',
      reason: 'PolicyEdited',
      message: expect.stringContaining(`has ${first} of generation 1; now it would get ${second}`),
    });
    await world.editPolicy('web', { securityGroups: { groupIds: [first] } });
    await world.untilPolicy('web', (each) => counts(each) === '1 1 0 0', 'the Pod is as the policy says again');
    expect(world.calls('ModifyNetworkInterfaceAttribute')).toBe(calls);
  });

  it('waits with Accepted for the label of its namespace', async () => {
    expect(await world.untilCondition('web', 'Accepted', 'Accepted')).toMatchObject({ status: 'True' });
  });

  it('says when a group is deleted in the cloud: running Pods keep theirs, new ones are refused with the reason', async () => {
    const { SecurityGroup } = (await world.api.call('vpc', 'CreateSecurityGroup', {
      GroupName: 'short-lived',
      GroupDescription: 'goes',
    })) as { SecurityGroup: { SecurityGroupId: string } };
    const gone = SecurityGroup.SecurityGroupId;
    const policy = await world.createPolicy('brief', [gone]);
    await world.untilCondition('brief', 'GroupsResolved', 'AllFound');
    await world.api.call('vpc', 'DeleteSecurityGroup', { SecurityGroupId: gone });
    expect(await world.untilCondition('brief', 'GroupsResolved', 'SecurityGroupNotFound')).toMatchObject({
      status: 'False',
      message: expect.stringContaining(gone),
    });
    expect((await world.events('SecurityGroupNotFound')).map((each) => each.involvedObject.name)).toContain('brief');
    await world.createMarkedPod('late', 'brief', [policy]);
    const names = (policy: SecurityGroupPolicy) => policy.status?.differing?.[0]?.message.includes(gone) === true;
    const refused = await world.untilPolicy('brief', names, 'the new Pod refused with the group');
    expect(refused.status).toMatchObject({ failed: 1, differing: [{ pod: 'late', reason: 'Failed' }] });
    await world.deletePod('late');
    const still = await world.subEniObjects((enis) => enis.some(isReady), 'the running Pod');
    expect(still.filter(isReady).map((each) => each.spec.securityGroups)).toEqual([[first]]);
  });

  it('tries the conditions of document 001 and names each missing rule, until it is there', async () => {
    const { SecurityGroup } = (await world.api.call('vpc', 'CreateSecurityGroup', {
      GroupName: 'bare',
      GroupDescription: 'without a rule',
    })) as { SecurityGroup: { SecurityGroupId: string } };
    const own = SecurityGroup.SecurityGroupId;
    const system = { namespace: 'kube-system' };
    const dns = { 'k8s-app': 'kube-dns' };
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', ...system } };
    // A real control plane has it already.
    await world.client.create(serviceAccounts, account).catch(() => undefined);
    await world.client.create(services, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kube-dns', ...system },
      spec: {
        selector: dns,
        ports: [
          { port: 53, protocol: 'UDP' },
          { port: 53, protocol: 'TCP' },
        ].map(named),
      },
    } as Service);
    await world.client.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'coredns-1', ...system, labels: dns },
      spec: { nodeName: world.nodeNames[0] ?? '', hostNetwork: true, containers: [{ name: 'dns', image: 'dns' }] },
    });
    const status = { podIP: world.nodeNames[0] ?? '' };
    await world.client.patch(
      pods,
      'coredns-1',
      { type: 'merge', body: { status } },
      { ...system, subresource: 'status' },
    );
    await world.createPolicy('bare', [own]);
    const condition = await world.untilCondition('bare', 'Preflight', 'DnsEgressMissing');
    expect(condition.message).toContain(`${own} of a Pod of the policy lets no UDP 53 to`);
    const policy = await world.untilPolicy('bare', ({ status: each }) => each?.preflight?.length === 2, 'two rules');
    expect(policy.status?.preflight?.map((each) => each.command)).toEqual([
      expect.stringContaining(`--SecurityGroupId ${own} --SecurityGroupPolicySet.Egress.0.Protocol UDP`),
      expect.stringContaining(`--SecurityGroupId ${own} --SecurityGroupPolicySet.Egress.0.Protocol TCP`),
    ]);
    await world.api.call('vpc', 'CreateSecurityGroupPolicies', {
      SecurityGroupId: own,
      SecurityGroupPolicySet: { Egress: [{ Protocol: 'ALL', Port: 'ALL', Action: 'ACCEPT' }] },
    });
    expect(await world.untilCondition('bare', 'Preflight', 'RulesSuffice')).toMatchObject({ status: 'True' });
  });

  it('asks about probes where they pass the groups: of Pods with strict routing, and from their own node', async () => {
    const { SecurityGroup } = (await world.api.call('vpc', 'CreateSecurityGroup', {
      GroupName: 'unprobed',
      GroupDescription: 'lets nobody in',
    })) as { SecurityGroup: { SecurityGroupId: string } };
    const own = SecurityGroup.SecurityGroupId;
    const accept = (way: 'Ingress' | 'Egress', more: object) =>
      world.api.call('vpc', 'CreateSecurityGroupPolicies', {
        SecurityGroupId: own,
        SecurityGroupPolicySet: { [way]: [{ Action: 'ACCEPT', ...more }] },
      });
    await accept('Egress', { Protocol: 'ALL', Port: 'ALL' });
    const probed = await world.createPolicy('probed', [own]);
    const container = {
      ports: [{ name: 'http', containerPort: 8080 }],
      readinessProbe: { httpGet: { port: 'http' } },
    };
    await world.createMarkedPod('standard', 'probed', [probed], 'sub-eni', container);
    await world.untilPolicy('probed', ({ status }) => status?.programmed === 1, 'the Pod with standard routing');
    await world.untilCondition('probed', 'Preflight', 'RulesSuffice');
    await world.setValues({ 'vpcCni.trunkingEni.podSecurityGroupEnforcingMode': 'strict' });
    await world.createMarkedPod('strict', 'probed', [probed], 'sub-eni', container);
    const condition = await world.untilCondition('probed', 'Preflight', 'ProbesMissing');
    expect(condition.message).toMatch(
      new RegExp(`^${own} of Pod default/(standard|strict) lets no TCP 8080 from sg-\\w+ .node ${world.nodeNames[0]}.`),
    );
    expect(condition.message).toContain(`--SecurityGroupId ${own} --SecurityGroupPolicySet.Ingress.0.Protocol TCP`);
    await accept('Ingress', { Protocol: 'TCP', Port: '8080', CidrBlock: `${world.nodeNames[0]}/32` });
    await world.untilCondition('probed', 'Preflight', 'RulesSuffice');
    for (const name of ['standard', 'strict']) await world.deletePod(name);
    await world.setValues({});
  });

  it('is not accepted with a group that its namespace may not use', async () => {
    const metadata = { name: objectNames.allowedGroups, namespace: objectNames.systemNamespace };
    await world.client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { default: second } });
    const condition = await world.untilCondition('web', 'Accepted', 'GroupsNotAllowed');
    expect(condition).toMatchObject({ status: 'False', message: expect.stringContaining(first) });
    await world.client.delete(configMaps, metadata.name, { namespace: metadata.namespace });
    await world.untilCondition('web', 'Accepted', 'Accepted');
  });

  it('names each gate of document 002 that is shut, with an Event for each', async () => {
    await world.setValues({ 'vpcCni.trunkingEni.enableSubEni': 'false' });
    await world.untilCondition('web', 'TrunkingAvailable', 'TrunkingDisabled');
    const [event] = await world.events('TrunkingDisabled');
    expect(event?.message).toContain('set it to "true" in ConfigMap kube-system/tke-eni-ipamd');
    await world.setValues({});
    const open = await world.untilCondition('web', 'TrunkingAvailable', 'NodesAvailable');
    // Document 002 asks for static IP mode, which this cluster is not in: the one gate that holds nothing back.
    expect(open.message).toContain('Warning NotStaticIpMode');
    const ofWeb = (await world.events('NotStaticIpMode')).filter((each) => each.involvedObject.name === 'web');
    expect(ofWeb.map((each) => each.message)).toEqual([expect.stringContaining('vpcCni.ipMode is "non-static"')]);
  });
});

describe('an account that refuses sub-ENI calls', () => {
  it('is told on the policy, each of the two roles by its name', async () => {
    await using world = await startPolicyWorld();
    // The documented roles may not read what is attached to them either.
    for (const action of ['CreateSubNetworkInterface', 'ListAttachedRolePolicies'])
      world.cloud.admin.failNext({ action, code: 'UnauthorizedOperation', times: 1000 });
    world.ipamd();
    await world.nodesReady();
    await world.createPolicy('web', [first]);
    await world.createMarkedPod('a', 'web', [await world.createPolicy('other', [first])]);
    const condition = await world.untilCondition('web', 'TrunkingAvailable', 'IpamdRoleNotAuthorized');
    expect(condition.message).toContain('role IPAMDofTKE_QCSRole may not call vpc:CreateSubNetworkInterface');
    expect(condition.message).toContain('role TKE_QCSRole');
    expect((await world.events('IpamdRoleNotAuthorized')).length).toBeGreaterThan(0);
    const [other] = await world.events('TkeRoleNotVisible');
    expect(other?.message).toContain('tccli cam ListAttachedRolePolicies --RoleName TKE_QCSRole');
    expect(other?.message).toContain('allows cam:ListAttachedRolePolicies to role IPAMDofTKE_QCSRole');
  });
});

describe('an ipamd that may read what is attached to roles', () => {
  it('names each role without policy SubENIForIPAMD by itself, until it has it', async () => {
    await using world = await startPolicyWorld();
    const { identity } = world.cloud;
    grant(identity, [SUB_ENI_POLICY, ROLE_POLICIES_POLICY]);
    const { policyName, roles } = SUB_ENI_POLICY;
    for (const role of roles) identity.detachRolePolicy(role, policyName);
    const credentials = staticCredentials(identity.startSession(IPAMD_ROLE));
    world.ipamd({ credentials, timings: { policyResyncMs: 300 } });
    await world.nodesReady();
    // Nobody to tell.
    expect(world.calls('ListAttachedRolePolicies')).toBe(0);
    await world.createPolicy('web', [first]);
    const untilNamed = (named: readonly string[], what: string) =>
      world.untilPolicy(
        'web',
        ({ status }) => {
          const message = status?.conditions?.find(({ type }) => type === 'TrunkingAvailable')?.message;
          const lacks = (role: string) => message?.includes(`role ${role} does not have CAM policy SubENIForIPAMD`);
          return message !== undefined && roles.every((role) => lacks(role) === named.includes(role));
        },
        what,
      );
    await untilNamed([IPAMD_ROLE, TKE_ROLE], 'both roles named');
    for (const [reason, role] of [
      ['IpamdRoleLacksPolicy', IPAMD_ROLE],
      ['TkeRoleLacksPolicy', TKE_ROLE],
    ] as const) {
      const [event] = await world.events(reason);
      expect(event).toMatchObject({
        message: expect.stringContaining(`associate it with role ${role}`),
        involvedObject: { name: 'web' },
      });
    }
    identity.attachRolePolicy(IPAMD_ROLE, policyName);
    await untilNamed([TKE_ROLE], 'only the other role named');
    identity.attachRolePolicy(TKE_ROLE, policyName);
    await untilNamed([], 'no role named');
    identity.detachRolePolicy(TKE_ROLE, policyName);
    await untilNamed([TKE_ROLE], 'the role named that lost the policy');
    // As documented: nothing is seen, so nothing is said while no call is refused.
    identity.detachRolePolicy(IPAMD_ROLE, ROLE_POLICIES_POLICY.policyName);
    await untilNamed([], 'a role that cannot be seen is not named');
    expect(world.calls('CreateSubNetworkInterface')).toBe(0);
  });
});

describe('a cluster without the add-on SecurityGroupPolicy', () => {
  it('has no policies, and everything else works; once it is installed its policies count', async () => {
    await using world = await startPolicyWorld({ absentKinds: ['SecurityGroupPolicy'] });
    world.ipamd();
    await world.nodesReady();
    await world.createPod('marked');
    await world.subEniObjects((enis) => enis.some(isReady), 'a sub-ENI without any policy');
    const kind = kinds.find(({ resource }) => resource.kind === 'SecurityGroupPolicy');
    if (kind === undefined) throw new Error('no such kind');
    await world.client.create(customResourceDefinitions, customResourceDefinition(kind) as unknown as KubeObject);
    await vi.waitFor(() => world.createPolicy('web', [first]), { timeout: 10_000, interval: 50 });
    await world.untilCondition('web', 'Ready', 'Accepted');
  });
});
