// Networks and ENIs as a saved cloud keeps them. Times on the monotonic clock stand as milliseconds from the moment of saving.
import { z } from 'zod';

import type { NatRecord, RouteRecord, RouteTableRecord } from '../routes/route-state.ts';
import type { EniRecord, SubnetRecord, VpcRecord } from '../state.ts';
import type { SavedVlanIds } from '../vlan-ids.ts';
import { attachment, count, date, eniAddress, fromNow, list, record, tags, text } from './codecs.ts';

export const savedVpc = record<VpcRecord>()({
  vpcId: text,
  name: text,
  cidr: z.cidrv4(),
  isDefault: z.boolean(),
  dnsServers: list(text).exactOptional(),
  domainName: text.exactOptional(),
  enableMulticast: z.boolean().exactOptional(),
  createdAt: date,
  tags,
});

/** What `AddressPool.save` gives. */
const savedPool = z.strictObject({ used: list(z.ipv4()), cursor: count });

export const savedSubnet = record<SubnetRecord>()({
  subnetId: text,
  vpcId: text,
  name: text,
  cidr: z.cidrv4(),
  zone: text,
  enableBroadcast: z.boolean().exactOptional(),
  addresses: savedPool,
  createdAt: date,
  tags,
});

const savedVlans = record<SavedVlanIds>()({
  used: list(count),
  resting: list(z.tuple([count, fromNow])),
  cursor: count,
});

export const savedEni = record<Omit<EniRecord, 'visibleAt'> & { readonly visibleInMs: number }>()({
  eniId: text,
  name: text,
  description: text,
  kind: z.enum(['primary', 'secondary', 'sub']),
  state: z.enum(['PENDING', 'AVAILABLE', 'ATTACHING', 'DETACHING', 'DELETING']),
  vpcId: text,
  subnetId: text,
  zone: text,
  mac: z.string().regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/),
  addresses: list(eniAddress),
  securityGroupIds: list(text),
  attachment: attachment.nullable(),
  trunking: z.boolean(),
  qosLevel: text,
  addressTasks: count,
  /** Null: it has needed none so far. */
  vlans: savedVlans.nullable(),
  trunkEniId: text.nullable(),
  vlanId: count.nullable(),
  tags,
  createdAt: date,
  visibleInMs: fromNow,
  wired: z.boolean(),
  groupsReady: z.boolean(),
});

const savedRoute = record<RouteRecord>()({
  routeId: count,
  routeItemId: text,
  destination: z.cidrv4(),
  gatewayType: text,
  gatewayId: text,
  description: text,
  enabled: z.boolean(),
  createdAt: date,
});

export const savedRouteTable = record<RouteTableRecord>()({
  routeTableId: text,
  vpcId: text,
  name: text,
  main: z.boolean(),
  routes: list(savedRoute),
  tags,
  createdAt: date,
});

export const savedNat = record<NatRecord>()({
  natGatewayId: text,
  vpcId: text,
  name: text,
  state: z.enum(['PENDING', 'AVAILABLE', 'UPDATING', 'DELETING']),
  addressIds: list(text),
  maxConcurrentConnection: z.int(),
  maxBandwidthOut: z.int(),
  zone: text,
  subnetId: text,
  tags,
  createdAt: date,
});
