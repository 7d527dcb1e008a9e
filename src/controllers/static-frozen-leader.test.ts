// A leader that is stopped between recording a call about a static address and sending it: when it goes on, another one leads, and the call is not sent.
import { describe, expect, it } from 'vitest';
import { openApiPassage } from './testing/api-passage.ts';
import { FREEZING_FLAGS, NEXT_LEADER, startIpamdProcess } from './testing/ipamd-process.ts';
import { boundOn, nodeName, offers } from './testing/shared-world.ts';
import { addressOf, NEVER, ONE, staticPod, staticWorld } from './testing/static-world.ts';
import type { World } from './testing/world.ts';

describe('a leader that freezes between write and call', { concurrent: true, timeout: 90_000 }, () => {
  it.each([
    { action: 'AssignPrivateIpAddresses', act: (world: World) => staticPod(world, 'db-0', { marks: NEVER }) },
    {
      action: 'UnassignPrivateIpAddresses',
      act: async (world: World) => {
        await staticPod(world, 'db-0', { marks: NEVER });
        await addressOf(world, 'db-0');
        await world.deletePod('db-0');
      },
    },
  ])('takes no address from the Pod that the next one serves, by $action', async ({ action, act }) => {
    await using world = await staticWorld(ONE);
    const frozen = Promise.withResolvers<void>();
    await using passage = await openApiPassage(world.connection, ({ path, body, status }) => {
      if (!path.includes('/vpcenis/') || !body.includes(action) || status !== 200) return;
      leader.freeze();
      frozen.resolve();
    });
    await using leader = await startIpamdProcess(passage.server, world.cloud, FREEZING_FLAGS);
    await leader.during(offers(world, nodeName(world, 0), '27'));
    await act(world);
    await leader.during(frozen.promise);
    expect(world.calls(action)).toBe(0);
    const next = world.ipamd(NEXT_LEADER);
    // Meanwhile a Pod of the same name is there again, and has the address.
    if (action === 'UnassignPrivateIpAddresses') await staticPod(world, 'db-0', { marks: NEVER });
    const ip = await addressOf(world, 'db-0');
    const calls = world.calls(action);
    leader.thaw();
    expect(await leader.ended).not.toBe(0);
    expect(world.calls(action)).toBe(calls);
    expect(boundOn(world, 0)).toEqual([ip]);
    await next.stop();
  });
});
