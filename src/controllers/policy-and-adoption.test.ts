// The status of policies, the documented message on Pods, and what ipamd does when another install is there.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitForObjects } from '../../lab/wait.ts';
import { encodeAdmissionDecision } from '../api/admission-decision.ts';
import { annotations, labels } from '../api/keys.ts';
import { securityGroupPolicies } from '../api/security-group-policy.ts';
import type { SecurityGroupPolicy } from '../api/security-group-policy.ts';
import { vpcEnis } from '../api/vpc-eni.ts';
import { namespaces } from '../kube/resources.ts';
import { disposableWorld, isReady, startWorld, type World } from './testing/world.ts';

const condition = (policy: SecurityGroupPolicy | undefined, type: string) =>
  policy?.status?.conditions?.find((each) => each.type === type);

describe('a SecurityGroupPolicy', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
    world.ipamd();
    await world.nodesReady();
    const labelled = { metadata: { labels: { [labels.securityGroupPolicy]: '' } } };
    await world.client.patch(namespaces, 'default', { type: 'merge', body: labelled });
  });
  afterAll(() => world.close());

  const create = (name: string, groupIds: string[]) =>
    world.client.create(securityGroupPolicies, {
      apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
      kind: 'SecurityGroupPolicy',
      metadata: { name, namespace: 'default' },
      spec: { podSelector: { matchLabels: { app: name } }, securityGroups: { groupIds } },
    });
  const until = async (name: string, done: (policy: SecurityGroupPolicy) => boolean, what: string) => {
    const isIt = (policy: SecurityGroupPolicy): boolean => policy.metadata.name === name && done(policy);
    const all = await waitForObjects(world.client, securityGroupPolicies, (list) => list.some(isIt), {
      what,
      timeoutMs: 10_000,
    });
    return all.find(isIt);
  };

  it('is Ready when its groups exist, and says how many nodes can carry them', async () => {
    await create('good', [world.group]);
    const policy = await until('good', (each) => condition(each, 'Ready')?.status === 'True', 'Ready');
    expect(condition(policy, 'GroupsResolved')?.status).toBe('True');
    expect(condition(policy, 'TrunkingAvailable')).toMatchObject({
      status: 'True',
      message: expect.stringContaining('2 nodes carry sub-ENIs'),
    });
    expect(condition(policy, 'Ready')).toMatchObject({ status: 'True', observedGeneration: 1 });
  });

  it('names the groups that do not exist', async () => {
    await create('bad', [world.group, 'sg-missing1', 'sg-missing2']);
    const policy = await until('bad', (each) => condition(each, 'Ready') !== undefined, 'a status');
    expect(condition(policy, 'GroupsResolved')).toMatchObject({
      status: 'False',
      message: expect.stringContaining('sg-missing1,sg-missing2'),
    });
    expect(condition(policy, 'Ready')?.status).toBe('False');
  });

  it('says in words that Trunking is off', async () => {
    await world.setValues({ 'vpcCni.trunkingEni.enableSubEni': 'false' });
    const off = (policy: SecurityGroupPolicy) => condition(policy, 'TrunkingAvailable')?.reason === 'TrunkingDisabled';
    const policy = await until('good', off, 'Trunking told off');
    expect(condition(policy, 'TrunkingAvailable')?.message).toContain('super nodes only');
    await world.setValues({});
  });

  it('that matched a Pod without a sub-ENI on a node that is not super gives the documented message', async () => {
    const decision = encodeAdmissionDecision({
      policies: [{ name: 'good', uid: 'u', generation: 1 }],
      groups: [world.group],
      outcome: 'trunking-disabled',
    });
    await world.createPod('plain', { annotations: { [annotations.admissionDecision]: decision } });
    await world.createPod('witness');
    await world.subEniObjects((enis) => enis.some(isReady), 'the next Pod ready');
    const [event] = await world.events('SecurityGroupNotSupported');
    expect(event?.message).toBe(
      `security groups is only support super node, node ${world.nodeNames[0]} is not super node`,
    );
  });
});

describe('objects of another install', () => {
  it('keep ipamd from changing anything until it is told to adopt them', async () => {
    await using world = await disposableWorld();
    const spec = { type: 'SubENI', nodeName: 'n1', pod: { namespace: 'x', name: 'y', uid: 'z' }, securityGroups: [] };
    await world.client.create(vpcEnis, {
      apiVersion: 'networking.tke.cloud.tencent.com/v1',
      kind: 'VpcENI',
      metadata: { name: 'eni-foreign1' },
      spec: { ...spec, type: 'SubENI' },
    });
    const first = world.ipamd();
    const events = { group: '', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };
    await waitForObjects(world.client, events, (all) => all.length > 0, { what: 'the event', timeoutMs: 10_000 });
    expect((await world.events('ForeignInstall'))[0]?.message).toContain('VpcENI eni-foreign1');
    const health = await fetch(`http://127.0.0.1:${first.ports.get('health')}/health`);
    expect(await health.json()).toMatchObject({ status: 'ok', readOnly: true });
    expect(world.cloud.requestLog()).toEqual([]);
    await first.stop();
    world.ipamd({ adopt: true });
    await world.nodesReady();
  });
});

describe('the servers of ipamd', () => {
  it('answer health and metrics, which exist with zero from the start', async () => {
    await using world = await disposableWorld();
    const ipamd = world.ipamd();
    await world.nodesReady();
    const port = ipamd.ports.get('metrics');
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(text).toContain('ipamd_pod_set_ip_latency_seconds_count 0');
    expect(text).toContain('trunkline_orphans 0');
    expect(text).toContain('trunkline_eni_creations_total{outcome="unknown"} 0');
  });
});
