// What holds whatever is called in whatever order, right or wrong, asked over HTTP as a client would ask.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { readSaved } from './saved/saved-text.ts';
import { type RandomStep, randomSteps } from './testing/random-steps.ts';
import { openWorld, type RandomWorld, smallQuotas, stateIn, SUB_ENIS } from './testing/random-world.ts';

/** Printed with the name of each test; the same one repeats a run, as far as its time goes. */
const seed = Date.now() % 2 ** 31;

const eniShape = z.object({
  NetworkInterfaceId: z.string(),
  VpcId: z.string(),
  SubnetId: z.string(),
  EniType: z.number(),
  GroupSet: z.array(z.string()),
  PrivateIpAddressSet: z.array(z.object({ PrivateIpAddress: z.string(), AddressId: z.string() })),
  Attachment: z.object({ InstanceId: z.string() }).nullable(),
});
const view = z.object({
  enis: z.array(eniShape),
  eips: z.array(
    z.object({
      AddressId: z.string(),
      AddressIp: z.string(),
      NetworkInterfaceId: z.string().nullable(),
      PrivateAddressIp: z.string().nullable(),
    }),
  ),
  subnets: z.array(
    z.object({
      SubnetId: z.string(),
      VpcId: z.string(),
      TotalIpAddressCount: z.number(),
      AvailableIpAddressCount: z.number(),
    }),
  ),
  groups: z.array(z.object({ SecurityGroupId: z.string() })),
  nats: z.array(z.object({ NatGatewayId: z.string(), VpcId: z.string() })),
});
type View = z.output<typeof view>;

async function look(world: RandomWorld): Promise<View> {
  const list = async (action: string, name: string): Promise<unknown> => {
    const { text } = await world.ask('vpc', action, { Limit: 100 });
    return (JSON.parse(text) as { readonly Response: Readonly<Record<string, unknown>> }).Response[name];
  };
  return view.parse({
    enis: await list('DescribeNetworkInterfaces', 'NetworkInterfaceSet'),
    eips: await list('DescribeAddresses', 'AddressSet'),
    subnets: await list('DescribeSubnets', 'SubnetSet'),
    groups: await list('DescribeSecurityGroups', 'SecurityGroupSet'),
    nats: await list('DescribeNatGateways', 'NatGatewaySet'),
  });
}

const repeated = (names: readonly string[]): string[] => names.filter((name, index) => names.indexOf(name) !== index);
const most = (names: readonly string[]): number =>
  Math.max(0, ...[...Map.groupBy(names, (name) => name).values()].map((same) => same.length));

function checkAddresses({ enis, eips, subnets }: View, drained: ReadonlyMap<string, number>): void {
  const places = enis.flatMap((eni) =>
    eni.PrivateIpAddressSet.map((address) => ({ ...address, eni, place: `${eni.VpcId}/${address.PrivateIpAddress}` })),
  );
  expect(repeated(places.map(({ place }) => place))).toEqual([]);
  const bound = eips.filter((eip) => eip.PrivateAddressIp !== null);
  expect(repeated(bound.map((eip) => `${eip.NetworkInterfaceId}/${eip.PrivateAddressIp}`))).toEqual([]);
  expect(repeated(eips.map((eip) => eip.AddressIp))).toEqual([]);
  // Both sides of a binding say the same.
  expect(
    places
      .filter(({ AddressId }) => AddressId !== '')
      .map(({ AddressId, PrivateIpAddress, eni }) => `${AddressId} ${eni.NetworkInterfaceId} ${PrivateIpAddress}`)
      .toSorted(),
  ).toEqual(bound.map((eip) => `${eip.AddressId} ${eip.NetworkInterfaceId} ${eip.PrivateAddressIp}`).toSorted());
  for (const { AvailableIpAddressCount, SubnetId, TotalIpAddressCount } of subnets) {
    const used = places.filter(({ eni }) => eni.SubnetId === SubnetId).length + (drained.get(SubnetId) ?? 0);
    expect(`${SubnetId} ${AvailableIpAddressCount}`).toBe(`${SubnetId} ${TotalIpAddressCount - used}`);
  }
}

function checkQuotas({ enis, eips, groups, nats, subnets }: View): void {
  const secondary = enis.filter((eni) => eni.EniType === 0);
  expect(eips.length).toBeLessThanOrEqual(smallQuotas.eipTotalQuota);
  expect(most(subnets.map((subnet) => subnet.VpcId))).toBeLessThanOrEqual(smallQuotas.subnetsPerVpc);
  expect(most(nats.map((nat) => nat.VpcId))).toBeLessThanOrEqual(smallQuotas.natsPerVpc);
  expect(most(secondary.map((eni) => eni.VpcId))).toBeLessThanOrEqual(smallQuotas.enisPerVpc);
  expect(enis.filter((eni) => eni.EniType === 2).length).toBeLessThanOrEqual(SUB_ENIS);
  // SA5.LARGE8: four ENIs with ten addresses each (facts, section 18).
  const attached = enis.flatMap((eni) => (eni.Attachment === null ? [] : [eni.Attachment.InstanceId]));
  expect(most(attached)).toBeLessThanOrEqual(4);
  for (const eni of enis) {
    expect(eni.PrivateIpAddressSet.length).toBeLessThanOrEqual(10);
    expect(eni.GroupSet.length).toBeLessThanOrEqual(5);
    const known = new Set(groups.map((group) => group.SecurityGroupId));
    expect(eni.GroupSet.filter((id) => !known.has(id))).toEqual([]);
  }
}

/** Version by group; a group that is gone stands still. */
async function checkVersions(world: RandomWorld, { groups }: View, before: Map<string, number>): Promise<void> {
  for (const { SecurityGroupId } of groups) {
    const { text } = await world.ask('vpc', 'DescribeSecurityGroupPolicies', { SecurityGroupId });
    const version = Number(/"Version":"(\d+)"/.exec(text)?.[1]);
    expect(version).toBeGreaterThanOrEqual(before.get(SecurityGroupId) ?? 0);
    before.set(SecurityGroupId, version);
  }
}

async function checkAll(world: RandomWorld, versions: Map<string, number>): Promise<void> {
  const seen = await look(world);
  // Reading it checks every reference.
  const { accounts } = readSaved(world.cloud.save(), 'saved');
  checkAddresses(seen, new Map(Object.entries(accounts[0].drained).map(([id, ips]) => [id, ips.length])));
  checkQuotas(seen);
  await checkVersions(world, seen, versions);
}

async function follow(world: RandomWorld, sequence: readonly RandomStep[]): Promise<void> {
  const versions = new Map<string, number>();
  for (const [index, step] of sequence.entries()) {
    const before = world.cloud.save();
    const answer = await world.perform(step);
    if (answer !== undefined && answer.code !== 'none') expect(stateIn(world.cloud.save())).toEqual(stateIn(before));
    else if (index % 4 === 0) await checkAll(world, versions);
  }
  await checkAll(world, versions);
}

const worldSeeds = fc.nat({ max: 1000 });

test(`addresses, counts, quotas and versions hold, and a failed call changes nothing (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(
      randomSteps({ minLength: 20, maxLength: 60, quiet: true }),
      worldSeeds,
      async (sequence, worldSeed) => {
        const world = await openWorld({ seed: worldSeed });
        try {
          await follow(world, sequence);
        } finally {
          await world.close();
        }
      },
    ),
    { numRuns: 60, seed, interruptAfterTimeLimit: 6000 },
  );
}, 60_000);

test(`two clouds with the same seed and the same calls answer the same bytes (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(randomSteps({ maxLength: 60 }), worldSeeds, async (sequence, worldSeed) => {
      const one = await openWorld({ seed: worldSeed });
      const other = await openWorld({ seed: worldSeed });
      try {
        for (const step of sequence) expect(await other.perform(step)).toEqual(await one.perform(step));
        expect(other.cloud.save()).toBe(one.cloud.save());
      } finally {
        await one.close();
        await other.close();
      }
    }),
    { numRuns: 20, seed, interruptAfterTimeLimit: 3000 },
  );
}, 60_000);
