// How a flow leaves the place where it begins: inside the node, or by which ENI and with which source address.
import { annotations } from '../../api/keys.ts';
import { contains, parseAddress, parseCidr } from '../../securitygroup/address.ts';
import { egressOf } from '../../planning/egress.ts';
import { nodeParty, type Party, type VpcPort } from './party.ts';
import type { Cause, Hop } from './trace.ts';
import { exemptFromSnat } from './snat-cure.ts';
import type { World } from './world.ts';

export type Departure =
  /** It never meets the VPC, and so no security group. */
  | { readonly kind: 'inside'; readonly hops: readonly Hop[]; readonly source: string }
  | { readonly kind: 'vpc'; readonly hops: readonly Hop[]; readonly port: VpcPort; readonly masqueraded: boolean }
  | { readonly kind: 'lost'; readonly hops: readonly Hop[]; readonly cause: Cause }
  | { readonly kind: 'unknown'; readonly hops: readonly Hop[]; readonly why: string };

const hop = (where: Hop['where'], verdict: Hop['verdict'], source: Hop['source'], text: string): Hop => ({
  where,
  verdict,
  source,
  text,
});

/** Spec 002, Data Plane Solution; facts of the data plane, section 3. `to` is where the flow ends behind Services. */
export function departure(world: World, from: Party, to: Party): Departure {
  const here = from.node?.metadata.name;
  const sameNode = here !== undefined && here === to.node?.metadata.name && to.network !== 'super-node';
  if (from.address === to.address)
    return {
      kind: 'inside',
      hops: [hop('source-node', 'pass', 'inferred', 'it calls its own address')],
      source: to.address,
    };
  switch (from.network) {
    case 'outside':
    case 'machine':
    case 'super-node':
      return leaves(world, from, []);
    case 'host': {
      const inside = sameNode && to.network !== 'strict';
      if (!inside)
        return leaves(world, from, [
          hop('source-node', 'pass', 'inferred', `the node sends by its primary ENI, with its address ${from.address}`),
        ]);
      const text =
        to.network === 'host'
          ? 'it is on the same node: the packet stays there, and no security group is asked'
          : `${to.name} is on the same node, whose route to it needs no ENI: no security group is asked`;
      return { kind: 'inside', hops: [hop('source-node', 'pass', 'inferred', text)], source: from.address };
    }
    case 'strict':
      return strictDeparture(world, from, to, sameNode);
    case 'shared':
    case 'sub-eni':
      return standardDeparture(world, from, to, sameNode);
  }
}

function standardDeparture(world: World, from: Party, to: Party, sameNode: boolean): Departure {
  if (sameNode && to.network === 'host')
    return {
      kind: 'inside',
      hops: [
        hop(
          'source-node',
          'pass',
          'inferred',
          `${to.address} is its own node: the packet stays there, and no security group is asked`,
        ),
      ],
      source: from.address,
    };
  const snat = masquerade(world, from, to);
  if (snat.kind === 'unknown') return { kind: 'unknown', hops: [snat.hop], why: snat.why };
  if (sameNode && to.network !== 'strict') {
    const text = `${to.name} is on the same node: standard routing takes the packet there directly, and no security group is asked (spec 002)`;
    const source = snat.kind === 'node' ? (nodeOf(world, from)?.address ?? from.address) : from.address;
    return { kind: 'inside', hops: [hop('source-node', 'pass', 'inferred', text), snat.hop], source };
  }
  if (snat.kind === 'node') {
    const node = nodeOf(world, from);
    if (node?.port === undefined)
      return { kind: 'unknown', hops: [snat.hop], why: `the primary ENI of the node of ${from.name} is not known` };
    const text = `the packet leaves by the primary ENI of the node, with the node's address ${node.address}`;
    return {
      kind: 'vpc',
      hops: [snat.hop, hop('source-node', 'pass', 'inferred', text)],
      port: node.port,
      masqueraded: true,
    };
  }
  const why =
    to.network === 'strict' && sameNode ? `, although ${to.name} is on the same node: it has strict routing` : '';
  const text = `the rule for ${from.address} sends the packet by ${eniText(from)}${why}`;
  return leaves(world, from, [hop('source-node', 'pass', 'inferred', text), snat.hop]);
}

function strictDeparture(world: World, from: Party, to: Party, sameNode: boolean): Departure {
  const routing = world.necs.get(from.node?.metadata.name ?? '')?.status?.node?.routing;
  const near = sameNode ? ', although the destination is on the same node' : '';
  const out = hop(
    'source-node',
    'pass',
    routing === undefined ? 'inferred' : 'kernel',
    `strict routing: everything that ${from.name} sends leaves by ${eniText(from)}${near}`,
  );
  const own = sameNode && to.network === 'host';
  const snat = own ? undefined : masquerade(world, from, to);
  if (snat?.kind === 'unknown') return { kind: 'unknown', hops: [out, snat.hop], why: snat.why };
  if (snat?.kind === 'node')
    return {
      kind: 'lost',
      hops: [out, { ...snat.hop, verdict: 'drop' }],
      cause: {
        code: 'StrictSnat',
        text: `SNAT gives what ${from.name} sends to ${to.address} the node's address, and with strict routing it leaves by the Pod's sub-ENI, where the VPC takes only the Pod's: the connection is lost, and the caller times out (spec 002, SNAT)`,
        cures: exemptFromSnat(world, from.address),
      },
    };
  return leaves(world, from, snat === undefined ? [out] : [out, snat.hop]);
}

function leaves(world: World, from: Party, hops: readonly Hop[]): Departure {
  if (from.port !== undefined) return { kind: 'vpc', hops, port: from.port, masqueraded: false };
  if (from.network === 'outside')
    return {
      kind: 'vpc',
      hops,
      port: { eniId: undefined, address: from.address, groups: [], subnetId: undefined, source: 'inferred' },
      masqueraded: false,
    };
  const why = `no ENI of ${world.picture.cloud?.vpcId ?? 'the VPC'} has the address ${from.address} of ${from.name}: it is no VPC-CNI Pod, or its address was taken away`;
  return { kind: 'unknown', hops, why };
}

type Snat =
  | { readonly kind: 'own' | 'node'; readonly hop: Hop }
  | { readonly kind: 'unknown'; readonly hop: Hop; readonly why: string };

function masquerade(world: World, from: Party, to: Party): Snat {
  const { masquerade: masq } = world;
  if (masq.kind === 'unreadable') {
    const why = `whether SNAT changes the source is not known: ${masq.why}`;
    return { kind: 'unknown', why, hop: hop('snat', 'unknown', 'inferred', why) };
  }
  if (masq.kind === 'absent')
    return {
      kind: 'own',
      hop: hop('snat', 'pass', 'cluster', 'ip-masq-agent is not installed: the source address stays'),
    };
  const kind = from.network === 'strict' || from.network === 'sub-eni' ? from.network : 'shared';
  const eip =
    world.eipsByPrivate.get(from.address)?.publicIp ?? from.pod?.metadata.annotations?.[annotations.eipPublicIp];
  // Where it goes behind the node is another question: no route is given.
  const nowhere = { subnetId: '', routeTableId: undefined, routes: [] };
  const { masqueraded, why } = egressOf({ kind, address: from.address, eip, subnet: nowhere }, to.address, {
    vpcCidrs: world.vpcCidrs,
    masquerade: masq,
    node: undefined,
  });
  return { kind: masqueraded ? 'node' : 'own', hop: hop('snat', 'pass', 'cluster', why[0] ?? '') };
}

/** The node that carries the party. */
export function nodeOf(world: World, party: Party): Party | undefined {
  return party.node === undefined ? undefined : nodeParty(world, party.node);
}

const eniText = ({ port, address }: Party): string =>
  port?.eniId === undefined ? `the ENI that has ${address}` : `its ENI ${port.eniId}`;

/** Whether the VPC itself delivers to the address. */
export function isInVpc(world: World, address: string): boolean {
  if (world.enisByAddress.has(address)) return true;
  const parsed = parseAddress(address);
  if (parsed === undefined) return false;
  return world.vpcCidrs.some((text) => {
    const cidr = parseCidr(text);
    return cidr !== undefined && contains(cidr, parsed);
  });
}
