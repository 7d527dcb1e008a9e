// A sub-ENI that somebody changes in the cloud by hand is reported on its object and its Pod, and taken back when it is put right.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pod } from '../kube/resources.ts';
import type { VpcEni } from '../api/vpc-eni.ts';
import { createCloudClient, type CloudClient } from '../../lab/cloud-client.ts';
import { CLIENT_GROUP, SAMPLE_GROUP } from '../../lab/layout.ts';
import { isReady, startWorld, type World } from './testing/world.ts';

const [first, second] = [SAMPLE_GROUP.securityGroupId, CLIENT_GROUP.securityGroupId];

describe('a Ready sub-ENI', () => {
  let world: World;
  let cloud: CloudClient;
  let pod: Pod;
  let eniId: string;
  beforeAll(async () => {
    world = await startWorld();
    cloud = createCloudClient({
      endpoint: world.cloud.endpoint,
      secretId: world.cloud.secretId,
      secretKey: world.cloud.secretKey,
      region: world.cloud.region,
    });
    world.ipamd({ timings: { orphanIntervalMs: 60, orphanSpacingMs: 50 } });
    await world.nodesReady();
    pod = await world.createPod('web', { groups: `${first},${second}` });
    const [eni] = await world.subEniObjects((enis) => enis.some(isReady), 'the sub-ENI ready');
    eniId = eni?.status?.eni?.eniID ?? '';
  });
  afterAll(async () => {
    cloud.close();
    await world.close();
  });

  const inSync = (eni: VpcEni) => eni.status?.conditions?.find((condition) => condition.type === 'InSync');
  const until = (status: 'True' | 'False', reason: string) =>
    world.subEniObjects(
      (enis) => enis.some((eni) => inSync(eni)?.status === status && inSync(eni)?.reason === reason),
      `InSync ${status}: ${reason}`,
    );
  const bind = (groups: readonly string[]) =>
    cloud.call('vpc', 'ModifyNetworkInterfaceAttribute', { NetworkInterfaceId: eniId, SecurityGroupIds: groups });

  it('bound to its groups in another order is told, with the groups as the cloud reports them', async () => {
    await bind([second, first]);
    const [eni] = await until('False', 'GroupsDiffer');
    expect(eni?.status?.eni?.securityGroups).toEqual([second, first]);
    expect(eni?.spec.securityGroups).toEqual([first, second]);
    expect(eni?.status?.phase).toBe('Ready');
  });

  it('put right is told too, and nothing was changed in the cloud meanwhile', async () => {
    await bind([first, second]);
    const [eni] = await until('True', 'AsGiven');
    expect(eni?.status?.eni?.securityGroups).toEqual([first, second]);
    expect(world.calls('ModifyNetworkInterfaceAttribute')).toBe(2);
  });

  it('deleted in the cloud is told, on the Pod as well, with what to do', async () => {
    await cloud.call('vpc', 'DeleteSubNetworkInterface', { NetworkInterfaceId: eniId });
    const [eni] = await until('False', 'EniVanished');
    expect(inSync(eni as VpcEni)?.message).toMatch(/deleted by hand; delete the Pod/);
    const told = await world.events('EniVanished');
    expect(told.some((event) => event.involvedObject.name === pod.metadata.name && event.message.includes(eniId))).toBe(
      true,
    );
  });
});
