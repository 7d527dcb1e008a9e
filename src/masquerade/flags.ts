// The command line of ip-masq-agent: every flag with its default and what it accepts.
import { z } from 'zod';
import { choiceFlag, type FlagSchemas, requiredFlag, textFlag } from '../base/flags.ts';
import { listenFlag } from '../base/listen-flag.ts';

const POD_INTERFACES = 'tke*';

/** Of Linux, without the terminating zero. */
const MOST_NAME = 15;

const interfacesFlag = (): z.ZodType<readonly string[], string | undefined> =>
  z
    .string()
    .default(POD_INTERFACES)
    .transform((value, context) => {
      const names = value.split(',').map((name) => name.trim());
      if (names.every((name) => /^[A-Za-z0-9_.-]+\*?$/.test(name) && name.length <= MOST_NAME)) return names;
      context.addIssue({
        code: 'custom',
        message: 'expected names of links, each perhaps ending in *, e.g. tke*,cbr0',
      });
      return z.NEVER;
    });

/** One schema per flag; decoded in src/main, read by the DaemonSet's test. */
export const masqFlags = {
  kubeconfig: textFlag().describe('Kubeconfig file; without it, the ServiceAccount of the Pod'),
  'node-name': requiredFlag().describe('Name of the node that it runs on; required'),
  'pod-interfaces': interfacesFlag().describe(
    'Comma list of the links, on the node, from which Pods send (default tke*: those of tke-eni-agent)',
  ),
  'metrics-address': listenFlag('0.0.0.0:61680').describe(
    'Address of GET /metrics and /health (default 0.0.0.0:61680)',
  ),
  'log-level': choiceFlag(['debug', 'info', 'warn', 'error'], 'info').describe(
    'debug, info, warn or error (default info)',
  ),
} as const satisfies FlagSchemas;
