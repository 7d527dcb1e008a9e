// A listing of the cloud that was cut short deletes nothing (DESIGN, decision 5): an orphan that it shows stays until a whole one confirms it.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { objectNames, tags } from '../api/keys.ts';
import { trunkEniName, vpcEnis } from '../api/vpc-eni.ts';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/logger.ts';
import { staticCredentials } from '../cloud/credentials.ts';
import { createTencentCloud } from '../cloud/tencent-cloud.ts';
import { namespaces } from '../kube/resources.ts';
import { POD_SUBNET_IDS, VPC } from '../../lab/layout.ts';
import { startWorld, type World } from './testing/world.ts';

const LIST = 'DescribeNetworkInterfaces';
const DELETE = 'DeleteSubNetworkInterface';

let world: World;
beforeAll(async () => {
  world = await startWorld();
  const first = world.ipamd();
  await world.nodesReady();
  await first.stop();
});
afterAll(() => world.close());

/** A sub-ENI with this cluster's tags whose owner is no more. */
async function leave(): Promise<void> {
  const { secretId, secretKey, region, endpoint } = world.cloud;
  const cloud = createTencentCloud({
    clock: systemClock,
    logger: silentLogger,
    credentials: staticCredentials({ secretId, secretKey }),
    region,
    endpoints: { vpc: endpoint, cvm: endpoint },
  });
  const system = await world.client.get(namespaces, objectNames.systemNamespace);
  const trunk = await world.client.get(vpcEnis, trunkEniName(world.nodeNames[0] ?? ''));
  await cloud.createSubEni({
    vpcId: VPC.vpcId,
    subnetId: POD_SUBNET_IDS[0],
    trunkEniId: trunk.status?.eni?.eniID ?? '',
    name: 'left',
    description: '',
    securityGroups: [],
    tags: [
      { key: tags.cluster, value: system.metadata.uid ?? '' },
      { key: tags.owner, value: 'VpcENI/sub-long-gone' },
      { key: tags.ownerUid, value: 'gone-uid' },
    ],
    clientToken: 'left',
  });
  cloud.close();
}

/** Resolves when the cloud has been asked so often from now on. */
async function asked(action: string, times: number): Promise<void> {
  const done = Promise.withResolvers<void>();
  let left = times;
  const stop = world.cloud.onRequest((entry) => {
    if (entry.action !== action) return;
    left -= 1;
    if (left === 0) done.resolve();
  });
  await done.promise;
  stop();
}

it('an orphan in listings that lack something else stays; it goes once listings are whole', async () => {
  await leave();
  world.cloud.admin.partialPage({ action: LIST, times: Infinity });
  // Three pages are one attempt at a listing; two whole listings would be enough to delete.
  const cut = asked(LIST, 12);
  const ipamd = world.ipamd({ timings: { orphanIntervalMs: 60, orphanSpacingMs: 50 } });
  await cut;
  expect([world.calls(DELETE), world.subEnis()]).toEqual([0, [expect.anything()]]);
  const deleted = asked(DELETE, 1);
  world.cloud.admin.clearFaults();
  await deleted;
  await ipamd.stop();
});
