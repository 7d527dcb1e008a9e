// A leader that is stopped between recording what an EIP is to become and the call: when it goes on another one leads, and nothing is sent. And lost answers where tokens do not help.
import { describe, expect, it } from 'vitest';
import { pods } from '../kube/resources.ts';
import { openApiPassage } from './testing/api-passage.ts';
import { boundClaim, CREATE, eipcs, eipPod, type EipWorld, eipWorld } from './testing/eip-world.ts';
import { FREEZING_FLAGS, NEXT_LEADER, startIpamdProcess } from './testing/ipamd-process.ts';
import { nodeName, offers } from './testing/shared-world.ts';

describe('a leader that freezes between write and call', { concurrent: true, timeout: 90_000 }, () => {
  it.each([
    { action: 'AllocateAddresses', recorded: 'AllocateAddresses', bought: 1 },
    { action: 'AssociateAddress', recorded: '"Binding"', bought: 1 },
    { action: 'ReleaseAddresses', recorded: 'is being released', bought: 2 },
  ])('does nothing to the EIP that the next one sees to, by $action', async ({ action, recorded, bought }) => {
    await using world = await eipWorld();
    const frozen = Promise.withResolvers<void>();
    await using passage = await openApiPassage(world.connection, ({ path, body, status }) => {
      if (!path.includes('/eipclaims/') || !body.includes(recorded) || status !== 200) return;
      leader.freeze();
      frozen.resolve();
    });
    await using leader = await startIpamdProcess(passage.server, world.cloud, FREEZING_FLAGS);
    await leader.during(offers(world, nodeName(world, 0), '27'));
    await eipPod(world, 'web-0');
    if (action === 'ReleaseAddresses') {
      await boundClaim(world, 'web-0');
      await world.deletePod('web-0');
    }
    await leader.during(frozen.promise);
    expect(world.calls(action)).toBe(0);
    const next = world.ipamd(NEXT_LEADER);
    if (action === 'ReleaseAddresses') {
      await eipcs(world, (all) => all.length === 0, 'the former claim gone');
      await eipPod(world, 'web-0');
    }
    const { status } = await boundClaim(world, 'web-0');
    const calls = world.calls(action);
    leader.thaw();
    expect(await leader.ended).not.toBe(0);
    expect(world.calls(action)).toBe(calls);
    expect((await world.eips()).map(({ eipId, status: state }) => [eipId, state])).toEqual([[status?.eipID, 'BIND']]);
    expect(world.calls('AllocateAddresses')).toBe(bought);
    await next.stop();
  });
});

describe('an account whose client tokens are not honoured', { concurrent: true, timeout: 60_000 }, () => {
  const start = (): Promise<EipWorld> => eipWorld({ settings: { clientTokenAllowed: false } });

  it('buys no second EIP after a lost reply', async () => {
    await using world = await start();
    world.ipamd();
    await offers(world, nodeName(world, 0), '27');
    world.cloud.admin.dropReply({ action: 'AllocateAddresses' });
    await eipPod(world, 'web-0');
    const { status } = await boundClaim(world, 'web-0');
    expect((await world.eips()).map(({ eipId }) => eipId)).toEqual([status?.eipID]);
    expect(world.calls('AllocateAddresses')).toBe(1);
  });

  it.each([
    ['after a lost reply', true],
    ['after an answer', false],
  ])('buys no second EIP while describes do not show the first one yet, %s', async (_when, lost) => {
    await using world = await start();
    world.ipamd({ timings: { consistencyWindowMs: 3_000 } });
    await offers(world, nodeName(world, 0), '27');
    world.cloud.admin.hideNew({ ms: 1_000 });
    if (lost) world.cloud.admin.dropReply({ action: 'AllocateAddresses' });
    await eipPod(world, 'web-0');
    const { status } = await boundClaim(world, 'web-0');
    expect((await world.eips()).map(({ eipId }) => eipId)).toEqual([status?.eipID]);
    expect(world.calls('AllocateAddresses')).toBe(1);
  });

  it('releases what a lost purchase bought for a Pod that went meanwhile', async () => {
    await using world = await start();
    const first = world.ipamd();
    await offers(world, nodeName(world, 0), '27');
    world.cloud.onRequest(({ action }) => {
      if (action === 'AllocateAddresses') first.kill();
    });
    await world.client.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web-0', namespace: 'default', annotations: CREATE },
      spec: { nodeName: nodeName(world, 0), containers: [{ name: 'main', image: 'sample' }] },
    });
    await first.ended;
    await world.deletePod('web-0');
    expect(await world.eips()).toHaveLength(1);
    world.ipamd();
    await eipcs(world, (all) => all.length === 0, 'no claim left');
    expect(await world.eips()).toEqual([]);
  });
});
