// Document 003's drill towards the internet: an EIP that SNAT bypasses, and one before which a NAT gateway is preferred (document 004).
import type { CauseCode } from '../../src/diagnose/trace/trace.ts';
import { INTERNET_HOST } from '../fabric/internet.ts';
import type { Lab } from '../lab.ts';
import { bindToNode, buyEip, type CloudEip, routeToNat } from './eips.ts';
import { leavesAs } from './pod-eip-checks.ts';
import type { Desk } from './pod-to-pod-timeout-desk.ts';
import { bothPods, type Nodes } from './pod-to-pod-timeout-parts.ts';
import type { StoryContext } from './story.ts';

const A = 'deploy/nginx-deployment';

export async function edgeCauses(context: StoryContext, desk: Desk, { a }: Nodes): Promise<void> {
  const { lab } = context;
  const pod = (await bothPods(context)).a;
  const own = await buyEip(lab);
  const node = await buyEip(lab);
  await bindToAddress(lab, own, `${pod.status?.podIP}`);
  await bindToNode(lab, node, a);
  await otherAddress(context, desk, {
    title: 'SNAT gives what A sends the address of its node, past its EIP',
    breakIt: () => Promise.resolve(),
    wrong: node.AddressIp,
    right: own.AddressIp,
    cause: 'EipBypassedBySnat',
  });
  const gateway = await buyEip(lab);
  await otherAddress(context, desk, {
    title: "the route table of A's subnet prefers a NAT gateway to its EIP",
    breakIt: async () => void (await routeToNat(lab, gateway)),
    wrong: gateway.AddressIp,
    right: own.AddressIp,
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
const untilSeen = async (context: StoryContext, address: string): Promise<void> =>
  await leavesAs(context, (await bothPods(context)).a, address);

/** On the ENI that has the address, by hand. */
async function bindToAddress(lab: Lab, { AddressId }: CloudEip, PrivateIpAddress: string): Promise<void> {
  const eni = lab.simulator.snapshot().enis.find(({ addresses: own }) => own.includes(PrivateIpAddress));
  await lab.cloud.call('vpc', 'AssociateAddress', { AddressId, NetworkInterfaceId: eni?.eniId, PrivateIpAddress });
}
