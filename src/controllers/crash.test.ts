// Ipamd is killed anywhere while ten Pods start: there is exactly one sub-ENI per Pod, and none is left over.
import { describe, expect, it } from 'vitest';
import type { Ipamd } from './testing/ipamd.ts';
import type { VpcEni } from '../api/vpc-eni.ts';
import { disposableWorld, isReady, type World } from './testing/world.ts';

const PODS = 10;
const CREATE = 'CreateSubNetworkInterface';

describe('ipamd that is killed while ten Pods start', { concurrent: true, timeout: 60_000 }, () => {
  const names = Array.from({ length: PODS }, (_, index) => `pod-${index}`);

  /** Kills at the n-th moment of a kind, starts another one, and counts; then ends the Pods, and counts again. */
  const survives = async (start: (world: World, count: () => void) => Ipamd, nth: number): Promise<void> => {
    await using world = await disposableWorld();
    const first = world.ipamd();
    await world.nodesReady();
    await first.stop();
    const killed = Promise.withResolvers<void>();
    let seen = 0;
    const doomed = start(world, () => {
      seen += 1;
      if (seen !== nth) return;
      doomed.kill();
      killed.resolve();
    });
    await Promise.all(names.map((name, index) => world.createPod(name, { node: world.nodeNames[index % 2] ?? '' })));
    await killed.promise;
    await doomed.ended;
    world.ipamd();
    const allReady = (enis: readonly VpcEni[]): boolean => enis.length === PODS && enis.every(isReady);
    const enis = await world.subEniObjects(allReady, `${PODS} sub-ENIs ready`);
    const recorded = enis.map((eni) => eni.status?.eni?.eniID ?? '').toSorted();
    const inTheCloud = world.subEnis().map((eni) => eni.eniId);
    expect(inTheCloud.toSorted()).toEqual(recorded);
    expect(new Set(recorded).size).toBe(PODS);
    await Promise.all(names.map((name) => world.deletePod(name)));
    await world.subEniObjects((left) => left.length === 0, 'all VpcENIs gone');
    expect(world.subEnis()).toEqual([]);
  };

  it.each([1, 6, 10])('after the cloud acted on create call %i, before its answer', async (nth) => {
    await survives((world, count) => {
      world.cloud.onRequest((entry) => {
        if (entry.action === CREATE) count();
      });
      return world.ipamd();
    }, nth);
  });

  it.each([2, 13, 24])('before its write number %i of any kind', async (nth) => {
    await survives((world, count) => world.ipamd({ beforeWrite: count }), nth);
  });

  it.each([5, 17, 29])('after its write number %i was done, before it knew', async (nth) => {
    await survives((world, count) => world.ipamd({ afterWrite: count }), nth);
  });
});

describe('ipamd that is killed while two nodes get their trunks', { concurrent: true, timeout: 60_000 }, () => {
  it.each([
    ['CreateNetworkInterface', 1],
    ['CreateNetworkInterface', 2],
    ['AttachNetworkInterface', 1],
    ['AttachNetworkInterface', 2],
  ])('after the cloud acted on %s number %i, before its answer', async (action, nth) => {
    await using world = await disposableWorld();
    const doomed = world.ipamd();
    let seen = 0;
    world.cloud.onRequest((entry) => {
      if (entry.action !== action) return;
      seen += 1;
      if (seen === nth) doomed.kill();
    });
    await doomed.ended;
    world.ipamd();
    await world.nodesReady();
    const trunks = world.cloud.snapshot().enis.filter((eni) => eni.kind === 'secondary');
    expect(trunks.map((eni) => eni.instanceId ?? '').toSorted()).toEqual([...world.instanceIds].toSorted());
  });
});
