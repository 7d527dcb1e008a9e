// How many more Pods of each network kind fit, per node, zone and subnet, and which limit is hit first. Pure.
import { decodeAddonValues } from '../../api/addon-values.ts';
import { labels, objectNames, resourceNames } from '../../api/keys.ts';
import type { Node } from '../../kube/resources.ts';
import { isSuperNode } from '../../planning/super-node-requirements.ts';
import { type ClusterPicture, type Gap, gapOf } from '../picture/picture.ts';

/** Networks of Pods that something limits; `eip` counts on top of one of the others. */
export const capacityKinds = ['shared', 'sub-eni', 'exclusive', 'eip'] as const;
export type CapacityKind = (typeof capacityKinds)[number];

const RESOURCES: Readonly<Record<CapacityKind, string>> = {
  shared: resourceNames.eniIp,
  'sub-eni': resourceNames.subEni,
  exclusive: resourceNames.directEni,
  eip: resourceNames.eip,
};

export interface Room {
  /** Further Pods; absent: not known. */
  readonly room?: number;
  /** What is hit first. */
  readonly limit: string;
}

export interface NodeRoom {
  readonly node: string;
  readonly zone: string;
  readonly superNode: boolean;
  /** Why nothing is scheduled here, whatever room there is. */
  readonly closed?: string;
  readonly rooms: Readonly<Record<CapacityKind, Room>>;
}

export interface SubnetRoom {
  readonly subnetId: string;
  readonly zone: string;
  readonly cidr: string;
  readonly free: number;
}

export interface ZoneRoom {
  readonly zone: string;
  readonly nodes: number;
  readonly subnets: readonly string[];
  readonly rooms: Readonly<Record<CapacityKind, Room>>;
}

export interface CapacityReport {
  readonly takenAt: string;
  readonly nodes: readonly NodeRoom[];
  readonly zones: readonly ZoneRoom[];
  readonly subnets: readonly SubnetRoom[];
  readonly total: Readonly<Record<CapacityKind, Room>>;
  readonly notKnown: readonly Gap[];
}

/** EIPs of the account: how many are used, and how many there may be. */
export interface AccountEips {
  readonly used: number;
  readonly limit: number;
}

interface Usage {
  readonly pods: number;
  readonly requested: Readonly<Record<string, number>>;
}

/** CPU and memory are not looked at: they are the scheduler's. */
export function capacityOf(picture: ClusterPicture, eips?: AccountEips): CapacityReport {
  const usage = usageByNode(picture);
  const nodes = picture.kube.nodes
    .map((node) => nodeRoom(picture, node, usage.get(node.metadata.name)))
    .filter(({ superNode, rooms }) => superNode || capacityKinds.some((kind) => rooms[kind].limit !== NOT_OFFERED));
  const subnets = containerSubnets(picture);
  const zones = [...new Set([...nodes.map(({ zone }) => zone), ...(subnets ?? []).map(({ zone }) => zone)])]
    .toSorted()
    .map((zone) => zoneRoom(picture, zone, nodes, subnets));
  const total = perKind((kind): Room => {
    const sum = summed(zones.map(({ rooms }) => rooms[kind]));
    if (kind !== 'eip' || eips === undefined) return sum;
    return smallest([
      sum,
      { room: Math.max(0, eips.limit - eips.used), limit: `EIPs of the account: ${eips.used} of ${eips.limit}` },
    ]);
  });
  return { takenAt: picture.takenAt, nodes, zones, subnets: subnets ?? [], total, notKnown: picture.gaps };
}

const NOT_OFFERED = 'the node offers none';

const perKind = (of: (kind: CapacityKind) => Room): Readonly<Record<CapacityKind, Room>> => ({
  shared: of('shared'),
  'sub-eni': of('sub-eni'),
  exclusive: of('exclusive'),
  eip: of('eip'),
});

function usageByNode({ kube }: ClusterPicture): ReadonlyMap<string, Usage> {
  const usage = new Map<string, { pods: number; requested: Record<string, number> }>();
  for (const { spec, status } of kube.pods) {
    if (spec.nodeName === undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed') continue;
    const own = usage.get(spec.nodeName) ?? { pods: 0, requested: {} };
    usage.set(spec.nodeName, own);
    own.pods += 1;
    for (const { resources } of spec.containers)
      for (const resource of Object.values(RESOURCES))
        own.requested[resource] =
          (own.requested[resource] ?? 0) +
          (Number(resources?.requests?.[resource] ?? resources?.limits?.[resource] ?? 0) || 0);
  }
  return usage;
}

function nodeRoom(picture: ClusterPicture, node: Node, usage: Usage | undefined): NodeRoom {
  const { name } = node.metadata;
  const nec = picture.kube.nodeEniConfigs.find(({ metadata }) => metadata.name === name);
  const most = amount(node, 'pods');
  const pods: readonly Room[] =
    most === undefined
      ? []
      : [{ room: Math.max(0, most - (usage?.pods ?? 0)), limit: `Pods of the node: ${usage?.pods ?? 0} of ${most}` }];
  const rooms = perKind((kind): Room => {
    const resource = RESOURCES[kind];
    const offered = amount(node, resource);
    if (offered === undefined) return { room: 0, limit: NOT_OFFERED };
    const used = usage?.requested[resource] ?? 0;
    const own: Room = { room: Math.max(0, offered - used), limit: `${resource} of the node: ${used} of ${offered}` };
    return kind === 'eip' ? own : smallest([own, ...pods]);
  });
  const closed = closedBecause(node);
  return {
    node: name,
    zone: nec?.spec.zone ?? node.metadata.labels?.[labels.zone] ?? '',
    superNode: isSuperNode(node),
    ...(closed === undefined ? {} : { closed }),
    rooms:
      closed === undefined
        ? rooms
        : perKind((kind) => ({ room: 0, limit: rooms[kind].limit === NOT_OFFERED ? NOT_OFFERED : closed })),
  };
}

function amount({ status }: Node, resource: string): number | undefined {
  const text = status?.allocatable?.[resource] ?? status?.capacity?.[resource];
  return text === undefined ? undefined : Number(text);
}

function closedBecause({ spec, status }: Node): string | undefined {
  if (spec?.unschedulable === true) return 'the node is cordoned';
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready !== undefined && ready.status !== 'True') return 'the node is not ready';
  const taint = spec?.taints?.find(({ key }) => key.startsWith('tke.cloud.tencent.com/'));
  return taint === undefined ? undefined : `taint ${taint.key}`;
}

/** Undefined: the cloud was not asked. */
function containerSubnets(picture: ClusterPicture): readonly SubnetRoom[] | undefined {
  const { cloud, kube } = picture;
  if (cloud === undefined || gapOf(picture, 'subnets') !== undefined) return undefined;
  const map = kube.configMaps.find(({ metadata }) => metadata.name === objectNames.addonValues);
  const decoded = decodeAddonValues(map?.data);
  const ids = decoded.ok ? decoded.values.subnetIds : [];
  return cloud.subnets
    .filter(({ subnetId }) => ids.includes(subnetId))
    .map(({ subnetId, zone, cidr, availableIpCount }) => ({ subnetId, zone, cidr, free: availableIpCount }));
}

/** Addresses that nodes of the zone have already and no Pod uses. */
function warmIn({ kube }: ClusterPicture, zone: string): number {
  const nodes = new Set(
    kube.nodeEniConfigs.filter(({ spec }) => spec.zone === zone).map(({ metadata }) => metadata.name),
  );
  let warm = 0;
  for (const { spec, status } of kube.vpcEnis)
    if (nodes.has(spec.nodeName) && status?.pool !== undefined)
      warm += Math.max(0, status.pool.addresses.length - (status.use?.inUse.length ?? 0));
  return warm;
}

function zoneRoom(
  picture: ClusterPicture,
  zone: string,
  all: readonly NodeRoom[],
  subnets: readonly SubnetRoom[] | undefined,
): ZoneRoom {
  const nodes = all.filter((node) => node.zone === zone);
  const own = subnets?.filter((subnet) => subnet.zone === zone);
  const general = nodes.some(({ superNode }) => !superNode);
  const rooms = perKind((kind): Room => {
    const sum = summed(nodes.map((node) => node.rooms[kind]));
    // A super node has subnets of its own, which the add-on values do not name.
    if (kind === 'eip' || !general || sum.room === 0) return sum;
    if (own === undefined) return { limit: 'free addresses of the subnets are not known' };
    const free = own.reduce((count, subnet) => count + subnet.free, 0);
    const warm = kind === 'shared' ? warmIn(picture, zone) : 0;
    const superRoom = nodes.reduce((count, node) => count + (node.superNode ? (node.rooms[kind].room ?? 0) : 0), 0);
    return smallest([
      sum,
      {
        room: free + warm + superRoom,
        limit: `free addresses of ${own.map(({ subnetId }) => subnetId).join(', ') || 'no subnet'}`,
      },
    ]);
  });
  return { zone, nodes: nodes.length, subnets: (own ?? []).map(({ subnetId }) => subnetId), rooms };
}

/** The first that is not known, else the least. */
function smallest(rooms: readonly Room[]): Room {
  const unknown = rooms.find(({ room }) => room === undefined);
  if (unknown !== undefined) return unknown;
  return rooms.toSorted((a, b) => (a.room ?? 0) - (b.room ?? 0))[0] ?? { room: 0, limit: NOT_OFFERED };
}

/** The limit that is told is the one that keeps most from having more. */
function summed(rooms: readonly Room[]): Room {
  const unknown = rooms.find(({ room }) => room === undefined);
  if (unknown !== undefined) return unknown;
  const room = rooms.reduce((sum, each) => sum + (each.room ?? 0), 0);
  const limits = new Map<string, number>();
  for (const { limit } of rooms) {
    const text = limit.replace(/: \d+ of \d+$/, '').replace(/ of the node$/, ' of the nodes');
    limits.set(text, (limits.get(text) ?? 0) + 1);
  }
  const offered = [...limits].filter(([limit]) => limit !== NOT_OFFERED);
  const [first] = (offered.length > 0 ? offered : [...limits]).toSorted((a, b) => b[1] - a[1])[0] ?? [
    'there is no node',
  ];
  return { room, limit: first };
}
