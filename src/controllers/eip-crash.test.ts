// Ipamd is interrupted at every call about EIPs in turn: none is bought twice, none released that a claim holds, none left that nobody owns.
import { describe, expect, it } from 'vitest';
import { annotations } from '../api/keys.ts';
import { pods as podResource } from '../kube/resources.ts';
import { interrupted, type Interruption, interruptions, type Scenario, undisturbed } from './testing/cloud-kills.ts';
import { eipcs, eipPod, type EipWorld, eipWorld, KEEP, shownOn } from './testing/eip-world.ts';
import { offers, nodeName, running } from './testing/shared-world.ts';

const start = (options = {}): Promise<EipWorld> => eipWorld(options);
const NAMES = ['web-0'];
const joined = (world: EipWorld): Promise<void> => offers(world, nodeName(world, 0), '27');
const pods = (world: EipWorld, marks?: Record<string, string>): Promise<unknown> =>
  Promise.all(NAMES.map((name) => eipPod(world, name, marks === undefined ? {} : { marks })));
const gone = (world: EipWorld): Promise<unknown> => Promise.all(NAMES.map((name) => world.deletePod(name)));

/** Each Pod has the EIP of its claim on its address and shows it, and the account has no other. */
async function served(world: EipWorld, bought = NAMES.length): Promise<void> {
  const addresses = await running(world, NAMES);
  const { items } = await world.client.list(podResource, { namespace: 'default' });
  const uids = new Map(items.map(({ metadata }) => [metadata.name, metadata.uid]));
  const claims = await eipcs(
    world,
    (all) =>
      all.length === NAMES.length &&
      all.every(({ metadata: { name }, status }) => status?.phase === 'Bound' && status.boundPodUID === uids.get(name)),
    'bound for these Pods',
  );
  const wanted = claims.map(({ metadata, status }) => `${status?.eipID} ${addresses.get(metadata.name)}`).toSorted();
  const found = (await world.eips()).map(({ eipId, binding }) => `${eipId} ${binding?.privateIp}`).toSorted();
  expect(found).toEqual(wanted);
  for (const { metadata, status } of claims) expect(await shownOn(world, metadata.name)).toBe(status?.publicIP);
  expect((await world.console.describeEipQuotas()).daily?.used).toBe(bought);
}

async function kept(world: EipWorld): Promise<void> {
  const claims = await eipcs(
    world,
    (all) => all.length === NAMES.length && all.every(({ status }) => status?.phase === 'Unbound'),
    'kept',
  );
  const found = await world.eips();
  expect(found.map(({ eipId }) => eipId).toSorted()).toEqual(
    claims.map(({ status }) => status?.eipID ?? '').toSorted(),
  );
  expect(found.map(({ status }) => status)).toEqual(NAMES.map(() => 'UNBIND'));
}

const [ALLOCATE, ASSOCIATE, DISASSOCIATE, RELEASE] = [
  'AllocateAddresses',
  'AssociateAddress',
  'DisassociateAddress',
  'ReleaseAddresses',
];

const scenarios: readonly (Scenario<EipWorld> & { readonly calls: readonly string[] })[] = [
  {
    what: 'a Pod comes',
    before: joined,
    act: async (world) => void (await pods(world)),
    after: served,
    calls: [ALLOCATE, ASSOCIATE],
  },
  {
    what: 'a Pod goes and its EIP is kept',
    before: async (world) => {
      await joined(world);
      await pods(world, KEEP);
      await served(world);
    },
    act: async (world) => void (await gone(world)),
    after: kept,
    calls: [DISASSOCIATE],
  },
  {
    what: 'a Pod of the same name is there at once, and its EIP was kept',
    before: async (world) => {
      await joined(world);
      await pods(world, KEEP);
      await served(world);
    },
    act: async (world) => {
      await gone(world);
      await pods(world, KEEP);
    },
    after: served,
    calls: [DISASSOCIATE, ASSOCIATE],
  },
  {
    what: 'a Pod of the same name is there at once, and its EIP was not kept',
    before: async (world) => {
      await joined(world);
      await pods(world);
      await served(world);
    },
    act: async (world) => {
      await gone(world);
      await pods(world);
    },
    after: (world) => served(world, 2 * NAMES.length),
    calls: [DISASSOCIATE, RELEASE, ALLOCATE, ASSOCIATE],
  },
  {
    what: 'a Pod goes and its EIP was designated',
    before: async (world) => {
      await joined(world);
      const ids = await world.buy(NAMES.length);
      await pods(world, { [annotations.eipIdList]: ids.join(',') });
      await served(world);
    },
    act: async (world) => void (await gone(world)),
    after: async (world) => {
      await eipcs(world, (all) => all.length === 0, 'no claim left');
      expect((await world.eips()).map(({ status }) => status)).toEqual(NAMES.map(() => 'UNBIND'));
    },
    calls: [DISASSOCIATE],
  },
];

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

describe.each(scenarios)('when $what', { concurrent: true, timeout: 120_000 }, (scenario) => {
  // Calls about addresses of nodes come in any order beside them.
  const whole = { ...scenario, start, only: /Address$|^(Allocate|Release)Addresses$/ };
  const recorded = once(() => undisturbed(whole));
  it.each(interruptions)('ipamd ends where it would have, %s', async (how: Interruption) => {
    const calls = await recorded();
    expect([...new Set(calls)].toSorted()).toEqual(scenario.calls.toSorted());
    for (const nth of scenario.calls.keys())
      expect([nth, await interrupted(whole, how, nth + 1)]).toEqual([nth, expect.any(String)]);
  });
});
