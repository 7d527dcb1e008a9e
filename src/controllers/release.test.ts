// When a sub-ENI is released, and when it is held back although its Pod is gone.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fieldManagers } from '../api/keys.ts';
import { subEniName, type VpcEni, vpcEnis } from '../api/vpc-eni.ts';
import { applyStatus } from '../kube/apply.ts';
import { nodes, pods } from '../kube/resources.ts';
import { isReady, startWorld, type World } from './testing/world.ts';

const DELETE = 'DeleteSubNetworkInterface';

describe('the release of a sub-ENI', () => {
  let world: World;
  let silentNode: string;
  beforeAll(async () => {
    world = await startWorld({ instanceTypes: ['SA5.LARGE8', 'SA5.LARGE8'], agentless: 1 });
    silentNode = world.nodeNames[1] ?? '';
    world.ipamd();
    await world.nodesReady();
  });
  afterAll(() => world.close());

  const of = (name: string, enis: readonly VpcEni[]) => enis.find((eni) => eni.spec.pod?.name === name);
  const until = (name: string, done: (eni: VpcEni | undefined) => boolean, what: string) =>
    world.subEniObjects((enis) => done(of(name, enis)), what);
  const ready = (name: string) => until(name, (eni) => eni !== undefined && isReady(eni), `${name} ready`);

  it('of a Pod that succeeded waits for the agent to report it torn down', async () => {
    const pod = await world.createPod('job', { node: silentNode });
    await ready('job');
    const body = { status: { phase: 'Succeeded' } };
    const options = { namespace: 'default', subresource: 'status' } as const;
    await world.client.patch(pods, 'job', { type: 'merge', body }, options);
    const enis = await until('job', (eni) => eni?.status?.phase === 'Releasing', 'the release held back');
    const told = of('job', enis)?.status?.conditions?.find((each) => each.type === 'Ready');
    expect(told?.message).toContain('agent has not reported');
    expect(world.calls(DELETE)).toBe(0);
    const uid = pod.metadata.uid ?? '';
    const agent = { state: 'TornDown', podUID: uid, observedAt: new Date().toISOString() };
    await applyStatus(world.client, vpcEnis, subEniName(uid), { fieldManager: fieldManagers.agent, status: { agent } });
    await until('job', (eni) => eni === undefined, 'the release after the teardown');
    expect(world.subEnis()).toEqual([]);
  });

  it('waits for the end of an instance whose agent is silent', async () => {
    await world.createPod('stranded', { node: silentNode });
    await ready('stranded');
    await world.deletePod('stranded');
    await until('stranded', (eni) => eni?.status?.phase === 'Releasing', 'the release held back');
    expect(world.subEnis()).toHaveLength(1);
    world.cloud.admin.stopInstance(world.instanceIds[1] ?? '');
    await until('stranded', (eni) => eni === undefined, 'the release after the instance stopped');
    expect(world.subEnis()).toEqual([]);
  });

  it('is waited for by a new Pod of the same name', async () => {
    await world.createPod('db-0', { node: silentNode });
    const first = of('db-0', await ready('db-0'));
    // Its instance stopped in the step before: only the pause holds the release.
    await world.setValues({ paused: 'deletes' });
    await world.deletePod('db-0');
    await until(
      'db-0',
      (eni) => eni?.status?.conditions?.some((each) => each.reason === 'Paused') ?? false,
      'held back',
    );
    const second = await world.createPod('db-0');
    await world.createPod('witness');
    await ready('witness');
    const names = (await world.subEniObjects(() => true, '')).map((eni) => eni.metadata.name);
    expect(names).toContain(first?.metadata.name);
    expect(names).not.toContain(`sub-${second.metadata.uid}`);
    expect((await world.events('WaitingForRelease'))[0]?.message).toContain(first?.metadata.name);
    await world.setValues({});
    await until(
      'db-0',
      (eni) => eni !== undefined && eni.spec.pod?.uid === second.metadata.uid && isReady(eni),
      'the new one',
    );
  });

  it('needs no agent when no ENI was ever made', async () => {
    await world.createPod('never', { groups: 'sg-missing1' });
    await until('never', (eni) => eni?.status?.phase === 'Failed', 'the failure');
    await world.deletePod('never');
    await until('never', (eni) => eni === undefined, 'the object gone');
  });

  it('goes on when the node object is gone and so is its instance', async () => {
    await world.createPod('lost', { node: silentNode });
    await ready('lost');
    await world.deletePod('lost');
    await world.client.delete(nodes, silentNode);
    world.cloud.admin.terminateInstance(world.instanceIds[1] ?? '');
    await until('lost', (eni) => eni === undefined, 'the release');
  });
});
