// Collection of orphans in the simulated cloud: what has no owner goes after two listings, everything else stays.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectNames, tags } from '../api/keys.ts';
import { trunkEniName, type VpcEni, vpcEnis } from '../api/vpc-eni.ts';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/logger.ts';
import { staticCredentials } from '../cloud/credentials.ts';
import { createTencentCloud } from '../cloud/tencent-cloud.ts';
import type { CreateSubEniRequest } from '../cloud/vpc-cloud.ts';
import { namespaces } from '../kube/resources.ts';
import { POD_SUBNET_IDS, VPC } from '../../lab/layout.ts';
import { isReady, startWorld, type World } from './testing/world.ts';

const DELETE = 'DeleteSubNetworkInterface';

describe('ENIs of this cluster in the cloud', () => {
  let world: World;
  let clusterUid: string;
  let trunkEniId: string;
  let podUid: string;
  beforeAll(async () => {
    world = await startWorld();
    const first = world.ipamd();
    await world.nodesReady();
    const pod = await world.createPod('web');
    podUid = pod.metadata.uid ?? '';
    await world.subEniObjects((enis) => enis.some(isReady), 'the sub-ENI ready');
    await first.stop();
    const system = await world.client.get(namespaces, objectNames.systemNamespace);
    clusterUid = system.metadata.uid ?? '';
    const trunk: VpcEni = await world.client.get(vpcEnis, trunkEniName(world.nodeNames[0] ?? ''));
    trunkEniId = trunk.status?.eni?.eniID ?? '';
  });
  afterAll(() => world.close());

  let made = 0;
  const leave = async (owner: string, ownerUid: string, cluster = clusterUid): Promise<string> => {
    made += 1;
    const cloud = createTencentCloud({
      clock: systemClock,
      logger: silentLogger,
      credentials: staticCredentials({ secretId: world.cloud.secretId, secretKey: world.cloud.secretKey }),
      region: world.cloud.region,
      endpoints: { vpc: world.cloud.endpoint, cvm: world.cloud.endpoint },
    });
    const request: CreateSubEniRequest = {
      vpcId: VPC.vpcId,
      subnetId: POD_SUBNET_IDS[0],
      trunkEniId,
      name: `left-${made}`,
      description: '',
      securityGroups: [world.group],
      tags: [
        { key: tags.cluster, value: cluster },
        { key: tags.owner, value: `VpcENI/${owner}` },
        { key: tags.ownerUid, value: ownerUid },
      ],
      clientToken: `left-${made}`,
    };
    const { eni } = await cloud.createSubEni(request);
    cloud.close();
    return eni.eniId;
  };
  /** An ipamd that lists every 60 ms; resolves after `count` further complete listings. */
  const listings = async (count: number): Promise<() => Promise<void>> => {
    const done = Promise.withResolvers<void>();
    let seen = 0;
    const stop = world.cloud.onRequest((entry) => {
      if (entry.action !== 'DescribeNetworkInterfaces' || !JSON.stringify(entry.body).includes(tags.cluster)) return;
      seen += 1;
      if (seen === count) done.resolve();
    });
    const ipamd = world.ipamd({ timings: { orphanIntervalMs: 60, orphanSpacingMs: 50 } });
    await done.promise;
    stop();
    return () => ipamd.stop();
  };
  const ids = (): string[] => world.subEnis().map((eni) => eni.eniId);

  it('go when their owner is gone, and only after a second listing; those of others stay', async () => {
    const orphan = await leave('sub-long-gone', 'gone-uid');
    const foreign = await leave('sub-long-gone', 'gone-uid', 'another-cluster');
    const before = world.calls(DELETE);
    const stop = await listings(4);
    await stop();
    expect(ids()).not.toContain(orphan);
    expect(ids()).toContain(foreign);
    expect(ids()).toHaveLength(2);
    expect(world.calls(DELETE)).toBe(before + 1);
  });

  it('stay when the Pod that they were made for lives', async () => {
    const inUse = await leave(`sub-${podUid}`, 'uid-of-an-object-that-was-made-anew');
    const stop = await listings(4);
    await stop();
    expect(ids()).toContain(inUse);
  });

  it('all stay when there are too many to be believed', async () => {
    const several = [await leave('sub-a', 'a'), await leave('sub-b', 'b')];
    const stop = await listings(4);
    await stop();
    expect(ids()).toEqual(expect.arrayContaining(several));
    expect((await world.events('OrphanCollectionStopped'))[0]?.message).toContain('have no owner');
  });
});
