// The network configuration of the node: there exactly while the agent can connect Pods, since the runtime takes it as "network ready".
import { join } from 'node:path';
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

export interface ConflistFile {
  /** Writes it whole; untouched when it is right already, since runtimes reload at each change. */
  publish(): Promise<void>;
  withdraw(): Promise<void>;
}

/** Below `directory`, normally /etc/cni/net.d. */
export function createConflistFile(directory: string): ConflistFile {
  const path = join(directory, CONFLIST_NAME);
  const content = `${JSON.stringify(conflist, undefined, 2)}\n`;
  return {
    publish: async () => {
      if ((await readIfThere(path))?.toString() !== content) await writeDurably(path, content, 0o644);
    },
    withdraw: () => removeDurably(path),
  };
}
