// Instances, clusters with their add-ons, and EIPs, as a saved cloud keeps them.
import { z } from 'zod';

import type { ClusterAddon, VpcCniNetwork } from '../addons/addon-state.ts';
import type { EipBook, EipRecord } from '../eips/eip-state.ts';
import type { ClusterRecord, InstanceRecord } from '../state.ts';
import { count, date, fromNow, instanceStates, jsonObject, list, record, tags, text } from './codecs.ts';

export const savedInstance = record<InstanceRecord>()({
  instanceId: text,
  name: text,
  instanceType: text,
  cpu: z.number(),
  memoryGiB: z.number(),
  zone: text,
  vpcId: text,
  subnetId: text,
  state: z.enum(instanceStates),
  createdAt: date,
  eniQuantity: count,
  eniPrivateIpQuantity: count,
  subEniQuantity: count,
  eipQuantity: count,
  normalPublicIp: z.ipv4().nullable(),
  tags,
  latestOperation: z
    .strictObject({ name: text, state: z.enum(['OPERATING', 'SUCCESS', 'FAILED']), requestId: text })
    .nullable(),
});

const savedAddon = record<ClusterAddon>()({
  name: text,
  version: text,
  values: jsonObject,
  phase: z.enum(['Installing', 'Succeeded', 'InstallFailed', 'Upgrading', 'UpgradeFailed', 'Deleting']),
  reason: text,
  createdAt: date,
});

const savedNetwork = record<VpcCniNetwork>()({
  type: z.enum(['tke-route-eni', 'tke-direct-eni']),
  staticIp: z.boolean(),
  subnetIds: list(text),
  /** Absent: never. */
  expiredSeconds: count.optional(),
  progress: z.enum(['Running', 'Succeed', 'Failed']),
  enabledBy: text.exactOptional(),
});

export const savedCluster = record<ClusterRecord>()({
  clusterId: text,
  name: text,
  vpcId: text,
  createdAt: date,
  tags,
  vpcCni: savedNetwork.nullable(),
  addons: list(savedAddon),
});

export const savedEip = record<
  Omit<EipRecord, 'visibleAt' | 'idleSince'> & { readonly visibleInMs: number; readonly idleForMs: number | null }
>()({
  addressId: text,
  name: text,
  ip: z.ipv4(),
  isp: text,
  phase: z.enum(['CREATING', 'UNBIND', 'BINDING', 'BOUND', 'UNBINDING', 'OFFLINING']),
  binding: z.strictObject({ eniId: text, privateIp: z.ipv4() }).nullable(),
  busy: z.boolean(),
  chargeType: z.enum([
    'BANDWIDTH_PACKAGE',
    'BANDWIDTH_POSTPAID_BY_HOUR',
    'BANDWIDTH_PREPAID_BY_MONTH',
    'TRAFFIC_POSTPAID_BY_HOUR',
  ]),
  bandwidth: z.int(),
  bandwidthPackageId: text,
  deadline: date.nullable(),
  renewFlag: text,
  chargeTypeChanges: count,
  arrears: z.boolean(),
  blocked: z.boolean(),
  directConnection: z.boolean(),
  egress: text,
  tags,
  createdAt: date,
  visibleInMs: fromNow,
  /** Null: it is bound. */
  idleForMs: z.number().nullable(),
  idleMs: z.number(),
});

/** The counters beside the EIPs. */
export const savedEipCounters = record<Pick<EipBook, 'nextTask' | 'nextPublicIp' | 'today'>>()({
  nextTask: count,
  nextPublicIp: count,
  today: z.strictObject({ day: text, bought: count, reallocated: count }),
});
