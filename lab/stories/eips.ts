// EIPs as the cloud and the API show them, and the things around them that a person makes by hand: EIPs, a NAT gateway, routes.
import { z } from 'zod';
import { type EipClaim, eipClaims } from '../../src/api/eip-claim.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { Pod } from '../../src/kube/resources.ts';
import { INTERNET_HOST, INTERNET_NETNS } from '../fabric/internet.ts';
import { VPC } from '../layout.ts';
import type { Lab } from '../lab.ts';
import type { LabNode } from '../nodes.ts';
import { waitForObjects } from '../wait.ts';

const addressSet = z.object({
  AddressSet: z.array(
    z.object({
      AddressId: z.string(),
      AddressIp: z.string(),
      AddressStatus: z.string(),
      PrivateAddressIp: z.string().nullish(),
      InternetServiceProvider: z.string(),
      Bandwidth: z.number().nullish(),
      TagSet: z.array(z.object({ Key: z.string(), Value: z.string() })).nullish(),
    }),
  ),
});
export type CloudEip = z.infer<typeof addressSet>['AddressSet'][number];

const LOOK_AGAIN_MS = 200;
const PATIENCE_MS = 60_000;

/** The cloud tells nobody when a task is done: it is asked again until `done`. Throws `complaint` after a minute. */
export async function untilCloud(done: () => Promise<boolean>, complaint: () => string): Promise<void> {
  const limit = AbortSignal.timeout(PATIENCE_MS);
  while (!(await done())) {
    if (limit.aborted) throw new Error(complaint());
    await systemClock.sleep(LOOK_AGAIN_MS);
  }
}

/** All EIPs of the account. */
export async function cloudEips(lab: Lab): Promise<readonly CloudEip[]> {
  return addressSet.parse(await lab.cloud.call('vpc', 'DescribeAddresses', { Limit: 100 })).AddressSet;
}

/** Waits until `done` holds for the EIP, which may be absent; answers it. */
export async function cloudEip(
  lab: Lab,
  addressId: string,
  what: string,
  done: (eip: CloudEip | undefined) => boolean,
): Promise<CloudEip | undefined> {
  let found: CloudEip | undefined;
  await untilCloud(
    async () => {
      found = (await cloudEips(lab)).find(({ AddressId }) => AddressId === addressId);
      return done(found);
    },
    () => `${addressId} is not ${what}: ${JSON.stringify(found ?? 'no such EIP')}`,
  );
  return found;
}

/** Bought by hand; free to be bound. */
export async function buyEip(lab: Lab): Promise<CloudEip> {
  const bought = z.object({ AddressSet: z.array(z.string()) });
  const [id = ''] = bought.parse(await lab.cloud.call('vpc', 'AllocateAddresses', { AddressCount: 1 })).AddressSet;
  const eip = await cloudEip(lab, id, 'free', (found) => found?.AddressStatus === 'UNBIND');
  if (eip === undefined) throw new Error(`${id} is gone`);
  return eip;
}

/** On the primary address of the node's primary ENI, by hand. */
export async function bindToNode(lab: Lab, { AddressId }: CloudEip, { instanceId }: LabNode): Promise<void> {
  await lab.cloud.call('vpc', 'AssociateAddress', { AddressId, InstanceId: instanceId });
  await cloudEip(lab, AddressId, 'bound', (found) => found?.AddressStatus === 'BIND');
}

/** A NAT gateway with this EIP, up, and the default route of the VPC's default table to it. */
export async function routeToNat(lab: Lab, { AddressIp }: CloudEip): Promise<{ readonly natGatewayId: string }> {
  const gateways = z.object({ NatGatewaySet: z.array(z.object({ NatGatewayId: z.string(), State: z.string() })) });
  const wish = { NatGatewayName: 'nat', VpcId: VPC.vpcId, PublicIpAddresses: [AddressIp] };
  const made = gateways.parse(await lab.cloud.call('vpc', 'CreateNatGateway', wish)).NatGatewaySet[0];
  const natGatewayId = made?.NatGatewayId ?? '';
  await untilCloud(
    async () => {
      const asked = await lab.cloud.call('vpc', 'DescribeNatGateways', { NatGatewayIds: [natGatewayId] });
      return gateways.parse(asked).NatGatewaySet[0]?.State === 'AVAILABLE';
    },
    () => `${natGatewayId} is not up`,
  );
  await addRoute(lab, 'NAT', natGatewayId);
  return { natGatewayId };
}

/** To everywhere, in the VPC's default table, which the Pods' subnets use. */
export async function addRoute(lab: Lab, GatewayType: 'NAT' | 'EIP', GatewayId: string): Promise<void> {
  const RouteTableId = await defaultTable(lab);
  const Routes = [{ DestinationCidrBlock: '0.0.0.0/0', GatewayType, GatewayId }];
  await lab.cloud.call('vpc', 'CreateRoutes', { RouteTableId, Routes });
}

/** All routes of the default table but the one within the VPC. */
export async function removeRoutes(lab: Lab): Promise<void> {
  const RouteTableId = await defaultTable(lab);
  const tables = z.object({
    RouteTableSet: z.array(z.object({ RouteSet: z.array(z.object({ RouteId: z.number() })) })),
  });
  const asked = await lab.cloud.call('vpc', 'DescribeRouteTables', { RouteTableIds: [RouteTableId] });
  const own = tables
    .parse(asked)
    .RouteTableSet.flatMap(({ RouteSet }) => RouteSet.filter(({ RouteId }) => RouteId > 0));
  await lab.cloud.call('vpc', 'DeleteRoutes', { RouteTableId, Routes: own.map(({ RouteId }) => ({ RouteId })) });
}

async function defaultTable(lab: Lab): Promise<string> {
  const tables = z.object({ RouteTableSet: z.array(z.object({ RouteTableId: z.string(), Main: z.boolean() })) });
  const Filters = [{ Name: 'vpc-id', Values: [VPC.vpcId] }];
  const { RouteTableSet } = tables.parse(await lab.cloud.call('vpc', 'DescribeRouteTables', { Filters }));
  const found = RouteTableSet.find(({ Main }) => Main);
  if (found === undefined) throw new Error(`${VPC.vpcId} has no default route table`);
  return found.RouteTableId;
}

/** Waits until `done` holds for the claim, which may be absent; answers it. */
export async function eipClaimOf(
  lab: Lab,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  what: string,
  done: (claim: EipClaim | undefined) => boolean,
): Promise<EipClaim | undefined> {
  const own = (all: readonly EipClaim[]): EipClaim | undefined => all.find((claim) => claim.metadata.name === name);
  const seen = await waitForObjects(lab.client, eipClaims, (all) => done(own(all)), {
    namespace,
    what: `EIPClaim ${namespace}/${name} ${what}`,
    describe: (all) => JSON.stringify(own(all)?.status ?? 'no claim'),
  });
  return own(seen);
}

const CURL = [
  'curl',
  '--silent',
  '--show-error',
  '--noproxy',
  '*',
  '--connect-timeout',
  '2',
  '--max-time',
  '5',
] as const;

/** The source address that the host in the internet saw, or how curl failed. */
export async function seenOutside(lab: Lab, from: Pod): Promise<string> {
  const { code, stdout, stderr } = await lab.exec(from, [...CURL, `http://${INTERNET_HOST}/`]);
  return code === 0 ? stdout.trim() : `curl exits ${code}: ${stderr.trim()}`;
}

/** What somebody in the internet gets from a public address, or how curl failed. */
export async function fetchedFromOutside(lab: Lab, publicIp: string): Promise<string> {
  const { code, stdout, stderr } = await lab.host.exec([...CURL, `http://${publicIp}/`], { netns: INTERNET_NETNS });
  return code === 0 ? stdout.trim() : `curl exits ${code}: ${stderr.trim()}`;
}
