// Document 003's drill towards the internet: an EIP that SNAT bypasses, and one before which a NAT gateway is preferred (document 004).
import { z } from 'zod';
import { systemClock } from '../../src/base/clock.ts';
import type { CauseCode } from '../../src/diagnose/trace/trace.ts';
import { INTERNET_HOST } from '../fabric/internet.ts';
import { VPC } from '../layout.ts';
import type { Lab } from '../lab.ts';
import type { Desk } from './pod-to-pod-timeout-desk.ts';
import { bothPods, type Nodes } from './pod-to-pod-timeout-parts.ts';
import type { StoryContext } from './story.ts';
import { execIn } from './super-node-pods.ts';

const A = 'deploy/nginx-deployment';
const LOOK_AGAIN_MS = 200;
const LONGEST_MS = 60_000;

export async function edgeCauses(context: StoryContext, desk: Desk, { a }: Nodes): Promise<void> {
  const { lab } = context;
  const pod = (await bothPods(context)).a;
  const own = await buyEip(lab);
  const node = await buyEip(lab);
  await bindEip(lab, own.id, `${pod.status?.podIP}`);
  await bindEip(lab, node.id, a.name);
  await otherAddress(context, desk, {
    title: 'SNAT gives what A sends the address of its node, past its EIP',
    breakIt: () => Promise.resolve(),
    wrong: node.ip,
    right: own.ip,
    cause: 'EipBypassedBySnat',
  });
  const gateway = await buyEip(lab);
  await otherAddress(context, desk, {
    title: "the route table of A's subnet prefers a NAT gateway to its EIP",
    breakIt: () => routeToNat(lab, gateway.ip),
    wrong: gateway.ip,
    right: own.ip,
    cause: 'NatGatewayPreferred',
  });
}

interface OtherAddress {
  readonly title: string;
  readonly breakIt: () => Promise<void>;
  /** What the host outside sees, before and after. */
  readonly wrong: string;
  readonly right: string;
  readonly cause: CauseCode;
}

/** It is delivered all the while, but with another address than was meant. */
async function otherAddress(context: StoryContext, desk: Desk, way: OtherAddress): Promise<void> {
  const { step, expect } = context;
  const to = `${INTERNET_HOST}:80`;
  const { found } = await step(`${way.title}: trunkline trace ${A} ${to} says ${way.cause}`, async () => {
    await way.breakIt();
    await untilSeen(context, way.wrong);
    const seen = await desk.trace(A, to);
    expect('exit code, verdict and cause', [seen.code, seen.verdict, seen.cause], [0, 'delivered', way.cause]);
    expect('the address that it says is seen', seen.sourceSeen, way.wrong);
    return { found: seen, seen: seen.text };
  });
  await step('the very command is run, and the host outside sees the EIP', async () => {
    const how = await desk.mend(found);
    await untilSeen(context, way.right);
    const after = await desk.trace(A, to);
    expect('what trace says now', [after.verdict, after.cause, after.sourceSeen], ['delivered', undefined, way.right]);
    return { seen: `${found.command} (${how})` };
  });
}

/** The host outside prints whom it saw. */
async function untilSeen(context: StoryContext, address: string): Promise<void> {
  const pod = (await bothPods(context)).a;
  const limit = AbortSignal.timeout(LONGEST_MS);
  for (;;) {
    const limits = ['--silent', '--noproxy', '*', '--connect-timeout', '2', '--max-time', '5'];
    const { code, stdout } = await execIn(context, pod, 'curl', ...limits, `http://${INTERNET_HOST}/`);
    if (code === 0 && stdout.trim() === address) return;
    if (limit.aborted) throw new Error(`curl exits ${code} and the host outside saw ${stdout.trim()}, not ${address}`);
    await systemClock.sleep(LOOK_AGAIN_MS);
  }
}

const addresses = z.object({
  AddressSet: z.array(z.object({ AddressIp: z.string().nullable(), AddressStatus: z.string() })),
});

async function untilStatus(lab: Lab, id: string, status: string): Promise<string> {
  const limit = AbortSignal.timeout(LONGEST_MS);
  for (;;) {
    const { AddressSet } = addresses.parse(await lab.cloud.call('vpc', 'DescribeAddresses', { AddressIds: [id] }));
    if (AddressSet[0]?.AddressStatus === status) return AddressSet[0].AddressIp ?? '';
    await systemClock.sleep(LOOK_AGAIN_MS, limit);
  }
}

async function buyEip(lab: Lab): Promise<{ readonly id: string; readonly ip: string }> {
  const answer = await lab.cloud.call('vpc', 'AllocateAddresses', { AddressCount: 1 });
  const id = z.object({ AddressSet: z.array(z.string()) }).parse(answer).AddressSet[0] ?? '';
  return { id, ip: await untilStatus(lab, id, 'UNBIND') };
}

async function bindEip(lab: Lab, AddressId: string, PrivateIpAddress: string): Promise<void> {
  const eni = lab.simulator.snapshot().enis.find(({ addresses: own }) => own.includes(PrivateIpAddress));
  await lab.cloud.call('vpc', 'AssociateAddress', { AddressId, NetworkInterfaceId: eni?.eniId, PrivateIpAddress });
}

async function routeToNat(lab: Lab, ip: string): Promise<void> {
  const made = await lab.cloud.call('vpc', 'CreateNatGateway', {
    NatGatewayName: 'nat',
    VpcId: VPC.vpcId,
    PublicIpAddresses: [ip],
  });
  const GatewayId = z.object({ NatGatewaySet: z.array(z.object({ NatGatewayId: z.string() })) }).parse(made)
    .NatGatewaySet[0]?.NatGatewayId;
  const limit = AbortSignal.timeout(LONGEST_MS);
  const states = z.object({ NatGatewaySet: z.array(z.object({ State: z.string() })) });
  while (
    states.parse(await lab.cloud.call('vpc', 'DescribeNatGateways', { NatGatewayIds: [GatewayId] })).NatGatewaySet[0]
      ?.State !== 'AVAILABLE'
  )
    await systemClock.sleep(LOOK_AGAIN_MS, limit);
  const tables = z
    .object({ RouteTableSet: z.array(z.object({ RouteTableId: z.string(), Main: z.boolean() })) })
    .parse(await lab.cloud.call('vpc', 'DescribeRouteTables', { Filters: [{ Name: 'vpc-id', Values: [VPC.vpcId] }] }));
  await lab.cloud.call('vpc', 'CreateRoutes', {
    RouteTableId: tables.RouteTableSet.find(({ Main }) => Main)?.RouteTableId,
    Routes: [{ DestinationCidrBlock: '0.0.0.0/0', GatewayType: 'NAT', GatewayId }],
  });
}
