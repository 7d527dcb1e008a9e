// Ipamd is killed at every one of its writes in turn while a node's groups change; its successor ends where it would have, whatever was done.
import { describe, expect, it } from 'vitest';
import { first, nodeGroup, nodeGroupsWorld, type NodeGroupsWorld, second } from './testing/node-groups.ts';

const flags = { enableSecurityGroups: true, securityGroups: [first, second] };

/** What a person does, and what must be bound in the end. */
const changes: readonly {
  readonly what: string;
  readonly from: (world: NodeGroupsWorld) => Promise<void>;
  readonly act: (world: NodeGroupsWorld) => Promise<void>;
  readonly start: readonly string[];
  readonly wanted: readonly string[];
}[] = [
  {
    what: 'an edit that needs a new order',
    from: (world) => world.editNec([first, second, nodeGroup]),
    start: [first, second, nodeGroup],
    act: (world) => world.editNec([nodeGroup, first]),
    wanted: [nodeGroup, first],
  },
  {
    what: 'yes',
    from: (world) => world.annotate('no'),
    start: [first, second],
    act: (world) => world.annotate('yes'),
    wanted: [],
  },
  {
    what: 'no after yes',
    from: (world) => world.annotate('yes'),
    start: [],
    act: (world) => world.annotate('no'),
    wanted: [first, second],
  },
];

/** Brings the world to `start`, kills at the n-th write after `act`, and lets another ipamd finish. False when there was no n-th write. */
async function killedAt(
  world: NodeGroupsWorld,
  { from, act, start, wanted }: (typeof changes)[number],
  side: 'beforeWrite' | 'afterWrite',
  nth: number,
): Promise<boolean> {
  const before = world.ipamd({ flags });
  await from(world);
  await world.untilBound(start);
  await world.untilCondition(({ reason }) => reason === (start.length === 0 ? 'Disabled' : 'InStep'), 'in step');
  await before.stop();
  await act(world);
  const killed = Promise.withResolvers<true>();
  let seen = 0;
  const doomed = world.ipamd({
    flags,
    [side]: () => {
      seen += 1;
      if (seen !== nth) return;
      doomed.kill();
      killed.resolve(true);
    },
  });
  const finished = async (): Promise<false> => {
    await world.untilBound(wanted);
    const reason = wanted.length === 0 ? 'Disabled' : 'InStep';
    await world.untilCondition((condition) => condition.reason === reason, 'in step');
    return false;
  };
  const died = await Promise.race([killed.promise, finished()]);
  if (died) await doomed.ended;
  else await doomed.stop();
  const successor = world.ipamd({ flags });
  await finished();
  await successor.stop();
  return died;
}

describe.concurrent.each(changes)('ipamd that is killed during $what', (change) => {
  it.each(['beforeWrite', 'afterWrite'] as const)('at each of its writes, %s', { timeout: 240_000 }, async (side) => {
    await using world = await nodeGroupsWorld();
    const opening = world.ipamd({ flags });
    await world.untilBound([first, second]);
    await opening.stop();
    let nth = 1;
    while (await killedAt(world, change, side, nth)) nth += 1;
    // The list of the nec or of the ENI, its status, the call, the status again.
    expect(nth).toBeGreaterThan(3);
  });
});
