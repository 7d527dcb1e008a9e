// Ipamd is interrupted at every call to the cloud in turn while nodes come, need more or fewer addresses, and go: the end is always the same.
import { describe, expect, it } from 'vitest';
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import { nodes } from '../kube/resources.ts';
import {
  actionOf,
  interrupted,
  type Interruption,
  interruptions,
  type Scenario,
  undisturbed,
} from './testing/cloud-kills.ts';
import {
  boundOn,
  cloudEnis,
  cloudShows,
  enisOf,
  listedIn,
  listedOn,
  mutations,
  nodeName,
  offers,
  running,
  sharedPod,
} from './testing/shared-world.ts';
import type { World } from './testing/world.ts';

const ONE_NODE = { instanceTypes: ['SA5.LARGE8'] };
const QUICK = { ...ONE_NODE, values: { 'vpcCni.routeEni.enableQuickRelease': 'true' } };
const SOON = { timings: { releaseRoundMs: 150 } };
/** With five to spare more than one ENI holds. */
const CROWD = 6;
const podNames = (count: number): string[] => Array.from({ length: count }, (_, index) => `pod-${index}`);

async function runPods(world: World, count: number): Promise<void> {
  await Promise.all(podNames(count).map((name) => sharedPod(world, name)));
  await running(world, podNames(count));
}

const endPods = (world: World, count: number): Promise<unknown> =>
  Promise.all(podNames(count).map((name) => world.deletePod(name)));

/** So many addresses on so many ENIs, each known to both sides, and nothing else in the cloud. */
async function settled(world: World, addresses: number, enis: number): Promise<void> {
  const name = nodeName(world, 0);
  await enisOf(
    world,
    name,
    (all) =>
      all.length === enis &&
      all.every((eni) => eni.status?.phase === 'Ready' && eni.status.pool?.release === undefined) &&
      listedIn(all).length === addresses,
    `${addresses} addresses on ${enis} ENIs`,
  );
  await cloudShows(
    world,
    (all) => all.length === enis && all.every((eni) => eni.instanceId === world.instanceIds[0]),
    `${enis} ENIs in the cloud, all of them attached`,
  );
  const all = await enisOf(world, name, () => true, 'the ENIs');
  expect(listedIn(all).toSorted()).toEqual(boundOn(world, 0).toSorted());
}

const joined = async (world: World): Promise<void> => {
  await offers(world, nodeName(world, 0), '27');
  await settled(world, 5, 1);
};

/** A node with two ENIs. */
const crowded = async (world: World): Promise<void> => {
  await joined(world);
  await runPods(world, CROWD);
  await settled(world, CROWD + 5, 2);
};

const scenarios: readonly (Scenario & {
  /** The kinds of calls it takes. */
  readonly calls: readonly string[];
  /** Addresses that the node has in the end; absent when it is gone. */
  readonly left?: number;
})[] = [
  {
    what: 'a node joins',
    options: ONE_NODE,
    after: joined,
    calls: ['CreateNetworkInterface', 'AttachNetworkInterface'],
    left: 5,
  },
  {
    what: 'a node joins, in an account whose client tokens are not honoured',
    options: { ...ONE_NODE, settings: { clientTokenAllowed: false } },
    after: joined,
    calls: ['CreateNetworkInterface', 'AttachNetworkInterface'],
    left: 5,
  },
  {
    what: 'more Pods come at once than one ENI can serve',
    options: ONE_NODE,
    before: joined,
    act: async (world) => {
      await Promise.all(podNames(CROWD).map((name) => sharedPod(world, name)));
    },
    after: async (world) => {
      const addresses = await running(world, podNames(CROWD));
      expect(new Set(addresses.values()).size).toBe(CROWD);
      await settled(world, CROWD + 5, 2);
    },
    calls: ['AssignPrivateIpAddresses', 'AttachNetworkInterface', 'CreateNetworkInterface'],
    left: CROWD + 5,
  },
  {
    what: 'Pods end and their addresses are given back',
    options: QUICK,
    tweaks: SOON,
    before: async (world) => {
      await joined(world);
      await runPods(world, 3);
      await settled(world, 8, 1);
    },
    act: async (world) => {
      await endPods(world, 3);
    },
    after: (world) => settled(world, 5, 1),
    calls: ['UnassignPrivateIpAddresses'],
    left: 5,
  },
  {
    what: 'an ENI is one too many',
    options: QUICK,
    tweaks: SOON,
    before: crowded,
    act: async (world) => {
      await endPods(world, CROWD);
      const spec = { maxRouteENI: 1 };
      await world.client.patch(nodeEniConfigs, nodeName(world, 0), { type: 'merge', body: { spec } });
    },
    after: (world) => settled(world, 5, 1),
    calls: ['DeleteNetworkInterface', 'DetachNetworkInterface', 'UnassignPrivateIpAddresses'],
    left: 5,
  },
  {
    what: 'a node goes',
    options: ONE_NODE,
    before: crowded,
    act: async (world) => {
      await world.client.delete(nodes, nodeName(world, 0));
      await endPods(world, CROWD);
    },
    after: async (world) => {
      await enisOf(world, nodeName(world, 0), (enis) => enis.length === 0, 'no VpcENI left');
      expect(cloudEnis(world)).toEqual([]);
    },
    calls: ['DeleteNetworkInterface', 'DetachNetworkInterface'],
  },
];

/** An ipamd that finds the node of `addresses` addresses as it should be makes one call for one more Pod, and no other. */
async function leavesAlone(world: World, tweaks: Scenario['tweaks'], addresses: number): Promise<void> {
  const before = mutations(world).length;
  const calls: string[] = [];
  const next = world.ipamd({
    ...tweaks,
    beforeWrite: (what) => {
      const action = actionOf(what);
      if (action !== undefined) calls.push(action);
    },
  });
  await sharedPod(world, 'one-more');
  await listedOn(world, nodeName(world, 0), addresses + 1);
  await next.stop();
  expect([calls, mutations(world).slice(before)]).toEqual([['AssignPrivateIpAddresses'], ['AssignPrivateIpAddresses']]);
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

describe.each(scenarios)('when $what', { concurrent: true, timeout: 90_000 }, (scenario) => {
  const recorded = once(() => undisturbed(scenario));
  it.each(interruptions)('ipamd ends where it would have, %s', async (how: Interruption) => {
    const calls = await recorded();
    expect([...new Set(calls)].toSorted()).toEqual(scenario.calls.toSorted());
    for (let nth = 1; nth <= calls.length; nth += 1) {
      // Once is enough for what comes afterwards.
      const { left } = nth === calls.length ? scenario : {};
      const then = (world: World) =>
        left === undefined ? Promise.resolve() : leavesAlone(world, scenario.tweaks, left);
      expect([nth, await interrupted(scenario, how, nth, then)]).toEqual([nth, expect.any(String)]);
    }
  });
});
