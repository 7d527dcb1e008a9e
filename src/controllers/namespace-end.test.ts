// A namespace goes when everything that its Pods have in the cloud is gone, and not before.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vpcIpClaims } from '../api/vpc-ip-claim.ts';
import { namespaces, pods } from '../kube/resources.ts';
import type { IpamdTweaks } from './testing/ipamd.ts';
import { isOurs, type PlayedNamespace, playNamespace } from './testing/namespaces.ts';
import { boundOn, nodeName, offers } from './testing/shared-world.ts';
import { ONE, staticWorld, vips } from './testing/static-world.ts';
import { disposableWorld, isReady, startWorld, type World } from './testing/world.ts';

const DELETE = 'DeleteSubNetworkInterface';
const QUICK = { namespaceTellMs: 200 } as const;

describe('the namespace of Pods with sub-ENIs', { timeout: 60_000 }, () => {
  let world: World;
  let burst: PlayedNamespace;
  const writes: string[] = [];
  const subEnisAtWrite: number[] = [];
  const tweaks: IpamdTweaks = {
    timings: { ...QUICK, namespaceIdleMs: 1_000 },
    beforeWrite: (what) => {
      writes.push(what);
      if (what === 'patch Namespace') subEnisAtWrite.push(world.subEnis().length);
    },
  };
  const ready = (namespace: string, count: number) =>
    world.subEniObjects(
      (enis) => enis.filter((eni) => eni.spec.pod?.namespace === namespace && isReady(eni)).length === count,
      `${count} sub-ENIs of ${namespace} ready`,
      45_000,
    );
  beforeAll(async () => {
    world = await startWorld();
    world.ipamd(tweaks);
    await world.nodesReady();
  });
  afterAll(() => world.close());

  it('is held by one write for a burst, before the first VpcENI is written', async () => {
    burst = await playNamespace(world, 'burst');
    writes.length = 0;
    const names = Array.from({ length: 12 }, (_, index) => `web-${index}`);
    await burst.createPods(...names);
    await ready('burst', names.length);
    expect(writes.filter((what) => what === 'patch Namespace')).toHaveLength(1);
    expect(writes.indexOf('patch Namespace')).toBeLessThan(writes.indexOf('create VpcENI'));
  });

  it('stays until the last of them is gone in the cloud, and then goes', async () => {
    expect(isOurs(await world.client.get(namespaces, 'burst'))).toBe(true);
    await burst.delete();
    await burst.empty();
    await burst.until((namespace) => namespace === undefined, 'namespace burst gone');
    expect(world.subEnis()).toEqual([]);
    expect(subEnisAtWrite.at(-1)).toBe(0);
  });

  it('is held again when somebody takes the finalizer off by hand', async () => {
    const played = await playNamespace(world, 'meddled');
    await played.createPods('web');
    await ready('meddled', 1);
    await world.client.patch(namespaces, 'meddled', { type: 'merge', body: { metadata: { finalizers: null } } });
    await played.until((namespace) => isOurs(namespace), 'the finalizer put back');
  });

  it('is let go a while after its last Pod, and held again by the next', async () => {
    const played = await playNamespace(world, 'idle');
    await played.createPods('web');
    await ready('idle', 1);
    await world.client.delete(pods, 'web', { namespace: 'idle', gracePeriodSeconds: 0 });
    await played.until((namespace) => !isOurs(namespace), 'the finalizer off');
    await played.createPods('web');
    await ready('idle', 1);
    expect(isOurs(await world.client.get(namespaces, 'idle'))).toBe(true);
  });

  it('says what it waits for, as a condition and an event, until that is gone', async () => {
    const played = await playNamespace(world, 'stuck');
    const [pod] = await played.createPods('web');
    await ready('stuck', 1);
    await world.setValues({ paused: 'deletes' });
    await played.delete();
    await played.empty();
    const told = (of: Awaited<ReturnType<typeof played.until>>) =>
      of?.status?.conditions?.find(({ type }) => type === 'CloudResourcesRemaining');
    const name = `sub-${pod?.metadata.uid}`;
    const namespace = await played.until((now) => told(now)?.message.includes('paused') === true, 'the condition');
    expect(told(namespace)).toMatchObject({ status: 'True', reason: 'PodResourcesRemain' });
    expect(told(namespace)?.message).toMatch(
      new RegExp(`^waits for 1 sub-ENI of its Pods: ${name} \\(eni-\\S+\\) of Pod web: `),
    );
    const events = await world.events('CloudResourcesRemaining');
    expect(events.map((event) => event.involvedObject.name)).toContain('stuck');
    await world.setValues({ paused: 'none' });
    await played.until((now) => now === undefined, 'namespace stuck gone');
  });

  it('names the permission that ipamd lacks, and goes once it has it', async () => {
    const played = await playNamespace(world, 'denied');
    await played.createPods('web');
    await ready('denied', 1);
    world.cloud.admin.failNext({ action: DELETE, code: 'UnauthorizedOperation', times: 10_000 });
    await played.delete();
    await played.empty();
    const told = await played.until(
      (now) =>
        now?.status?.conditions?.some(
          ({ type, message }) => type === 'CloudResourcesRemaining' && message.includes('CLOUD-UNAUTHORIZED'),
        ) === true,
      'the condition',
    );
    expect(told?.metadata.deletionTimestamp).toBeDefined();
    world.cloud.admin.clearFaults();
    await played.until((now) => now === undefined, 'namespace denied gone');
  });

  it('is not named any more when something else keeps the namespace', async () => {
    const played = await playNamespace(world, 'kept');
    const body = { metadata: { finalizers: ['example.com/other'] } };
    await world.client.patch(namespaces, 'kept', { type: 'merge', body });
    await played.createPods('web');
    await ready('kept', 1);
    await world.setValues({ paused: 'deletes' });
    await played.delete();
    await played.empty();
    const verdict = (of: Awaited<ReturnType<typeof played.until>>) =>
      of?.status?.conditions?.find(({ type }) => type === 'CloudResourcesRemaining')?.status;
    await played.until((now) => verdict(now) === 'True', 'the condition');
    await world.setValues({ paused: 'none' });
    const last = await played.until((now) => verdict(now) === 'False', 'the condition taken back');
    expect(last?.metadata.finalizers).toEqual(['example.com/other']);
  });
});

describe('the namespace of Pods with static addresses', { timeout: 60_000 }, () => {
  it('is held before the claim is written, and goes when the address is off its ENI', async () => {
    const seen: string[] = [];
    await using world = await staticWorld(ONE);
    world.ipamd({
      beforeWrite: (what) => {
        seen.push(what);
        if (what === 'patch Namespace') seen.push(`addresses ${boundOn(world, 0).length}`);
      },
    });
    await offers(world, nodeName(world, 0), '27');
    const played = await playNamespace(world, 'fixed');
    await played.createOrdinaryPod('db-0');
    await vips(world, (all) => all.some(({ status }) => status?.phase === 'Assigned'), 'the address assigned');
    expect(boundOn(world, 0)).toHaveLength(1);
    expect(seen.indexOf('patch Namespace')).toBeLessThan(seen.indexOf('create VpcIPClaim'));
    await played.delete();
    await played.empty();
    await world.client.delete(vpcIpClaims, 'db-0', { namespace: 'fixed' });
    await played.until((namespace) => namespace === undefined, 'namespace fixed gone');
    expect(boundOn(world, 0)).toEqual([]);
    expect(seen.filter((what) => what.startsWith('addresses'))).toEqual(['addresses 0', 'addresses 0']);
  });
});

describe('ipamd that is killed while a namespace comes and goes', { concurrent: true, timeout: 90_000 }, () => {
  it.each([
    ['before it puts its finalizer on', 'before', 1],
    ['after it put its finalizer on, before it knows', 'after', 1],
    ['before it takes its finalizer off', 'before', 2],
    ['after it took its finalizer off, before it knows', 'after', 2],
  ] as const)('%s: its successor finishes, and nothing is left', async (_what, when, nth) => {
    await using world = await disposableWorld();
    const killed = Promise.withResolvers<void>();
    let count = 0;
    const strike = (what: string): void => {
      if (what !== 'patch Namespace') return;
      count += 1;
      if (count !== nth) return;
      doomed.kill();
      killed.resolve();
    };
    const doomed = world.ipamd({
      timings: QUICK,
      ...(when === 'before' ? { beforeWrite: strike } : { afterWrite: strike }),
    });
    void killed.promise.then(async () => {
      await doomed.ended;
      world.ipamd({ timings: QUICK });
    });
    await world.nodesReady();
    const played = await playNamespace(world, 'short');
    await played.createPods('web');
    await world.subEniObjects((enis) => enis.length === 1 && enis.every(isReady), 'the sub-ENI ready');
    await played.delete();
    await played.empty();
    await played.until((namespace) => namespace === undefined, 'the namespace gone');
    await killed.promise;
    expect(world.subEnis()).toEqual([]);
    await world.subEniObjects((enis) => enis.length === 0, 'no VpcENI left');
  });
});
