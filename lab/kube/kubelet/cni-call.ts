// Calls CNI plugins as a container runtime does: environment and JSON in, JSON out, the chain's results handed on.
import { posix } from 'node:path';
import { z } from 'zod';
import type { ExecResult, LabHost } from '../../host/types.ts';
import { CNI_BIN_DIR } from './cni-config.ts';
import type { CniNetwork } from './cni-config.ts';
import { kubeletError } from './errors.ts';

/** A sandbox as the plugins are told of it. */
export interface CniAttachment {
  readonly containerId: string;
  /** Name of the network namespace. */
  readonly netns: string;
  readonly podNamespace: string;
  readonly podName: string;
  readonly podUid: string;
}

export interface CniCaller {
  readonly host: LabHost;
  readonly nodeRoot: string;
  /** Network namespace that plugins run in; absent: the user's own network. */
  readonly nodeNetns?: string;
}

export interface CniResult {
  /** Addresses without their prefix length, in the plugin's order. */
  readonly ips: readonly string[];
  /** What the last plugin answered, for DEL. */
  readonly raw: unknown;
}

/** Longer than an ADD that waits for the cloud (45 s) may take; a plugin that hangs is killed. */
const PLUGIN_TIMEOUT_MS = 120_000;

const resultSchema = z.looseObject({ ips: z.array(z.object({ address: z.string() })).default([]) });
const errorSchema = z.object({ code: z.number(), msg: z.string(), details: z.string().optional() });

/** Runs the chain's ADD. Throws KUBELET-SANDBOX with the plugin, its CNI code and its message. */
export async function cniAdd(caller: CniCaller, network: CniNetwork, attachment: CniAttachment): Promise<CniResult> {
  let previous: unknown;
  for (const plugin of network.plugins) {
    const answer = await callPlugin(caller, network, plugin, attachment, 'ADD', previous);
    previous = parseAnswer(plugin.type, answer.stdout);
  }
  const decoded = resultSchema.safeParse(previous);
  if (!decoded.success)
    throw kubeletError(
      'sandbox',
      `network "${network.name}": the result has no readable ips: ${z.prettifyError(decoded.error)}`,
    );
  return { ips: decoded.data.ips.map(({ address }) => address.replace(/\/.*$/, '')), raw: previous };
}

/** Runs the chain's DEL, last plugin first. Throws KUBELET-SANDBOX at the first failure; calling it again is right. */
export async function cniDel(
  caller: CniCaller,
  network: CniNetwork,
  attachment: CniAttachment,
  added: unknown,
): Promise<void> {
  for (const plugin of network.plugins.toReversed())
    await callPlugin(caller, network, plugin, attachment, 'DEL', added);
}

async function callPlugin(
  { host, nodeRoot, nodeNetns }: CniCaller,
  network: CniNetwork,
  plugin: CniNetwork['plugins'][number],
  attachment: CniAttachment,
  command: 'ADD' | 'DEL',
  previous: unknown,
): Promise<ExecResult> {
  const { name, cniVersion } = network;
  const configuration = { ...plugin, name, cniVersion, ...(previous === undefined ? {} : { prevResult: previous }) };
  const result = await host.exec([posix.join(CNI_BIN_DIR, plugin.type)], {
    root: nodeRoot,
    ...(nodeNetns === undefined ? {} : { netns: nodeNetns }),
    env: pluginEnvironment(attachment, command),
    stdin: JSON.stringify(configuration),
    timeoutMs: PLUGIN_TIMEOUT_MS,
  });
  if (result.code === 0) return result;
  throw kubeletError(
    'sandbox',
    `plugin type="${plugin.type}" failed (${command.toLowerCase()}): ${failureText(result)}`,
  );
}

function pluginEnvironment(attachment: CniAttachment, command: string): Record<string, string> {
  const args = {
    IgnoreUnknown: '1',
    K8S_POD_NAMESPACE: attachment.podNamespace,
    K8S_POD_NAME: attachment.podName,
    K8S_POD_INFRA_CONTAINER_ID: attachment.containerId,
    K8S_POD_UID: attachment.podUid,
  };
  return {
    CNI_COMMAND: command,
    CNI_CONTAINERID: attachment.containerId,
    CNI_NETNS: `/var/run/netns/${attachment.netns}`,
    CNI_IFNAME: 'eth0',
    CNI_PATH: CNI_BIN_DIR,
    CNI_ARGS: Object.entries(args)
      .map(([key, value]) => `${key}=${value}`)
      .join(';'),
  };
}

function parseAnswer(type: string, stdout: string): unknown {
  try {
    return JSON.parse(stdout) as unknown;
  } catch (error) {
    throw kubeletError(
      'sandbox',
      `plugin type="${type}" failed (add): its answer is not JSON: ${stdout.slice(0, 200)}`,
      error,
    );
  }
}

/** A plugin tells its error as JSON on stdout; one that died or does not exist leaves only its exit code and stderr. */
function failureText({ code, stdout, stderr }: ExecResult): string {
  const told = errorSchema.safeParse(tryJson(stdout));
  if (!told.success) return `exit code ${code}: ${(stderr || stdout).trim().slice(0, 500)}`;
  const { code: cniCode, msg, details } = told.data;
  return `CNI code ${cniCode}: ${msg}${details === undefined || details === '' ? '' : `; ${details}`}`;
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
