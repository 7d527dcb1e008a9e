// The add-on values ("Modify Global Configurations"): ConfigMap kube-system/tke-eni-ipamd, flat dotted keys, read hot.
import { z } from 'zod';
import { CREATION_SECONDS, claimDurationMs } from './claim-duration.ts';
import { securityGroupIdSchema } from './common.ts';
import { enforcingModes } from './vpc-eni.ts';

const ON_OFF = { error: 'expected "true" or "false"' };

const onOff = (fallback: boolean) =>
  z
    .enum(['true', 'false'], ON_OFF)
    .default(fallback ? 'true' : 'false')
    .transform((value) => value === 'true');

/** `auto`, ours: off on a node while some Pod on it is strict (DESIGN section 6). */
const demuxKey = z.enum(['true', 'false', 'auto'], { error: 'expected "true", "false" or "auto"' }).default('false');
export type DemuxKey = z.output<typeof demuxKey>;

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,4}$/, `expected a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.int().min(min).max(max));

const CREATION_WORDS = `expected whole seconds from ${CREATION_SECONDS.min} to ${CREATION_SECONDS.max}`;

const groupList = z
  .string()
  .transform((value) => value.split(',').flatMap((id) => (id.trim() === '' ? [] : [id.trim()])))
  .pipe(z.array(securityGroupIdSchema));

/** How the addresses of ordinary Pods are managed: chosen at install, never changed while claims exist. */
export const ipModes = ['non-static', 'static'] as const;
export type IpMode = (typeof ipModes)[number];

/** Every key with its default; an unknown key is refused, so that a typing error is never parsed and ignored. */
export const addonValuesSchema = z.strictObject({
  'vpcCni.trunkingEni.enableSubEni': onOff(false),
  'vpcCni.trunkingEni.podSecurityGroupEnforcingMode': z
    .enum(enforcingModes, { error: 'expected "standard" or "strict"' })
    .default('standard'),
  /** Ours: Pods of the last ten minutes that went past a policy are evicted, so that they come back with its groups (ADR 0018). */
  'vpcCni.trunkingEni.evictMissedPods': onOff(false),
  /** Ours: what becomes of groups that somebody changed by hand on a Pod's sub-ENI (ADR 0020). */
  'vpcCni.trunkingEni.securityGroupDrift': z
    .enum(['observe', 'repair'], { error: 'expected "observe" or "repair"' })
    .default('observe'),
  'agent.config.disableTcpEarlyDemux': demuxKey,
  'agent.config.disableUdpEarlyDemux': demuxKey,
  /** Node security groups (spec 000). A flag of ipamd that is given wins over these; absent: the flag's default. */
  'vpcCni.securityGroups.enableSecurityGroups': z
    .enum(['true', 'false'], ON_OFF)
    .transform((value) => value === 'true')
    .optional(),
  /** Comma list in order of priority; empty: each node inherits its instance's. */
  'vpcCni.securityGroups.securityGroups': groupList.optional(),
  /** Warm pool of shared ENIs (facts/tke.md 5.2, 6.1); defaults of new nodes. */
  'vpcCni.routeEni.ipMinWarmTarget': wholeNumber(0, 1000).optional(),
  'vpcCni.routeEni.ipMaxWarmTarget': wholeNumber(0, 1000).optional(),
  'vpcCni.routeEni.enableQuickRelease': onOff(false),
  /** Changed defaults reach the nodes that exist, too (3.10.0). */
  'vpcCni.routeEni.enableIpWarmTargetAutoSync': onOff(false),
  /** Ours: further parameters of AllocateAddresses in eip-attributes (ADR 0026); spec 004 allows Bandwidth and ISP. */
  'vpcCni.eip.allowFurtherAttributes': onOff(false),
  /** Ours: a changed Bandwidth of a running Pod's eip-attributes is applied to its EIP in place. */
  'vpcCni.eip.applyBandwidthChanges': onOff(false),
  /** Ours: `static` or `non-static`, chosen at install. */
  'vpcCni.ipMode': z.enum(ipModes, { error: 'expected "non-static" or "static"' }).default('non-static'),
  /** How long a kept address outlives its Pod (spec 004, expiry); key names are GUESSes. `--claim-expired-duration` wins; absent: for ever. */
  'vpcCni.claimExpiredDuration': z
    .string()
    .transform((value, context) => {
      const read = claimDurationMs(value);
      if (read.ok) return read.ms;
      context.addIssue({ code: 'custom', message: read.problem });
      return z.NEVER;
    })
    .optional(),
  /** The same as set when the cluster was created, in seconds (facts/tke.md 5.3); the two others win. */
  'vpcCni.claimExpiredSeconds': z
    .string()
    .regex(/^\d{1,8}$/, CREATION_WORDS)
    .transform(Number)
    .pipe(z.int().min(CREATION_SECONDS.min, CREATION_WORDS).max(CREATION_SECONDS.max, CREATION_WORDS))
    .optional(),
  /** Release with the workload (spec 004, cascade); `--enable-ownerref` wins. */
  'vpcCni.enableOwnerRef': onOff(false),
  /** Ours: `deletes` stops deletions in the cloud, `all` every mutation (DESIGN, decision 8). */
  paused: z.enum(['none', 'deletes', 'all'], { error: 'expected "none", "deletes" or "all"' }).default('none'),
  /** Documented for the closed add-on: region, VPC, cluster id and container subnets (comma list). */
  region: z.string().min(1, 'required, e.g. "ap-guangzhou"'),
  vpcId: z.string().regex(/^vpc-[a-z0-9]{8}$/, 'expected a VPC id such as "vpc-12ab34cd"'),
  clusterId: z.string().min(1, 'required, e.g. "cls-12ab34cd"'),
  subnetIds: z
    .string()
    .transform((value) => value.split(',').map((id) => id.trim()))
    .pipe(
      z
        .array(
          z.string().regex(/^subnet-[a-z0-9]{8}$/, 'expected a comma list of subnet ids such as "subnet-12ab34cd"'),
        )
        .min(1),
    ),
});

export type AddonValues = z.output<typeof addonValuesSchema>;

export type AddonValuesResult =
  | { readonly ok: true; readonly values: AddonValues }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Decodes a ConfigMap's data. Each problem is one line: key, value, what is accepted. */
export function decodeAddonValues(data: Readonly<Record<string, string>> | undefined): AddonValuesResult {
  const result = addonValuesSchema.safeParse(data ?? {});
  if (result.success) return { ok: true, values: result.data };
  const known = Object.keys(addonValuesSchema.shape);
  const problems = result.error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => `unknown key "${key}"; known keys: ${known.join(', ')}`);
    const key = String(issue.path[0]);
    const value = data?.[key];
    return [value === undefined ? `${key}: required, but not set` : `${key}: "${value}": ${issue.message}`];
  });
  return { ok: false, problems };
}

export type TrunkingSwitch =
  | { readonly ok: true; readonly on: boolean }
  | { readonly ok: false; readonly problem: string };

/** The one value that admission needs, whatever the state of the others; off when not set (spec 002, existing clusters). */
export function readTrunkingSwitch(data: Readonly<Record<string, string>> | undefined): TrunkingSwitch {
  const key = 'vpcCni.trunkingEni.enableSubEni';
  const result = addonValuesSchema.shape[key].safeParse(data?.[key]);
  if (result.success) return { ok: true, on: result.data };
  return { ok: false, problem: `${key}: "${data?.[key]}": ${result.error.issues[0]?.message ?? 'not accepted'}` };
}

/** The two keys of early demux (spec 002, How to Enable Strict Routing). */
export interface DemuxKeys {
  readonly tcp: DemuxKey;
  readonly udp: DemuxKey;
}

/** What the agent reads, whatever the state of the other values; for a value that is not accepted, `before` stays and a problem tells. */
export function readDemuxKeys(
  data: Readonly<Record<string, string>> | undefined,
  before: DemuxKeys,
): { readonly keys: DemuxKeys; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const read = (
    key: 'agent.config.disableTcpEarlyDemux' | 'agent.config.disableUdpEarlyDemux',
    last: DemuxKey,
  ): DemuxKey => {
    const result = addonValuesSchema.shape[key].safeParse(data?.[key]);
    if (result.success) return result.data;
    problems.push(
      `${key}: "${data?.[key]}": ${result.error.issues[0]?.message ?? 'not accepted'}; "${last}" stays in force`,
    );
    return last;
  };
  return {
    keys: {
      tcp: read('agent.config.disableTcpEarlyDemux', before.tcp),
      udp: read('agent.config.disableUdpEarlyDemux', before.udp),
    },
    problems,
  };
}
