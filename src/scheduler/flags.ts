// The command line of the scheduler extender: every flag with its default and what it accepts.
import { booleanFlag, choiceFlag, type FlagSchemas, textFlag } from '../base/flags.ts';
import { listenFlag } from '../base/listen-flag.ts';

/** One schema per flag; decoded in src/main, read by the deployment's test. */
export const schedulerFlags = {
  kubeconfig: textFlag().describe('Kubeconfig file; without it, the ServiceAccount of the Pod'),
  listen: listenFlag('0.0.0.0:50055').describe('Address of the HTTP server (default 0.0.0.0:50055)'),
  'leader-elect': booleanFlag(true).describe('Only the replica that holds the Lease binds (default true)'),
  'only-nominated-eni-subnets': booleanFlag(false).describe(
    'Only Pods that nominate subnets get an address; to be given to ipamd as well (default false)',
  ),
  'log-level': choiceFlag(['debug', 'info', 'warn', 'error'], 'info').describe(
    'debug, info, warn or error (default info)',
  ),
} as const satisfies FlagSchemas;
