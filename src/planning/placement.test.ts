// Which nodes can give a Pod its address, in which words the others are refused, and that no order of bindings gives out more than there is.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { PlacementDemand, PlacementNode, PlacementSubnet } from './placement.ts';
import { candidateSubnets, judgeNode, placementPoints } from './placement.ts';
import { createPlacementWorld } from './placement-world.ts';

const node = (given: Partial<PlacementNode> = {}): PlacementNode => ({
  name: 'n1',
  zone: 'zone-a',
  quota: 18,
  maxENI: 2,
  maxIPPerENI: 9,
  enis: [{ subnetId: 'subnet-a', addresses: 3 }],
  subnetIds: ['subnet-a', 'subnet-a2', 'subnet-b'],
  waiting: 0,
  ...given,
});
const SUBNETS: readonly PlacementSubnet[] = [
  { subnetId: 'subnet-a', zone: 'zone-a', free: 5 },
  { subnetId: 'subnet-a2', zone: 'zone-a', free: 5 },
  { subnetId: 'subnet-b', zone: 'zone-b', free: 5 },
];
const world = (nodes: readonly PlacementNode[], subnets = SUBNETS) => createPlacementWorld(nodes, subnets);
const judge = (demand: PlacementDemand, given: PlacementNode, subnets = SUBNETS) =>
  judgeNode(demand, given, world([given], subnets));
const ANY: PlacementDemand = { kind: 'any' };
const address = (subnetId: string, kept = true): PlacementDemand => ({
  kind: 'address',
  ip: '10.0.0.9',
  subnetId,
  kept,
});

describe('a Pod without an address of its own', () => {
  it('fits where an ENI has room and its subnet a free address', () => {
    expect(judge(ANY, node())).toMatchObject({ fits: true, prepared: true });
  });

  it('fits where an ENI can still be made, which itself takes an address of the subnet', () => {
    const empty = node({ enis: [], subnetIds: ['subnet-a'] });
    const withFree = (free: number) => [{ subnetId: 'subnet-a', zone: 'zone-a', free }];
    expect(judge(ANY, empty, withFree(2))).toMatchObject({ fits: true, prepared: false, free: 1 });
    expect(judge(ANY, empty, withFree(1))).toEqual({ fits: false, reason: '[ip-scheduler] InsufficientIPOrENI' });
  });

  it('fits nowhere once the quota is used up, by those too that only wait', () => {
    const full = node({ quota: 9, maxENI: 1, enis: [{ subnetId: 'subnet-a', addresses: 4 }], waiting: 5 });
    expect(judge(ANY, full)).toEqual({ fits: false, reason: '[ip-scheduler] InsufficientIPOrENI' });
  });

  it('takes an address only of the subnets it names', () => {
    const named = (...subnetIds: string[]): PlacementDemand => ({ kind: 'any', subnetIds });
    expect(judge(named('subnet-a2'), node())).toMatchObject({ fits: true, prepared: false });
    expect(judge(named('subnet-b'), node())).toEqual({
      fits: false,
      reason: "[ip-scheduler] none of the Pod's subnets subnet-b is in the node's zone",
    });
    expect(judge(named('subnet-a2'), node({ maxENI: 1, quota: 9 }))).toEqual({
      fits: false,
      reason: '[ip-scheduler] ENILimitExceed',
    });
  });
});

describe('a Pod that keeps an address', () => {
  it('fits only nodes of the zone of its subnet, and is told which that is', () => {
    expect(judge(address('subnet-a'), node())).toMatchObject({ fits: true });
    expect(judge(address('subnet-b'), node())).toEqual({
      fits: false,
      reason: "[ip-scheduler] the Pod's address 10.0.0.9 is of subnet subnet-b in zone zone-b",
    });
  });

  it('needs no free address beside its own, which a Pod that only wishes for one does', () => {
    const dry = [{ subnetId: 'subnet-a', zone: 'zone-a', free: 0 }];
    expect(judge(address('subnet-a'), node(), dry)).toMatchObject({ fits: true });
    expect(judge(address('subnet-a', false), node(), dry)).toMatchObject({ fits: false });
  });

  it('prefers a node that has an ENI in its subnet to one that has to make it', () => {
    const [ready, other] = [node(), node({ name: 'n2', enis: [{ subnetId: 'subnet-a2', addresses: 0 }] })];
    const points = (each: PlacementNode) => placementPoints(judge(address('subnet-a'), each), each);
    expect(points(ready)).toBeGreaterThan(points(other));
    expect(points(other)).toBeLessThanOrEqual(10);
  });
});

it('however Pods come, those let in can all have an address at the same time', () => {
  const subnetIds = ['s0', 's1', 's2'];
  const shape = fc.record({
    free: fc.array(fc.nat(4), { minLength: 3, maxLength: 3 }),
    nodes: fc.array(
      fc.record({
        enis: fc.array(fc.record({ subnetId: fc.constantFrom(...subnetIds), addresses: fc.nat(2) }), { maxLength: 2 }),
        subnetIds: fc.uniqueArray(fc.constantFrom(...subnetIds), { minLength: 1 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    comes: fc.array(fc.nat(2), { maxLength: 20 }),
  });
  fc.assert(
    fc.property(shape, ({ free, nodes: given, comes }) => {
      const subnets = subnetIds.map((subnetId, index) => ({ subnetId, zone: 'z', free: free[index] ?? 0 }));
      let nodes = given.map((each, index) =>
        node({ name: `n${index}`, zone: 'z', maxENI: 2, maxIPPerENI: 2, quota: 4, ...each }),
      );
      const letIn: PlacementNode[] = [];
      for (const which of comes) {
        const target = nodes[which];
        if (target === undefined || !judgeNode(ANY, target, world(nodes, subnets)).fits) continue;
        letIn.push(target);
        nodes = nodes.map((each) => (each === target ? { ...each, waiting: each.waiting + 1 } : each));
      }
      // Each takes what is ready first, and makes an ENI otherwise; there must always be an address left for it.
      expect(
        serveAll(
          letIn.map(({ name }) => name),
          given.map((each, index) => ({ ...node(), ...each, name: `n${index}`, zone: 'z', maxENI: 2, maxIPPerENI: 2 })),
          subnets,
        ),
      ).toBe(true);
    }),
  );
});

/** Whether there is a way to serve these Pods, by trying all. */
function serveAll(
  pods: readonly string[],
  nodes: readonly PlacementNode[],
  subnets: readonly PlacementSubnet[],
): boolean {
  const [name, ...rest] = pods;
  if (name === undefined) return true;
  const at = nodes.find((each) => each.name === name);
  if (at === undefined) return false;
  const { ready, creatable } = candidateSubnets(at, { get: (id) => subnets.find((each) => each.subnetId === id) });
  const take = (subnetId: string, count: number) =>
    subnets.map((each) => (each.subnetId === subnetId ? { ...each, free: each.free - count } : each));
  const freeOf = (id: string) => subnets.find((each) => each.subnetId === id)?.free ?? 0;
  const withEnis = (enis: PlacementNode['enis']) => nodes.map((each) => (each === at ? { ...each, enis } : each));
  return (
    ready.some((id) => {
      if (freeOf(id) < 1) return false;
      const eni = at.enis.find((each) => each.subnetId === id && each.addresses < at.maxIPPerENI);
      const enis = at.enis.map((each) => (each === eni ? { ...each, addresses: each.addresses + 1 } : each));
      return serveAll(rest, withEnis(enis), take(id, 1));
    }) ||
    creatable.some(
      (id) => freeOf(id) >= 2 && serveAll(rest, withEnis([...at.enis, { subnetId: id, addresses: 1 }]), take(id, 2)),
    )
  );
}
