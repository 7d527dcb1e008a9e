// Ipamd is interrupted at every call to the cloud in turn while Pods with addresses of their own come, move and go: the end is always the same.
import { describe, expect, it } from 'vitest';
import { annotations } from '../api/keys.ts';
import { interrupted, type Interruption, interruptions, type Scenario, undisturbed } from './testing/cloud-kills.ts';
import { boundOn, nodeName, offers } from './testing/shared-world.ts';
import {
  addressesOf,
  claims,
  NEVER,
  nothingHeld,
  ONE,
  SAME_ZONE,
  staticPod,
  staticWorld,
  vips,
} from './testing/static-world.ts';
import type { World } from './testing/world.ts';

const start = (options = {}): Promise<World> => staticWorld(options);
const NAMES = ['db-0', 'db-1'];

const joined = (world: World): Promise<void> => offers(world, nodeName(world, 0), '27');
const pods = (world: World, index: number, marks: Record<string, string>): Promise<unknown> =>
  Promise.all(NAMES.map((name) => staticPod(world, name, { index, marks })));
const gone = (world: World): Promise<unknown> => Promise.all(NAMES.map((name) => world.deletePod(name)));

/** Each Pod has one address that is on its node, and nothing else is held anywhere. */
async function served(world: World, index: number): Promise<void> {
  const addresses = await addressesOf(world, NAMES);
  const wanted = NAMES.map((name) => addresses.get(name) ?? '').toSorted();
  expect(new Set(wanted).size).toBe(NAMES.length);
  const bound = (all: Parameters<Parameters<typeof claims>[1]>[0]): boolean =>
    all.length === NAMES.length && all.every(({ status }) => status?.phase === 'Bound');
  await claims(world, bound, 'the claims bound');
  const all = await vips(
    world,
    (list) => list.length === NAMES.length && list.every(({ status }) => status?.phase === 'Assigned'),
    'one VpcIP each',
  );
  expect(all.map(({ metadata }) => metadata.name).toSorted()).toEqual(wanted);
  for (const [at] of world.nodeNames.entries())
    expect([at, boundOn(world, at).toSorted()]).toEqual([at, at === index ? wanted : []]);
}

/** Both addresses are kept, on no ENI. */
async function kept(world: World): Promise<void> {
  await claims(
    world,
    (all) => all.length === 2 && all.every(({ status }) => status?.phase === 'Unbound'),
    'claims kept',
  );
  await vips(
    world,
    (all) => all.length === 2 && all.every(({ status }) => status?.phase === 'Unassigned'),
    'VpcIPs kept',
  );
  expect(world.nodeNames.flatMap((_, index) => boundOn(world, index))).toEqual([]);
}

const ASSIGN = 'AssignPrivateIpAddresses';
const UNASSIGN = 'UnassignPrivateIpAddresses';

const scenarios: readonly (Scenario & { readonly calls: readonly string[] })[] = [
  {
    what: 'Pods come',
    options: ONE,
    before: joined,
    act: async (world) => void (await pods(world, 0, {})),
    after: (world) => served(world, 0),
    calls: [ASSIGN],
  },
  {
    what: 'Pods with nominated addresses come',
    options: ONE,
    before: joined,
    act: async (world) => {
      await staticPod(world, 'db-0', { marks: { [annotations.nominatedVpcIp]: '10.0.32.77' } });
      await staticPod(world, 'db-1', { marks: { [annotations.nominatedVpcIp]: '10.0.32.78' } });
    },
    after: async (world) => {
      await served(world, 0);
      expect(boundOn(world, 0).toSorted()).toEqual(['10.0.32.77', '10.0.32.78']);
    },
    calls: [ASSIGN],
  },
  {
    what: 'Pods go for good',
    options: ONE,
    before: async (world) => {
      await joined(world);
      await pods(world, 0, {});
      await served(world, 0);
    },
    act: async (world) => void (await gone(world)),
    after: nothingHeld,
    calls: [UNASSIGN],
  },
  {
    what: 'Pods go and their addresses are kept',
    options: ONE,
    before: async (world) => {
      await joined(world);
      await pods(world, 0, NEVER);
      await served(world, 0);
    },
    act: async (world) => void (await gone(world)),
    after: kept,
    calls: [UNASSIGN],
  },
  {
    what: 'Pods move to another node with their addresses',
    options: SAME_ZONE,
    before: async (world) => {
      await joined(world);
      await offers(world, nodeName(world, 2), '27');
      await pods(world, 0, NEVER);
      await served(world, 0);
    },
    act: async (world) => {
      await gone(world);
      await pods(world, 2, NEVER);
    },
    after: (world) => served(world, 2),
    calls: [ASSIGN, UNASSIGN],
  },
];

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

describe.each(scenarios)('when $what', { concurrent: true, timeout: 90_000 }, (scenario) => {
  const whole = { ...scenario, start };
  const recorded = once(() => undisturbed(whole));
  it.each(interruptions)('ipamd ends where it would have, %s', async (how: Interruption) => {
    const calls = await recorded();
    expect([...new Set(calls)].toSorted()).toEqual(scenario.calls.toSorted());
    for (let nth = 1; nth <= calls.length; nth += 1)
      expect([nth, await interrupted(whole, how, nth)]).toEqual([nth, expect.any(String)]);
  });
});
