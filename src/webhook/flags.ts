// The command line of the webhook: every flag with its default and what it accepts.
import { isIP } from 'node:net';
import { z } from 'zod';
import { objectNames } from '../api/keys.ts';
import { booleanFlag, choiceFlag, type FlagSchemas, textFlag } from '../base/flags.ts';
import { listenFlag } from '../base/listen-flag.ts';

const nameFlag = (fallback: string): z.ZodType<string, string | undefined> =>
  z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'expected a Kubernetes name: lower-case letters, digits and "-"')
    .default(fallback);

const namesFlag = (): z.ZodType<readonly string[], string | undefined> =>
  z
    .string()
    .default('')
    .transform((value) => value.split(',').filter((name) => name !== ''))
    .refine((names) => names.every((name) => isIP(name) !== 0 || /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name)), {
      error: 'expected DNS names and IP addresses separated by commas, e.g. 127.0.0.1,webhook.example.com',
    });

/** One schema per flag; decoded in src/main, read by the deployment's test. */
export const webhookFlags = {
  kubeconfig: textFlag().describe('Kubeconfig file; without it, the ServiceAccount of the Pod'),
  listen: listenFlag('0.0.0.0:61679').describe('Address of the HTTPS server (default 0.0.0.0:61679)'),
  'advertise-address': textFlag().describe(
    'Address at which the other replicas reach this one (default the host of --listen; with none, as for 0.0.0.0, policies are read from the API for every Pod)',
  ),
  'service-name': nameFlag(objectNames.webhook).describe(
    'Service that the API server calls; its names are in the certificate',
  ),
  'service-namespace': nameFlag(objectNames.webhookNamespace).describe(
    'Namespace of that Service and of the certificate Secret',
  ),
  'serving-names': namesFlag().describe(
    'Further names and addresses of the certificate, separated by commas, for configurations that name a URL (default none)',
  ),
  'default-cni': textFlag().describe(
    'Network of Pods that name none, e.g. tke-route-eni (default: defaultDelegates of ConfigMap kube-system/tke-cni-agent-conf, else tke-route-eni)',
  ),
  'enable-eip-resource': booleanFlag(true).describe(
    'Pods that ask for an EIP get the resource tke.cloud.tencent.com/eip, so that they wait for a node that has one left (default true)',
  ),
  'log-level': choiceFlag(['debug', 'info', 'warn', 'error'], 'info').describe(
    'debug, info, warn or error (default info)',
  ),
} as const satisfies FlagSchemas;
