// The whole of a saved cloud: its accounts with all they own, owe and have under way. The same schema writes and reads.
import { z } from 'zod';

import type { PendingDelay, PendingError, PendingFaults, PendingGap, Pending } from '../faults.ts';
import type { IdPosition } from '../ids.ts';
import type { SavedLimits } from '../rate-limits.ts';
import type { CloudSettings } from '../settings.ts';
import { defaultSettings } from '../settings.ts';
import type { SavedTask } from '../tasks/task-runner.ts';
import { count, countOrUnlimited, date, fromNow, jsonObject, list, record, text } from './codecs.ts';
import { savedGroup, savedShelf } from './group-records.ts';
import { savedCam, savedKey, savedOidcProvider } from './identity-records.ts';
import { savedEni, savedNat, savedRouteTable, savedSubnet, savedVpc } from './network-records.ts';
import { savedCluster, savedEip, savedEipCounters, savedInstance } from './product-records.ts';

const perAction = z.record(text, z.number());

/** Those that differ from the defaults; a value is of its default's kind. */
const savedSettings = z
  .strictObject(
    Object.fromEntries(
      Object.entries(defaultSettings).map(([name, value]) => [name, settingSchema(value).exactOptional()]),
    ),
  )
  // The keys come from the settings themselves, which the type cannot say.
  .pipe(z.custom<Partial<CloudSettings>>()) as unknown as z.ZodType<Partial<CloudSettings>, Partial<CloudSettings>>;

function settingSchema(value: unknown): z.ZodType {
  if (typeof value === 'boolean') return z.boolean();
  if (typeof value === 'number') return z.number();
  return typeof value === 'string' ? text : perAction;
}

const ids = record<IdPosition>()({
  seed: z.int().nullable(),
  ids: count,
  macs: count,
  macPrefix: z.string().regex(/^[0-9a-f]{4}$/),
});

const pending = { action: text, probability: z.number().positive().max(1), left: countOrUnlimited };
const pendingOnes = list(record<Pending>()(pending));
const faults = record<PendingFaults>()({
  errors: list(record<PendingError>()({ ...pending, code: text, message: text })),
  delays: list(record<PendingDelay>()({ ...pending, from: z.number(), to: z.number() })),
  drops: pendingOnes,
  failures: pendingOnes,
  stalls: pendingOnes,
  gaps: list(record<PendingGap>()({ ...pending, omit: count, counted: z.boolean() })),
});

const task = record<SavedTask>()({
  action: text,
  taskId: text,
  kind: text,
  data: z.unknown(),
  told: z.boolean(),
  phase: z.enum(['waiting', 'stalled', 'applied']),
  dueInMs: fromNow,
});

const savedAccount = z.strictObject({
  uin: z.string().regex(/^\d{6,20}$/),
  appId: count,
  region: text,
  /** What was handed out at the start; it need not sign any more. */
  root: z.strictObject({ secretId: text, secretKey: text }),
  settings: savedSettings,
  /** Now; a fault may have changed it. */
  readDelayMs: z.number(),
  closedZones: z.array(z.string()).default([]),
  ids,
  /** Null: chances are not from a seed. */
  random: z.int().nullable(),
  faults,
  /** By subnet: addresses that a fault holds. */
  drained: z.record(text, z.array(z.ipv4())),
  limits: record<SavedLimits>()({ perSecond: perAction, recent: z.record(text, list(z.number())) }),
  tokens: list(z.strictObject({ key: text, body: text, ageMs: z.number(), answer: jsonObject })),
  tasks: z.strictObject({
    statuses: list(z.tuple([text, z.enum(['RUNNING', 'SUCCESS', 'FAILED'])])),
    running: list(task),
  }),
  cam: savedCam,
  keys: list(savedKey),
  oidcProviders: list(savedOidcProvider),
  vpcs: list(savedVpc),
  subnets: list(savedSubnet),
  enis: list(savedEni),
  routeTables: list(savedRouteTable),
  nats: list(savedNat),
  /** Subnet to route table, where it is not the default one. */
  associations: z.record(text, text),
  nextRouteId: count,
  securityGroups: list(savedGroup),
  templates: z.strictObject({ address: savedShelf, service: savedShelf }),
  instances: list(savedInstance),
  clusters: list(savedCluster),
  eips: list(savedEip),
  eipCounters: savedEipCounters,
});
export type SavedAccount = z.output<typeof savedAccount>;

export const savedCloud = z.strictObject({
  /** By the cloud's own clock. */
  savedAt: date,
  /** Null: ids and keys of further accounts are random. */
  seed: z.int().nullable(),
  /** The one that the cloud started with comes first. */
  accounts: z.tuple([savedAccount], savedAccount),
});
export type SavedCloud = z.output<typeof savedCloud>;
