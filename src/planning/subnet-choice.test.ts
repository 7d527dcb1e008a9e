// Choice of a subnet: in the zone, most free addresses, dry ones rest alone.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Subnet } from '../cloud/vpc-cloud.ts';
import { chooseSubnet, subnetOf } from './subnet-choice.ts';

const subnet = (subnetId: string, zone: string, availableIpCount: number): Subnet => ({
  subnetId,
  vpcId: 'vpc-12345678',
  zone,
  cidr: '10.0.0.0/24',
  availableIpCount,
});
const none = new Set<string>();

describe('chooseSubnet', () => {
  it('takes the one in the zone with most free addresses', () => {
    const subnets = [subnet('a', 'z1', 5), subnet('b', 'z1', 9), subnet('c', 'z2', 99)];
    expect(chooseSubnet(subnets, 'z1', none)).toMatchObject({ subnet: { subnetId: 'b' } });
  });

  it('goes by id when two have as many', () => {
    expect(chooseSubnet([subnet('b', 'z', 5), subnet('a', 'z', 5)], 'z', none)).toMatchObject({
      subnet: { subnetId: 'a' },
    });
  });

  it('leaves a resting subnet alone and goes on with the others', () => {
    const subnets = [subnet('a', 'z', 5), subnet('b', 'z', 9)];
    expect(chooseSubnet(subnets, 'z', new Set(['b']))).toMatchObject({ subnet: { subnetId: 'a' } });
  });

  it('names the zone when no container subnet is in it', () => {
    expect(chooseSubnet([subnet('a', 'z1', 5)], 'z2', none)).toMatchObject({
      kind: 'none',
      reason: expect.stringContaining('z2'),
    });
  });

  it('says that there is no free address when all of the zone are dry', () => {
    expect(chooseSubnet([subnet('a', 'z', 0), subnet('b', 'z', 3)], 'z', new Set(['b']))).toMatchObject({
      kind: 'none',
      reason: expect.stringContaining('no free address'),
    });
  });

  it('does not depend on the order of the list', () => {
    const subnetArb = fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 5 }));
    fc.assert(
      fc.property(fc.uniqueArray(subnetArb, { selector: ([id]) => id, maxLength: 8 }), (pairs) => {
        const subnets = pairs.map(([id, free]) => subnet(`subnet-${id}`, 'z', free));
        expect(chooseSubnet(subnets.toReversed(), 'z', none).kind).toBe(chooseSubnet(subnets, 'z', none).kind);
        const [one, other] = [chooseSubnet(subnets, 'z', none), chooseSubnet(subnets.toReversed(), 'z', none)];
        if (one.kind === 'subnet' && other.kind === 'subnet') expect(one.subnet).toEqual(other.subnet);
      }),
    );
  });
});

describe('subnetOf', () => {
  const subnets = [
    { ...subnet('a', 'z1', 0), cidr: '10.0.32.0/22' },
    { ...subnet('b', 'z2', 9), cidr: '10.0.36.0/22' },
  ];

  it.each([
    ['10.0.33.7', 'a'],
    ['10.0.36.7', 'b'],
  ])('finds the subnet of %s, whatever its zone and however full it is', (address, subnetId) => {
    expect(subnetOf(address, subnets)).toMatchObject({ subnet: { subnetId } });
  });

  it('names the subnets when none has the address', () => {
    expect(subnetOf('10.9.0.1', subnets)).toEqual({
      kind: 'none',
      reason: 'address 10.9.0.1 is in none of the container subnets (a 10.0.32.0/22, b 10.0.36.0/22)',
    });
  });
});
