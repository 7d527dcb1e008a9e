// The network configuration of the node: there exactly while the agent can connect Pods, since the runtime takes it as "network ready".
import { watch } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TrunklineError } from '../base/errors.ts';
import { agentErrors } from './errors.ts';
import { readIfThere, removeDurably, writeDurably } from './durable-file.ts';

/** Sorts before what other networks leave in the directory. */
export const CONFLIST_NAME = '10-tke-eni.conflist';

/**
 * The shape that chaining guides expect (facts: tke, 2.2), without `routeTable` and `backend`, which mean nothing here. The oldest version that
 * is spoken, because the runtime gives it to every plugin that somebody chains behind ours.
 */
export const conflist = {
  cniVersion: '0.3.1',
  name: 'tke-eni',
  plugins: [{ type: 'tke-route-eni', disableIPv6: true, mtu: 1500, ipam: { type: 'tke-eni-ipamc' } }],
} as const;

/** Plugins of others behind ours, each opted into by the agent's flag of that name (facts: tke, 5.1); what they are given is the runtime's. */
export const chained = {
  'port-mapping': { type: 'portmap', capabilities: { portMappings: true } },
  bandwidth: { type: 'bandwidth', capabilities: { bandwidth: true } },
} as const;
export type Chained = keyof typeof chained;

/** Throws AGENT-PLUGIN-MISSING: with a plugin that is not there, no Pod of the node could be connected. */
export async function requireChained(binDirectory: string, names: readonly Chained[]): Promise<void> {
  for (const name of names) {
    const path = join(binDirectory, chained[name].type);
    if ((await readIfThere(path)) === undefined)
      throw new TrunklineError(agentErrors.pluginMissing, `--${name} needs the CNI plugin ${path}, which is not there`);
  }
}

export interface ConflistFile {
  /** Writes it whole; untouched when it is right already, since runtimes reload at each change. */
  publish(): Promise<void>;
  withdraw(): Promise<void>;
  /** Calls `changed` when somebody, this program too, did something to the directory, until `signal` aborts. Makes the directory when it is missing. */
  watch(changed: () => void, signal: AbortSignal): Promise<void>;
}

/** Below `directory`, normally /etc/cni/net.d. */
export function createConflistFile(directory: string, names: readonly Chained[] = []): ConflistFile {
  const path = join(directory, CONFLIST_NAME);
  const list = { ...conflist, plugins: [...conflist.plugins, ...names.map((name) => chained[name])] };
  const content = `${JSON.stringify(list, undefined, 2)}\n`;
  return {
    publish: async () => {
      if ((await readIfThere(path))?.toString() !== content) await writeDurably(path, content, 0o644);
    },
    withdraw: () => removeDurably(path),
    watch: async (changed, signal) => {
      await mkdir(directory, { recursive: true });
      await new Promise<void>((resolve, reject) => {
        const watcher = watch(directory, { signal }, changed);
        watcher.on('error', (error) => (signal.aborted ? resolve() : reject(error)));
        watcher.on('close', resolve);
      });
    },
  };
}
