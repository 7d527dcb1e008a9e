// Through which address a Pod's connection to a destination leaves, and why: SNAT on the node, then the routes of the subnet, then EIPs (spec 004). Pure.
import { parseAddress } from '../securitygroup/address.ts';
import { LINK_LOCAL, MASQ_CONFIG_MAP, type MasqConfig, readCidr, singleCidr } from './masq-config.ts';
import { covering, decideMasquerade } from './masq-decision.ts';

/** An enabled route of a route table; the one within the VPC may be left out. */
export interface EgressRoute {
  /** CIDR. */
  readonly destination: string;
  /** As in the cloud: `NAT`, `EIP` (the sender's own public address), or any other next hop, which is private. */
  readonly gatewayType: string;
  /** Of a NAT gateway, e.g. nat-1; of others as the cloud says it. */
  readonly gatewayId: string;
  /** Public addresses of the NAT gateway; none: it carries nothing (not up yet, or without an EIP). */
  readonly publicIps?: readonly string[] | undefined;
}

export interface EgressSubnet {
  readonly subnetId: string;
  readonly routeTableId: string | undefined;
  /** Undefined: not known, e.g. because the role may not read route tables. */
  readonly routes: readonly EgressRoute[] | undefined;
}

export interface EgressSender {
  /** Private address. */
  readonly address: string;
  /** Public address of the EIP that is bound to `address`. */
  readonly eip?: string | undefined;
  /** The subnet that `address` is really in: of its ENI or sub-ENI, not of the node. */
  readonly subnet: EgressSubnet;
}

export interface EgressPod extends EgressSender {
  /** `host`: hostNetwork, the node itself; `super-node`: a machine of its own; `strict`: sub-ENI with strict routing. */
  readonly kind: 'shared' | 'sub-eni' | 'strict' | 'super-node' | 'host';
}

export interface EgressWorld {
  /** All CIDRs of the VPC, auxiliary ones included. */
  readonly vpcCidrs: readonly string[];
  /** What ip-masq-agent has in force on the Pod's node; `absent`: it is not installed, so that Pods keep their own address. */
  readonly masquerade: { readonly kind: 'absent' } | { readonly kind: 'configured'; readonly config: MasqConfig };
  /** The primary address of the node's primary ENI; undefined for super nodes. */
  readonly node: EgressSender | undefined;
}

export interface Egress {
  /** What the destination sees; undefined: nothing arrives there. The first of `addresses`. */
  readonly address: string | undefined;
  /** All that it may see: several only of a NAT gateway that has several. */
  readonly addresses: readonly string[];
  /**
   * `eip`: the Pod's EIP; `nat-gateway`: that of the sender's subnet; `node`: the node's EIP or, inside, its address; `pod`: the Pod's
   * private address (the destination is inside, or beyond a private next hop); `none`: the connection goes nowhere.
   */
  readonly via: 'eip' | 'nat-gateway' | 'node' | 'pod' | 'none';
  /** The connection carries the node's address when it leaves the node. */
  readonly masqueraded: boolean;
  /** False: a route table is not known, and might lead elsewhere. */
  readonly certain: boolean;
  /** Each step's reason, in order; at least one. */
  readonly why: readonly string[];
  /** What to do so that the Pod's own EIP is used; none where it is, or where the Pod has none. */
  readonly cures: readonly string[];
}

/**
 * For one destination address, behind kube-proxy's choice of an endpoint. Routing in the cloud: inside the VPC first, then the longest route,
 * among routes to one destination the one to the sender's own public address, which says nothing about a sender without one (documents
 * 552/30012 and 1015/30233); without a route the EIP. GUESS: a NAT gateway without an address is passed over.
 */
export function egressOf(pod: EgressPod, destination: string, world: EgressWorld): Egress {
  const snat = sourceOf(pod, destination, world);
  const failed = (why: string, cures: readonly string[] = []): Egress => ({
    address: undefined,
    addresses: [],
    via: 'none',
    masqueraded: snat.asNode,
    certain: true,
    why: [...snat.why, why],
    cures,
  });
  if (parseAddress(destination) === undefined) return failed(`${destination} is no address`);
  if (snat.asNode && pod.kind === 'strict')
    return failed(
      `with strict routing it still leaves by the Pod's sub-ENI, where the node's address is a stranger: the VPC drops it (spec 002)`,
      [exempt(pod)],
    );
  const sender = snat.asNode || pod.kind === 'host' ? world.node : pod;
  if (sender === undefined) return failed('the node of the Pod is not known');
  const way = wayOf(sender, destination, world.vpcCidrs);
  const own = sender === pod ? 'pod' : 'node';
  const via = way.by === 'private' ? own : way.by === 'eip' ? (own === 'pod' ? 'eip' : 'node') : way.by;
  const wanted = pod.eip !== undefined && pod.kind !== 'host' && via !== 'eip' && way.by !== 'private';
  return {
    address: way.addresses[0],
    addresses: way.addresses,
    via,
    masqueraded: snat.asNode,
    certain: way.certain,
    why: [...snat.why, ...way.why],
    cures: wanted ? curesFor(pod, destination, snat.asNode, world.vpcCidrs) : [],
  };
}

function sourceOf(
  pod: EgressPod,
  destination: string,
  { masquerade }: EgressWorld,
): { readonly asNode: boolean; readonly why: readonly string[] } {
  const keeps = (why: string) => ({ asNode: false, why: [why] });
  if (pod.kind === 'host') return keeps('the Pod is on the network of its node and has its address');
  if (pod.kind === 'super-node')
    return keeps('a Pod of a super node is a machine of its own: no node changes its address');
  if (masquerade.kind === 'absent') return keeps('ip-masq-agent is not installed: the Pod keeps its own address');
  const { config } = masquerade;
  if (pod.kind === 'strict' && config.nonMasqueradeStrictPods)
    return keeps('NonMasqueradeStrictPods of ip-masq-agent is true: Pods with strict routing keep their own address');
  if (pod.eip !== undefined && config.nonMasqueradeEIPPods)
    return keeps('NonMasqueradeEIPPods of ip-masq-agent is true: Pods with an EIP keep their own address');
  const { masqueraded, why } = decideMasquerade(config, pod.address, destination);
  return { asNode: masqueraded, why: [why] };
}

interface Way {
  readonly by: 'private' | 'eip' | 'nat-gateway' | 'none';
  readonly addresses: readonly string[];
  readonly certain: boolean;
  readonly why: readonly string[];
}

function wayOf(sender: EgressSender, destination: string, vpcCidrs: readonly string[]): Way {
  const { address, eip, subnet } = sender;
  const certain = subnet.routes !== undefined;
  const inside = covering([...vpcCidrs, LINK_LOCAL[4], LINK_LOCAL[6]], destination);
  if (inside !== undefined)
    return { by: 'private', addresses: [address], certain: true, why: [`${destination} is inside, in ${inside}`] };
  const table = `route table ${subnet.routeTableId ?? 'of unknown id'} of ${subnet.subnetId}`;
  const why: string[] = certain ? [] : [`the ${table} is not known; a route of it might lead elsewhere`];
  for (const route of routesTo(subnet.routes ?? [], destination)) {
    const named = `${table}: ${route.destination} leads to`;
    if (route.gatewayType === 'EIP') {
      if (eip !== undefined)
        return {
          by: 'eip',
          addresses: [eip],
          certain,
          why: [...why, `${named} the sender's own public address, ${eip}`],
        };
      why.push(`${named} the sender's own public address, and ${address} has none`);
    } else if (route.gatewayType === 'NAT') {
      const { publicIps = [] } = route;
      if (publicIps.length > 0)
        return {
          by: 'nat-gateway',
          addresses: publicIps,
          certain,
          why: [...why, `${named} NAT gateway ${route.gatewayId}`],
        };
      why.push(`${named} NAT gateway ${route.gatewayId}, which has no public address`);
    } else {
      const hop = `${named} ${route.gatewayType} ${route.gatewayId}, with the private address`;
      return { by: 'private', addresses: [address], certain, why: [...why, hop] };
    }
  }
  if (eip !== undefined)
    return {
      by: 'eip',
      addresses: [eip],
      certain,
      why: [...why, `${address} has the EIP ${eip}, and no route decides`],
    };
  const nothing = `${address} has no EIP, and no route of the ${table} leads to a NAT gateway`;
  return { by: 'none', addresses: [], certain, why: [...why, nothing] };
}

/** Those that cover it, in the order in which they decide. */
function routesTo(routes: readonly EgressRoute[], destination: string): readonly EgressRoute[] {
  const length = ({ destination: cidr }: EgressRoute): number => readCidr(cidr)?.prefix ?? -1;
  const rank = ({ gatewayType }: EgressRoute): number => (gatewayType === 'EIP' ? 0 : 1);
  return routes
    .filter((route) => covering([route.destination], destination) !== undefined)
    .toSorted((a, b) => length(b) - length(a) || rank(a) - rank(b));
}

const exempt = ({ address }: EgressSender): string =>
  `add ${singleCidr(address)} to NonMasqueradeSrcCIDRs in ConfigMap ${MASQ_CONFIG_MAP}`;

function curesFor(
  pod: EgressPod,
  destination: string,
  masqueraded: boolean,
  vpcCidrs: readonly string[],
): readonly string[] {
  const way = wayOf(pod, destination, vpcCidrs);
  const decides = routesTo(pod.subnet.routes ?? [], destination).find(
    ({ gatewayType, publicIps }) => gatewayType === 'NAT' && (publicIps ?? []).length > 0,
  );
  return [
    ...(masqueraded ? [exempt(pod)] : []),
    ...(way.by === 'nat-gateway' && decides !== undefined
      ? [
          `add a route to ${decides.destination} of type EIP (the CVM's own public address) to the route table ${pod.subnet.routeTableId ?? ''} of ${pod.subnet.subnetId}: it goes before the one to the NAT gateway`,
        ]
      : []),
  ];
}
