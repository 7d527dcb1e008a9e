// Ipamd is interrupted at every call that changes a node's security groups: the groups end as they should, and nothing else is called afterwards.
import { describe, expect, it } from 'vitest';
import type { PolicyFlags } from './policy-flags.ts';
import { interrupted, type Interruption, interruptions, type Scenario, undisturbed } from './testing/cloud-kills.ts';
import { first, nodeGroup, nodeGroupsWorld, type NodeGroupsWorld, second } from './testing/node-groups.ts';

const flags: Partial<PolicyFlags> = { enableSecurityGroups: true, securityGroups: [first, second] };

async function inStep(world: NodeGroupsWorld, groups: readonly string[]): Promise<void> {
  await world.untilBound(groups);
  const reason = groups.length === 0 ? 'Disabled' : 'InStep';
  await world.untilCondition((condition) => condition.reason === reason, 'in step');
}

const scenarios: readonly Scenario<NodeGroupsWorld>[] = [
  {
    what: 'the list is edited',
    start: nodeGroupsWorld,
    tweaks: { flags },
    before: (world) => inStep(world, [first, second]),
    act: (world) => world.editNec([nodeGroup, first]),
    after: (world) => inStep(world, [nodeGroup, first]),
  },
  {
    what: 'the list is edited and replaced in place',
    start: nodeGroupsWorld,
    tweaks: { flags: { ...flags, replaceSecurityGroupsInPlace: true } },
    before: (world) => inStep(world, [first, second]),
    act: (world) => world.editNec([nodeGroup, first]),
    after: (world) => inStep(world, [nodeGroup, first]),
  },
  {
    what: 'management is switched off',
    start: nodeGroupsWorld,
    tweaks: { flags },
    before: (world) => inStep(world, [first, second]),
    act: (world) => world.annotate('yes'),
    after: (world) => inStep(world, []),
  },
  {
    what: 'management is switched on again',
    start: nodeGroupsWorld,
    tweaks: { flags },
    before: async (world) => {
      await inStep(world, [first, second]);
      await world.annotate('yes');
      await inStep(world, []);
    },
    act: (world) => world.annotate('no'),
    after: (world) => inStep(world, [first, second]),
  },
];

/** An ipamd that starts once more looks at everything, and changes no group. */
async function leavesAlone(world: NodeGroupsWorld, tweaks: Scenario['tweaks']): Promise<void> {
  const before = world.changes();
  const next = world.ipamd(tweaks);
  await world.listings(2);
  await next.stop();
  expect(world.changes()).toBe(before);
}

describe.each(scenarios)('when $what', { concurrent: true, timeout: 240_000 }, (scenario) => {
  it('ipamd ends where it would have, whichever call is interrupted, and however', async () => {
    const calls = await undisturbed(scenario);
    expect(calls.length).toBeGreaterThan(0);
    const then = (world: NodeGroupsWorld) => leavesAlone(world, scenario.tweaks);
    const tried: [Interruption, number, string | undefined][] = [];
    for (const how of interruptions)
      for (let nth = 1; nth <= calls.length; nth += 1)
        tried.push([how, nth, await interrupted(scenario, how, nth, then)]);
    expect(tried.filter(([, , action]) => action === undefined)).toEqual([]);
  });
});
