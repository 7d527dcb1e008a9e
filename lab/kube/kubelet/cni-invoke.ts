// Calls CNI plugins as a container runtime does: environment and configuration in, result or error out.
import { z } from 'zod';

import { errorText } from '../../../src/base/errors.ts';
import type { LabHost } from '../../host/types.ts';
import type { CapabilityArgs } from './capability-args.ts';
import { CNI_BIN_DIR } from './cni-config.ts';
import type { CniNetwork, CniPluginConf } from './cni-config.ts';
import { kubeletError } from './errors.ts';

const TIMEOUT_MS = 90_000;

/** The sandbox that a call is about. */
export interface CniTarget {
  readonly containerId: string;
  /** Name of the network namespace, below /run/netns. */
  readonly netns: string;
  readonly podNamespace: string;
  readonly podName: string;
  readonly podUid: string;
  /** For plugins that have the capability of that name. */
  readonly capabilityArgs?: CapabilityArgs;
}

export interface CniResult {
  /** Without prefix length, in the plugin's order. */
  readonly ips: readonly string[];
  /** As the last plugin wrote it: `prevResult` of the DEL to come. */
  readonly raw: unknown;
}

export interface CniInvoker {
  /** Runs the plugins in order, each given the result before it. Throws KUBELET-SANDBOX with the plugin's code and message. */
  add(network: CniNetwork, target: CniTarget): Promise<CniResult>;
  /** Runs them backwards, given the result of ADD where there was one. Throws as `add` does. */
  del(network: CniNetwork, target: CniTarget, result: unknown): Promise<void>;
}

const resultSchema = z.looseObject({ ips: z.array(z.looseObject({ address: z.string() })).default([]) });
const errorSchema = z.looseObject({ code: z.number(), msg: z.string().default(''), details: z.string().default('') });

/** Plugins run in the node's network namespace and root. */
export function createCniInvoker(deps: {
  readonly host: Pick<LabHost, 'exec'>;
  readonly nodeRoot: string;
  /** Absent: the user's own network. */
  readonly nodeNetns?: string;
}): CniInvoker {
  const call = async (
    command: 'ADD' | 'DEL',
    network: CniNetwork,
    plugin: CniPluginConf,
    target: CniTarget,
    prevResult: unknown,
  ): Promise<string> => {
    const { name, cniVersion } = network;
    const { capabilities, ...own } = plugin;
    const conf = {
      ...own,
      name,
      cniVersion,
      ...runtimeConfig(capabilities, target.capabilityArgs),
      ...(prevResult === undefined ? {} : { prevResult }),
    };
    const what = `plugin type="${plugin.type}" failed (${command.toLowerCase()})`;
    const done = await deps.host
      .exec([`${CNI_BIN_DIR}/${plugin.type}`], {
        ...(deps.nodeNetns === undefined ? {} : { netns: deps.nodeNetns }),
        root: deps.nodeRoot,
        env: cniEnv(command, target),
        stdin: JSON.stringify(conf),
        timeoutMs: TIMEOUT_MS,
      })
      .catch((error: unknown) => {
        throw kubeletError('sandbox', `${what}: ${errorText(error)}`, error);
      });
    if (done.code === 0) return done.stdout;
    throw kubeletError('sandbox', `${what}: ${failureText(done)}`);
  };
  return {
    add: async (network, target) => {
      let raw: unknown;
      for (const plugin of network.plugins)
        raw = asResult(plugin, await call('ADD', network, plugin, target, raw)) ?? raw;
      const { ips } = resultSchema.parse(raw ?? {});
      return { ips: ips.map(({ address }) => address.split('/')[0] ?? address), raw };
    },
    del: async (network, target, result) => {
      for (const plugin of network.plugins.toReversed()) await call('DEL', network, plugin, target, result);
    },
  };
}

/** Only what the plugin asks for and the Pod has (CNI specification, "Deriving runtimeConfig"). */
function runtimeConfig(capabilities: unknown, args: CapabilityArgs = {}): { readonly runtimeConfig?: object } {
  const wanted = z.record(z.string(), z.unknown()).catch({}).parse(capabilities);
  const given = Object.entries(args).filter(([name]) => wanted[name] === true);
  return given.length === 0 ? {} : { runtimeConfig: Object.fromEntries(given) };
}

/** The variables of the CNI specification, section "Parameters". */
export function cniEnv(command: 'ADD' | 'DEL', target: CniTarget): Record<string, string> {
  return {
    CNI_COMMAND: command,
    CNI_CONTAINERID: target.containerId,
    CNI_NETNS: `/var/run/netns/${target.netns}`,
    CNI_IFNAME: 'eth0',
    CNI_PATH: CNI_BIN_DIR,
    CNI_ARGS: [
      'IgnoreUnknown=1',
      `K8S_POD_NAMESPACE=${target.podNamespace}`,
      `K8S_POD_NAME=${target.podName}`,
      `K8S_POD_INFRA_CONTAINER_ID=${target.containerId}`,
      `K8S_POD_UID=${target.podUid}`,
    ].join(';'),
  };
}

function asResult(plugin: CniPluginConf, stdout: string): unknown {
  const parsed = parseJson(stdout);
  const result = resultSchema.safeParse(parsed ?? {});
  if (result.success) return parsed;
  throw kubeletError(
    'sandbox',
    `plugin type="${plugin.type}" succeeded (add) with an answer that is no CNI result: ${stdout.slice(0, 200)}`,
  );
}

/** The plugin's own error object where there is one, else its exit code and words. */
function failureText(done: { readonly code: number; readonly stdout: string; readonly stderr: string }): string {
  const parsed = errorSchema.safeParse(parseJson(done.stdout));
  if (parsed.success) {
    const { code, msg, details } = parsed.data;
    return `code ${code}: ${msg}${details === '' ? '' : `; ${details}`}`;
  }
  return `exit code ${done.code}: ${(done.stderr || done.stdout).trim().slice(0, 500)}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
