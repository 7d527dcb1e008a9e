// Ipamd is interrupted at every call to the cloud in turn while a kept sub-ENI passes to the next Pod: one sub-ENI, with the address, in the end.
import { describe, expect, it } from 'vitest';
import { waitForObjects } from '../../lab/wait.ts';
import { annotations, networks } from '../api/keys.ts';
import { vpcIpClaims } from '../api/vpc-ip-claim.ts';
import type { Pod } from '../kube/resources.ts';
import { interrupted, interruptions, type Scenario, undisturbed } from './testing/cloud-kills.ts';
import { isReady, type World } from './testing/world.ts';

/** Other tests may be using the machine. */
const LONG_MS = 60_000;

const create = (world: World, node: number): Promise<Pod> =>
  world.createPod('db-0', {
    node: world.nodeNames[node] ?? '',
    annotations: {
      [annotations.networks]: networks.subEni,
      [annotations.securityGroupId]: world.group,
      [annotations.vpcIpClaimDeletePolicy]: 'Never',
    },
  });

/** The number that the claim has on record, once it is bound. */
async function boundAddress(world: World): Promise<string> {
  const [claim] = await waitForObjects(world.client, vpcIpClaims, ([found]) => found?.status?.phase === 'Bound', {
    what: 'the claim bound',
  });
  return claim?.status?.vpcIP ?? '';
}

const rebind: Scenario = {
  what: 'rebind',
  options: { settings: { subEniFollowsZone: true } },
  before: async (world) => {
    await world.nodesReady();
    await create(world, 0);
    await boundAddress(world);
    await world.deletePod('db-0');
    await world.subEniObjects(([eni]) => eni?.status?.phase === 'Kept', 'kept', LONG_MS);
  },
  act: async (world) => {
    await create(world, 1);
  },
  after: async (world) => {
    const [first] = (await world.client.list(vpcIpClaims)).items;
    const [eni] = await world.subEniObjects(
      (enis) => enis.length === 1 && enis.every((each) => isReady(each) && each.spec.nodeName === world.nodeNames[1]),
      'the sub-ENI of the new Pod alone',
      LONG_MS,
    );
    expect(eni?.status?.eni?.addresses[0]?.ip).toBe(first?.status?.vpcIP);
    expect(world.subEnis().map(({ eniId }) => eniId)).toEqual([eni?.status?.eni?.eniID]);
    await waitForObjects(world.client, vpcIpClaims, ([claim]) => claim?.status?.phase === 'Bound', {
      what: 'the claim bound again',
    });
  },
};

const CALLS = ['DeleteSubNetworkInterface', 'CreateSubNetworkInterface'];

describe('a kept sub-ENI that passes to the next Pod', { concurrent: true, timeout: 90_000 }, () => {
  it('takes one call to let go and one to make', async () => {
    expect(await undisturbed(rebind)).toEqual(CALLS);
  });

  it.each(interruptions.flatMap((how) => CALLS.map((action, index) => [action, how, index + 1] as const)))(
    'is whole in the end when ipamd is %s %s',
    async (action, how, nth) => {
      expect(await interrupted(rebind, how, nth)).toBe(action);
    },
  );
});
