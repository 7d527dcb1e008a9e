// The command line of the agent: every flag with its default and what it accepts.
import { z } from 'zod';
import { booleanFlag, choiceFlag, durationFlag, type FlagSchemas, requiredFlag, textFlag } from '../base/flags.ts';
import { listenFlag } from '../base/listen-flag.ts';
import { linkDriverChoices } from './link-driver.ts';

const pathFlag = (fallback: string): z.ZodType<string, string | undefined> =>
  z.string().regex(/^\//, `expected an absolute path, e.g. ${fallback}`).default(fallback);

/** Below the 60 s after which the entry gives a call up (DESIGN section 6: 45 s). */
const ADD_TIMEOUT_MS = 45_000;
const MOST_ADD_TIMEOUT_MS = 55_000;

/** DESIGN, decision 2: whoever still talks to the Pod before must not meet the next one. */
const ADDRESS_REST_MS = 30_000;
const MOST_ADDRESS_REST_MS = 3_600_000;

/** One schema per flag; decoded in src/main, read by the DaemonSet's test. */
export const agentFlags = {
  kubeconfig: textFlag().describe('Kubeconfig file; without it, the ServiceAccount of the Pod'),
  'node-name': requiredFlag().describe('Name of the node that the agent runs on; required'),
  'cni-bin-dir': pathFlag('/opt/cni/bin').describe('Where the CNI binaries are installed (default /opt/cni/bin)'),
  'cni-conf-dir': pathFlag('/etc/cni/net.d').describe(
    'Where the CNI configuration is written (default /etc/cni/net.d)',
  ),
  socket: pathFlag('/run/tke-eni-agent/agent.sock').describe(
    'Socket that the CNI binaries call (default /run/tke-eni-agent/agent.sock)',
  ),
  'state-dir': pathFlag('/var/lib/cni/tke-eni-agent').describe(
    'What is wired, and recorded deletions (default /var/lib/cni/tke-eni-agent)',
  ),
  'netns-dir': pathFlag('/run/netns').describe("Where the runtime's network namespaces are seen (default /run/netns)"),
  'cni-entry': textFlag().describe('CNI binary to install; default: the built one, else the sh and curl fallback'),
  'link-driver': choiceFlag(linkDriverChoices, 'auto').describe(
    'auto, vlan or veth: how sub-ENIs appear on the node (default auto: the first that the kernel offers)',
  ),
  'add-timeout': durationFlag(ADD_TIMEOUT_MS)
    .refine((ms) => ms > 0 && ms <= MOST_ADD_TIMEOUT_MS, 'expected more than 0s and at most 55s, e.g. 45s')
    .describe('How long ADD waits for the network of a Pod, at most 55s (default 45s)'),
  'address-rest': durationFlag(ADDRESS_REST_MS)
    .refine((ms) => ms <= MOST_ADDRESS_REST_MS, 'expected at most 1h, e.g. 30s')
    .describe('How long a shared address is left alone after its Pod is gone, at most 1h (default 30s)'),
  'port-mapping': booleanFlag(false).describe(
    "Chain the node's plugin portmap behind ours, for the hostPort of Pods (default false)",
  ),
  bandwidth: booleanFlag(false).describe(
    "Chain the node's plugin bandwidth behind ours, for kubernetes.io/ingress-bandwidth and egress-bandwidth (default false)",
  ),
  'enable-quick-release': booleanFlag(false).describe(
    'Have ipamd take all surplus addresses of this node back in each round of 2 minutes, not one (default false)',
  ),
  'health-address': listenFlag('127.0.0.1:61681').describe(
    'Address of GET /health, /ready and /metrics (default 127.0.0.1:61681)',
  ),
  'log-level': choiceFlag(['debug', 'info', 'warn', 'error'], 'info').describe(
    'debug, info, warn or error (default info)',
  ),
} as const satisfies FlagSchemas;

/** Of the command `inspect`: prints what the agent that runs on this node holds, as JSON. */
export const inspectFlags = { socket: agentFlags.socket } as const satisfies FlagSchemas;
