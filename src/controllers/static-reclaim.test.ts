// How kept addresses are released: by expiry, with their workload, and never before their Pod has ended (spec 004; facts/tke.md 6.2, rule 4).
import { describe, it } from 'vitest';
import { annotations, objectNames } from '../api/keys.ts';
import { type VpcIpClaim, vpcIpClaims } from '../api/vpc-ip-claim.ts';
import { vpcIps } from '../api/vpc-ip.ts';
import { configMaps, deployments } from '../kube/resources.ts';
import type { KubeObject, Resource } from '../kube/types.ts';
import { waitForObjects } from '../../lab/wait.ts';
import { boundOn, mutations } from './testing/shared-world.ts';
import {
  addressOf,
  claimOf,
  NEVER,
  nothingHeld,
  ONE,
  ownedPod,
  staticPod,
  staticValues,
  staticWorld,
  told,
  vipOf,
} from './testing/static-world.ts';
import type { World } from './testing/world.ts';

const replicaSets: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'replicasets',
  kind: 'ReplicaSet',
  namespaced: true,
};
const HOUR = 3_600_000;

const kept = (world: World, name: string, ip: string) =>
  vipOf(world, ip, ({ status }) => status?.phase === 'Unassigned', `the address of ${name} kept`);

describe('expiry', { concurrent: true, timeout: 90_000 }, () => {
  it('releases a kept address when its time has come, without any call meanwhile', async ({ expect }) => {
    await using world = await staticWorld(ONE);
    const ipamd = world.ipamd({ flags: { claimExpiredMs: 4_000 } });
    await staticPod(world, 'db-0', { marks: NEVER });
    const ip = await addressOf(world, 'db-0');
    await world.deletePod('db-0');
    const unbound = await claimOf(world, 'db-0', ({ status }) => status?.releaseAt !== undefined, 'the time');
    const { unboundSince = '', releaseAt = '' } = unbound.status ?? {};
    expect(Date.parse(releaseAt) - Date.parse(unboundSince)).toBe(4_000);
    await kept(world, 'db-0', ip);
    const before = mutations(world).length;
    // The time is absolute: it goes on while no ipamd runs.
    await ipamd.stop();
    world.ipamd({ flags: { claimExpiredMs: 4_000 } });
    await nothingHeld(world);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(releaseAt));
    expect(mutations(world).slice(before)).toEqual([]);
  });

  it('takes the duration of the Pod before that of the cluster, and a Pod in time ends it', async ({ expect }) => {
    await using world = await staticWorld({ ...ONE, values: { 'vpcCni.claimExpiredSeconds': '600' } });
    world.ipamd();
    await staticPod(world, 'a-0', { marks: { ...NEVER, [annotations.claimExpiredDuration]: '2h' } });
    await staticPod(world, 'b-0', { marks: NEVER });
    const ip = await addressOf(world, 'a-0');
    await addressOf(world, 'b-0');
    await world.deletePod('a-0');
    await world.deletePod('b-0');
    const times = await Promise.all(
      ['a-0', 'b-0'].map((name) => claimOf(world, name, ({ status }) => status?.releaseAt !== undefined, 'the time')),
    );
    const lengths = times.map(
      ({ status }) => Date.parse(status?.releaseAt ?? '') - Date.parse(status?.unboundSince ?? ''),
    );
    expect(lengths).toEqual([2 * HOUR, 600_000]);
    await staticPod(world, 'a-0', { marks: NEVER });
    expect(await addressOf(world, 'a-0')).toBe(ip);
    const bound = await claimOf(world, 'a-0', ({ status }) => status?.phase === 'Bound', 'the claim bound');
    expect(bound.status).not.toHaveProperty('releaseAt');
  });
});

describe('a duration among the add-on values', { timeout: 90_000 }, () => {
  it('that is none is told with what would be right, and the former one stays in force', async ({ expect }) => {
    const key = 'vpcCni.claimExpiredDuration';
    await using world = await staticWorld({ ...ONE, values: { [key]: '2h' } });
    const ipamd = world.ipamd();
    await staticPod(world, 'db-0', { marks: NEVER });
    await addressOf(world, 'db-0');
    for (const [value, words] of [
      ['5', '"5" is not a duration; expected one with units such as 5m'],
      ['4m59s', '"4m59s" is too short; expected at least 5m'],
      ['-1h', '"-1h" is not a duration'],
    ] as const) {
      await world.setValues(staticValues({ [key]: value }));
      await told(world, 'InvalidAddonValues', words, [objectNames.addonValues]);
    }
    await world.deletePod('db-0');
    const keptFor = ({ status }: VpcIpClaim): number =>
      Date.parse(status?.releaseAt ?? '') - Date.parse(status?.unboundSince ?? '');
    const before = await claimOf(world, 'db-0', ({ status }) => status?.unboundSince !== undefined, 'the claim kept');
    expect(keptFor(before)).toBe(2 * HOUR);
    // One that is accepted holds at once, also for what is kept already, and for another ipamd that never saw the Pod.
    await ipamd.stop();
    world.ipamd();
    await world.setValues(staticValues({ [key]: '5m' }));
    const after = await claimOf(world, 'db-0', (claim) => keptFor(claim) !== 2 * HOUR, 'the new duration');
    expect(keptFor(after)).toBe(300_000);
    expect(after.status?.unboundSince).toBe(before.status?.unboundSince);
  });
});

describe('the annotation of a kept address', { concurrent: true, timeout: 90_000 }, () => {
  it('sets the time of a claim that was kept for ever, and one that is no duration is told and counts as absent', async () => {
    await using world = await staticWorld(ONE);
    world.ipamd();
    await staticPod(world, 'db-0', { marks: NEVER });
    const ip = await addressOf(world, 'db-0');
    await world.deletePod('db-0');
    await kept(world, 'db-0', ip);
    const annotate = (value: string): Promise<unknown> =>
      world.client.patch(vpcIps, ip, {
        type: 'merge',
        body: { metadata: { annotations: { [annotations.claimExpiredDuration]: value } } },
      });
    const releasedAfterMs = ({ status }: VpcIpClaim): number =>
      Date.parse(status?.releaseAt ?? '') - Date.parse(status?.unboundSince ?? '');
    await annotate('2h');
    await claimOf(world, 'db-0', (claim) => releasedAfterMs(claim) === 2 * HOUR, 'the time of the annotation');
    for (const [value, words] of [
      ['4m59s', '"4m59s" is too short; expected at least 5m'],
      ['5', '"5" is not a duration'],
      ['-1h', '"-1h" is not a duration'],
    ] as const) {
      await annotate(value);
      await told(world, 'InvalidClaimExpiry', words, [ip]);
    }
    await claimOf(world, 'db-0', ({ status }) => status?.releaseAt === undefined, 'the claim kept for ever again');
  });
});

describe('release with the workload', { concurrent: true, timeout: 90_000 }, () => {
  it('belongs to the top-level workload, keeps the address in a rollout, and comes when the workload is deleted', async ({
    expect,
  }) => {
    await using world = await staticWorld(ONE);
    world.ipamd({ flags: { enableOwnerRef: true } });
    await switchedOn(world);
    const owner = await workload(world, 'web');
    await ownedPod(world, 'web-0', owner.replicaSet, NEVER);
    const ip = await addressOf(world, 'web-0');
    const claim = await claimOf(world, 'web-0', ({ status }) => status?.phase === 'Bound', 'the claim bound');
    const expected = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: owner.deployment.metadata.uid };
    expect(claim.spec.owner).toEqual(expected);
    expect(claim.metadata.ownerReferences).toEqual([expected]);
    // A rollout: the ReplicaSet goes, the Deployment stays.
    await world.client.delete(replicaSets, 'web-1', { namespace: 'default' });
    await world.deletePod('web-0');
    await kept(world, 'web-0', ip);
    await world.client.delete(deployments, 'web', { namespace: 'default' });
    // What the garbage collector does then.
    await world.client.delete(vpcIpClaims, 'web-0', { namespace: 'default' });
    await nothingHeld(world);
  });

  it('never comes before the Pod has ended', async ({ expect }) => {
    await using world = await staticWorld(ONE);
    world.ipamd({ flags: { enableOwnerRef: true } });
    await switchedOn(world);
    const owner = await workload(world, 'web');
    await ownedPod(world, 'web-0', owner.replicaSet, NEVER);
    const ip = await addressOf(world, 'web-0');
    await claimOf(world, 'web-0', ({ status }) => status?.phase === 'Bound', 'the claim bound');
    await world.client.delete(deployments, 'web', { namespace: 'default' });
    await world.client.delete(vpcIpClaims, 'web-0', { namespace: 'default' });
    const waiting = await claimOf(
      world,
      'web-0',
      ({ status }) => status?.conditions?.some(({ reason }) => reason === 'OwnerDeleted') === true,
      'that it waits for the Pod',
    );
    expect(waiting.metadata.deletionTimestamp).toBeDefined();
    expect(boundOn(world, 0)).toEqual([ip]);
    await world.deletePod('web-0');
    await nothingHeld(world);
  });

  it('leaves workloads alone that are older than the switch', async ({ expect }) => {
    await using world = await staticWorld(ONE);
    const owner = await workload(world, 'web');
    // Times of creation are whole seconds.
    await world.client.patch(
      configMaps,
      objectNames.addonValues,
      {
        type: 'merge',
        body: {
          metadata: { annotations: { [annotations.ownerRefSince]: new Date(Date.now() + 2_000).toISOString() } },
        },
      },
      { namespace: objectNames.systemNamespace },
    );
    world.ipamd({ flags: { enableOwnerRef: true } });
    await ownedPod(world, 'web-0', owner.replicaSet, NEVER);
    await addressOf(world, 'web-0');
    const claim = await claimOf(world, 'web-0', ({ status }) => status?.phase === 'Bound', 'the claim bound');
    expect(claim.spec).not.toHaveProperty('owner');
    expect(claim.metadata).not.toHaveProperty('ownerReferences');
  });

  it('is refused by words before the version that has it', async ({ expect }) => {
    await using world = await staticWorld(ONE);
    world.ipamd({ flags: { enableOwnerRef: true }, version: 'v3.3.8' });
    const [event] = await world.events('OwnerRefNotSupported');
    expect(event?.message).toContain('needs add-on version 3.3.9 or newer, this one is v3.3.8');
  });
});

const switchedOn = (world: World) =>
  waitForObjects(
    world.client,
    configMaps,
    (all) => all.some(({ metadata }) => metadata.annotations?.[annotations.ownerRefSince] !== undefined),
    { namespace: objectNames.systemNamespace, what: 'the switch recorded', timeoutMs: 60_000 },
  );

/** A Deployment and its ReplicaSet, as the controllers of a cluster make them. */
async function workload(
  world: World,
  name: string,
): Promise<{ readonly deployment: KubeObject; readonly replicaSet: KubeObject }> {
  const spec = {
    replicas: 0,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'sample' }] } },
  };
  const deployment = await world.client.create<KubeObject>(
    deployments,
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec } as KubeObject,
    { namespace: 'default' },
  );
  const ownerReferences = [
    { apiVersion: 'apps/v1', kind: 'Deployment', name, uid: deployment.metadata.uid ?? '', controller: true },
  ];
  const replicaSet = await world.client.create<KubeObject>(
    replicaSets,
    { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: `${name}-1`, ownerReferences }, spec } as KubeObject,
    { namespace: 'default' },
  );
  return { deployment, replicaSet };
}
