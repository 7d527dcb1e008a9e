// Puts the CNI entry where the runtime looks for plugins.
import { join } from 'node:path';
import { TrunklineError } from '../base/errors.ts';
import { readIfThere, writeDurably } from './durable-file.ts';
import { agentErrors } from './errors.ts';

/** Every name is the same program; the last one only answers that it is no plugin of its own (facts: tke, 2.2). */
export const pluginNames = ['tke-route-eni', 'tke-sub-eni', 'tke-eni-ipamc'] as const;

export interface InstallOptions {
  /** Directory of the runtime's plugins, normally /opt/cni/bin. */
  readonly directory: string;
  /** Candidates, best first: the built binary, then the sh fallback. The first that exists is taken. */
  readonly entries: readonly string[];
}

/** Replaces by rename, so that a plugin that runs is not disturbed. Resolves with the entry that was taken; throws AGENT-ENTRY-MISSING. */
export async function installPlugins({ directory, entries }: InstallOptions): Promise<string> {
  for (const entry of entries) {
    const bytes = await readIfThere(entry);
    if (bytes === undefined) continue;
    for (const name of pluginNames) {
      const path = join(directory, name);
      if ((await readIfThere(path))?.equals(bytes) !== true) await writeDurably(path, bytes, 0o755);
    }
    return entry;
  }
  throw new TrunklineError(agentErrors.entryMissing, `no CNI entry to install: looked for ${entries.join(', ')}`);
}
