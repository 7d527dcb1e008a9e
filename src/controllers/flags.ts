// The command line of ipamd: every flag with its default and what it accepts.
import { z } from 'zod';
import { claimDurationMs } from '../api/claim-duration.ts';
import { SECURITY_GROUP_ID } from '../api/common.ts';
import type { LeaderElection } from './program.ts';
import type { PolicyFlags } from './policy-flags.ts';
import { booleanFlag, choiceFlag, durationFlag, type FlagSchemas, integerFlag, textFlag } from '../base/flags.ts';
import { listenFlag } from '../base/listen-flag.ts';

const endpointFlag = (): z.ZodType<string | undefined, string | undefined> =>
  z
    .string()
    .optional()
    .refine((value) => value === undefined || /^https?:\/\/[^/\s]+\/?$/.test(value), {
      error: 'expected http://host:port or https://host',
    });

/** With a path, unlike an endpoint. */
const metadataFlag = (): z.ZodType<string | undefined, string | undefined> =>
  z
    .string()
    .optional()
    .refine((value) => value === undefined || /^https?:\/\/[^/\s]+(\/[^\s?#]*)?$/.test(value), {
      error: 'expected http://host:port/path, e.g. http://metadata.tencentyun.com/latest/meta-data',
    });

/** Below five minutes is refused, with words (spec 004). */
const claimDurationFlag = (): z.ZodType<number | undefined, string | undefined> =>
  z
    .string()
    .optional()
    .transform((value, context) => {
      if (value === undefined || value === '') return undefined;
      const read = claimDurationMs(value);
      if (read.ok) return read.ms;
      context.addIssue({ code: 'custom', message: read.problem });
      return z.NEVER;
    });

/** `undefined` when it is not on the command line, since then the add-on value decides. */
const givenSwitch = (): z.ZodType<boolean | undefined, string | undefined> =>
  z
    .enum(['true', 'false'], { error: 'expected true or false' })
    .optional()
    .transform((value) => (value === undefined ? undefined : value === 'true'));

/** As the document writes it, with or without quotes that a shell would have taken off (spec 000). */
const groupsFlag = (): z.ZodType<readonly string[] | undefined, string | undefined> =>
  z
    .string()
    .optional()
    .transform((value, context) => {
      if (value === undefined) return undefined;
      const ids = value
        .replace(/^(["'])(.*)\1$/, '$2')
        .split(',')
        .map((id) => id.trim())
        .filter((id) => id !== '');
      const wrong = ids.find((id) => !SECURITY_GROUP_ID.test(id));
      if (wrong === undefined) return [...new Set(ids)];
      context.addIssue({
        code: 'custom',
        message: `"${wrong}" is not a security group id; expected a comma list such as sg-12ab34cd,sg-56ef78gh`,
      });
      return z.NEVER;
    });

const optionalInteger = (min: number, max: number): z.ZodType<number | undefined, string | undefined> =>
  z
    .string()
    .regex(/^\d{1,4}$/, `expected a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.int().min(min, `expected at least ${min}`).max(max, `expected at most ${max}`))
    .optional();

/** One schema per flag; decoded in src/main, read by the deployment's test. */
export const ipamdFlags = {
  kubeconfig: textFlag().describe('Kubeconfig file; without it, the ServiceAccount of the Pod'),
  'cloud-endpoint': endpointFlag().describe("URL of the cloud's API for every service; without it, the region's own"),
  'credential-source': choiceFlag(['auto', 'static', 'cvm-role', 'oidc'], 'auto').describe(
    'auto (files of --credentials-dir when they exist, else cvm-role), static, cvm-role or oidc (default auto)',
  ),
  'credentials-dir': z
    .string()
    .default('/etc/tke-eni-ipamd/credentials')
    .describe('Folder with secretId, secretKey and optionally token (default /etc/tke-eni-ipamd/credentials)'),
  'metadata-url': metadataFlag().describe(
    'Metadata service that gives the keys of the CVM role; without it, the one of every CVM',
  ),
  'cloud-call-timeout': durationFlag(10_000).describe('Longest single cloud call (default 10s)'),
  'leader-elect': booleanFlag(true).describe('Stand for election before changing anything (default true)'),
  'lease-duration': durationFlag(15_000).describe('How long a leader that vanished is waited for (default 15s)'),
  'renew-deadline': durationFlag(10_000).describe('A leader that could not renew for this long gives up (default 10s)'),
  'retry-period': durationFlag(2_000).describe('Time between two tries to get or renew the lease (default 2s)'),
  'kube-api-qps': integerFlag(500, { min: 1, max: 100_000 }).describe('Kubernetes calls a second (default 500)'),
  'kube-api-burst': integerFlag(1000, { min: 1, max: 100_000 }).describe('Kubernetes calls at once (default 1000)'),
  'health-address': listenFlag('127.0.0.1:61678').describe('Address of GET /health (default 127.0.0.1:61678)'),
  'metrics-address': listenFlag('0.0.0.0:8080').describe('Address of GET /metrics and /health (default 0.0.0.0:8080)'),
  'log-level': choiceFlag(['debug', 'info', 'warn', 'error'], 'info').describe(
    'debug, info, warn or error (default info)',
  ),
  'dry-run': booleanFlag(false).describe(
    'Change nothing and log what would be changed, beside an ipamd that works or instead of it (default false)',
  ),
  adopt: booleanFlag(false).describe('Take over the objects of another install of the same names (default false)'),
  'enable-security-groups': givenSwitch().describe(
    'Manage the security groups of node ENIs (spec 000); default: the add-on value, else false',
  ),
  'security-groups': groupsFlag().describe(
    'Groups of new nodes, a comma list in order of priority; empty: those of each instance (spec 000)',
  ),
  'replace-security-groups-in-place': booleanFlag(false).describe(
    'Replace the groups of an ENI by one ModifyNetworkInterfaceAttribute, which needs a further CAM action (default false)',
  ),
  'ip-min-warm-target': optionalInteger(0, 1000).describe(
    'Addresses that a new node has ready, at least; default: the add-on value, else 5',
  ),
  'ip-max-warm-target': optionalInteger(0, 1000).describe(
    'Addresses that a new node has ready, at most; default: the add-on value, else 5',
  ),
  'enable-node-taint': booleanFlag(false).describe('Taint nodes that have no shared address left (default false)'),
  'enable-node-condition': booleanFlag(false).describe(
    'Set a condition on nodes that have no shared address left (default false)',
  ),
  'claim-expired-duration': claimDurationFlag().describe(
    'How long a kept address outlives its Pod, at least 5m (spec 004); default: the add-on value, else for ever',
  ),
  'enable-ownerref': givenSwitch().describe(
    'Release kept addresses with their workload, of workloads made from then on (spec 004); default: the add-on value, else false',
  ),
  'only-nominated-eni-subnets': booleanFlag(false).describe(
    'Static mode: addresses only for Pods that nominate their subnets (default false)',
  ),
} as const satisfies FlagSchemas;

/** The flags that controllers decide by. */
export function policyFlags(
  flags: {
    readonly [F in keyof typeof ipamdFlags]: z.output<(typeof ipamdFlags)[F]>;
  },
): PolicyFlags {
  return {
    enableSecurityGroups: flags['enable-security-groups'],
    securityGroups: flags['security-groups'],
    replaceSecurityGroupsInPlace: flags['replace-security-groups-in-place'],
    ipMinWarmTarget: flags['ip-min-warm-target'],
    ipMaxWarmTarget: flags['ip-max-warm-target'],
    enableNodeTaint: flags['enable-node-taint'],
    enableNodeCondition: flags['enable-node-condition'],
    claimExpiredMs: flags['claim-expired-duration'],
    enableOwnerRef: flags['enable-ownerref'],
    onlyNominatedEniSubnets: flags['only-nominated-eni-subnets'],
  };
}

/** The times of the election. */
export const electionOf = (flags: {
  'lease-duration': number;
  'renew-deadline': number;
  'retry-period': number;
}): LeaderElection => ({
  leaseDurationMs: flags['lease-duration'],
  renewDeadlineMs: flags['renew-deadline'],
  retryPeriodMs: flags['retry-period'],
});
