// A leader that is stopped by SIGSTOP between recording a call and sending it: when it goes on, another one leads, and the call is not sent.
import { describe, expect, it } from 'vitest';
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import { openApiPassage } from './testing/api-passage.ts';
import { FREEZING_FLAGS, NEXT_LEADER, startIpamdProcess } from './testing/ipamd-process.ts';
import { boundOn, enisOf, listedIn, listedOn, nodeName, offers, running, sharedPod } from './testing/shared-world.ts';
import { disposableWorld, type World } from './testing/world.ts';

/** Of all addresses together: one ENI with so many; null: what the model allows. */
const capAt = (world: World, addresses: number | null): Promise<unknown> => {
  const spec = { maxRouteENI: addresses === null ? null : 1, maxIPPerENI: addresses };
  return world.client.patch(nodeEniConfigs, nodeName(world, 0), { type: 'merge', body: { spec } });
};

const twoPods = async (world: World): Promise<void> => {
  await sharedPod(world, 'a');
  await sharedPod(world, 'b');
};

describe('a leader that freezes between write and call', { concurrent: true, timeout: 60_000 }, () => {
  it.each([
    {
      action: 'AssignPrivateIpAddresses',
      act: twoPods,
      // The next leader binds two for the two Pods.
      meanwhile: async (world: World) => {
        await running(world, ['a', 'b']);
        await listedOn(world, nodeName(world, 0), 7);
      },
    },
    {
      action: 'UnassignPrivateIpAddresses',
      act: (world: World) => capAt(world, 2),
      // The next leader unassigns three; they are bound again, and Pods use them.
      meanwhile: async (world: World) => {
        await listedOn(world, nodeName(world, 0), 2);
        await capAt(world, null);
        await twoPods(world);
        await running(world, ['a', 'b']);
        await listedOn(world, nodeName(world, 0), 7);
      },
    },
  ])('sends no $action once another one leads', async ({ action, act, meanwhile }) => {
    await using world = await disposableWorld({ instanceTypes: ['SA5.LARGE8'] });
    const frozen = Promise.withResolvers<void>();
    await using passage = await openApiPassage(world.connection, ({ path, body, status }) => {
      if (!path.includes('/vpcenis/') || !body.includes(action) || status !== 200) return;
      leader.freeze();
      frozen.resolve();
    });
    await using leader = await startIpamdProcess(passage.server, world.cloud, FREEZING_FLAGS);
    const name = nodeName(world, 0);
    await leader.during(offers(world, name, '27'));
    await listedOn(world, name, 5);
    await act(world);
    await leader.during(frozen.promise);
    expect(world.calls(action)).toBe(0);
    const next = world.ipamd(NEXT_LEADER);
    await meanwhile(world);
    const calls = world.calls(action);
    expect(calls).toBe(1);
    leader.thaw();
    expect(await leader.ended).not.toBe(0);
    expect(world.calls(action)).toBe(calls);
    const enis = await enisOf(world, name, () => true, 'the ENIs');
    expect(listedIn(enis).toSorted()).toEqual(boundOn(world, 0).toSorted());
    await next.stop();
  });
});
