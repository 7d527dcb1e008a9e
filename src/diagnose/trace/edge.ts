// The edge of the VPC: with which public address a flow leaves, and whether that is the one that was meant.
import { egressOf, type Egress, type EgressPod, type EgressSender, type EgressWorld } from '../../planning/egress.ts';
import { gapOf } from '../picture/picture.ts';
import { preferEip } from './commands.ts';
import { nodeOf } from './departure.ts';
import { buyEip, buyNat, routeToNat } from './next-steps.ts';
import type { Party } from './party.ts';
import { exemptFromSnat } from './snat-cure.ts';
import type { Cause, Hop, TraceVerdict } from './trace.ts';
import { tableOf, type World } from './world.ts';

export interface EdgeAnswer {
  readonly verdict: TraceVerdict;
  readonly hops: readonly Hop[];
  /** What the destination sees. */
  readonly address?: string | undefined;
  readonly cause?: Cause | undefined;
  readonly unknowns: readonly string[];
}

/** Spec 004; src/planning/egress.ts decides. */
export function leaveVpc(world: World, from: Party, to: Party): EdgeAnswer {
  const egress = egressTo(world, from, to.address);
  if (egress === undefined) {
    const why = gapOf(world.picture, 'cloud') ?? `how ${from.address} leaves the VPC is not known`;
    return {
      verdict: 'unknown',
      hops: [{ where: 'edge', verdict: 'unknown', source: 'inferred', text: why }],
      unknowns: [why],
    };
  }
  const gap = ['routeTables', 'eips', 'natGateways'].flatMap((part) => gapOf(world.picture, part) ?? []);
  const uncertain = !egress.certain || gap.length > 0;
  const why = egress.why.at(-1) ?? '';
  if (egress.address === undefined) {
    const hop: Hop = { where: 'edge', verdict: 'drop', source: 'cloud', text: why };
    if (uncertain)
      return { verdict: 'unknown', hops: [{ ...hop, verdict: 'unknown' }], unknowns: gap.length > 0 ? gap : [why] };
    return {
      verdict: 'dropped',
      hops: [hop],
      cause: {
        code: 'NoWayOut',
        text: `${from.name} has no way to ${to.address}: ${why}; the caller times out`,
        cures: routeToNat(world, from, egress.masqueraded),
        next: [...(egress.masqueraded ? [] : buyEip(world, from.pod)), ...buyNat(world)],
      },
      unknowns: [],
    };
  }
  const text = `it leaves with ${egress.addresses.join(' or ')} (${VIA[egress.via]}): ${why}`;
  return {
    verdict: 'delivered',
    hops: [{ where: 'edge', verdict: 'pass', source: 'cloud', text }],
    address: egress.address,
    cause: otherAddress(world, from, to, egress),
    unknowns: gap,
  };
}

const VIA: Readonly<Record<Egress['via'], string>> = {
  eip: 'its EIP',
  'nat-gateway': 'a NAT gateway',
  node: "the node's",
  pod: 'its own',
  none: 'nothing',
};

/** It is delivered, but the EIP that the Pod has is not what the other side sees. */
function otherAddress(world: World, from: Party, to: Party, egress: Egress): Cause | undefined {
  const eip = world.eipsByPrivate.get(from.address);
  if (eip === undefined || from.network === 'host' || egress.via === 'eip' || egress.via === 'pod') return undefined;
  const told = `${from.name} has the EIP ${eip.publicIp}, and ${to.address} sees ${egress.addresses.join(' or ')}`;
  if (egress.masqueraded)
    return {
      code: 'EipBypassedBySnat',
      text: `${told}: SNAT on the node gives the flow the node's address first (spec 004)`,
      cures: exemptFromSnat(world, from.address),
    };
  const table = tableOf(world, from.port?.subnetId);
  const route = table?.routes
    .filter(({ gatewayType }) => gatewayType === 'NAT')
    .toSorted((a, b) => prefix(b.destination) - prefix(a.destination))[0];
  return {
    code: 'NatGatewayPreferred',
    text: `${told}: the route table ${table?.routeTableId ?? ''} of the Pod's subnet prefers the NAT gateway (spec 004)`,
    cures: table === undefined || route === undefined ? [] : [preferEip(table.routeTableId, route.destination)],
  };
}

const prefix = (cidr: string): number => Number(cidr.split('/')[1] ?? 32);

/** Undefined without the cloud, or when the ENI of the sender is not known. */
function egressTo(world: World, from: Party, destination: string): Egress | undefined {
  if (world.picture.cloud === undefined || world.masquerade.kind === 'unreadable') return undefined;
  const sender = senderOf(world, from);
  if (sender === undefined) return undefined;
  const node = nodeOf(world, from);
  const egressWorld: EgressWorld = {
    vpcCidrs: world.vpcCidrs,
    masquerade: world.masquerade,
    node: node === undefined || from.network === 'super-node' ? undefined : senderOf(world, node),
  };
  const kind = from.network === 'machine' || from.network === 'outside' ? 'super-node' : from.network;
  const pod: EgressPod = { ...sender, kind };
  return egressOf(pod, destination, kind === 'host' ? { ...egressWorld, node: sender } : egressWorld);
}

function senderOf(world: World, party: Party): EgressSender | undefined {
  const subnetId = party.port?.subnetId;
  if (subnetId === undefined) return undefined;
  const table = tableOf(world, party.port?.subnetId);
  const nats = new Map(world.picture.cloud?.natGateways.map((nat) => [nat.natGatewayId, nat]));
  const unread = gapOf(world.picture, 'routeTables') !== undefined;
  return {
    address: party.address,
    eip: world.eipsByPrivate.get(party.address)?.publicIp,
    subnet: {
      subnetId,
      routeTableId: table?.routeTableId,
      routes: unread
        ? undefined
        : (table?.routes ?? []).map((route) => ({
            destination: route.destination,
            gatewayType: route.gatewayType,
            gatewayId: route.gatewayId,
            publicIps: route.gatewayType === 'NAT' ? (nats.get(route.gatewayId)?.publicIps ?? []) : undefined,
          })),
    },
  };
}
