// What is wired on this node: one file per container, read once at start and kept in memory.
import { readdirSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errorText, TrunklineError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { isMissing, readIfThere, removeWhole, writeWhole } from './durable-file.ts';
import { agentErrors } from './errors.ts';
import { wiringSchema } from './wiring.ts';

export const wiredSchema = z.object({
  /** Counts upward over the life of the node's state: the newest record of a Pod is the sandbox that is served. */
  sequence: z.int(),
  /** `wiring` until the kernel has everything: a record that stays so is taken back, never trusted. */
  phase: z.enum(['wiring', 'wired']),
  containerId: z.string(),
  pod: z.object({ namespace: z.string(), name: z.string(), uid: z.string() }),
  /** What made the link of a sub-ENI; absent for a shared ENI, whose device is the node's own. */
  linkDriver: z.enum(['vlan', 'veth']).optional(),
  wiring: wiringSchema,
});
export type Wired = z.infer<typeof wiredSchema>;

export interface WiredStore {
  /** Reads the directory; a file that cannot be read is set aside with the ending `.unreadable`, and logged. */
  load(): Promise<void>;
  get(containerId: string): Wired | undefined;
  list(): readonly Wired[];
  /** Oldest first. */
  ofPod(uid: string): readonly Wired[];
  /**
   * Resolves once it is in its file: whole after SIGKILL at any point. It is not synced (ADR 0032): what it tells of is in the kernel, and gone with it
   * after a power cut. When it cannot be written, it rejects, and the record is what it was before.
   */
  put(record: Wired): Promise<void>;
  remove(containerId: string): Promise<void>;
  nextSequence(): number;
}

/** Below `directory`, which is made when missing. */
export function createWiredStore(options: { directory: string; logger: Logger }): WiredStore {
  const { directory, logger } = options;
  const records = new Map<string, Wired>();
  let sequence = 0;
  const pathOf = (containerId: string): string => join(directory, `${containerId}.json`);
  const writeFor = async (record: Wired): Promise<void> => {
    await Promise.resolve(writeWhole(pathOf(record.containerId), `${JSON.stringify(record)}\n`));
  };
  const removeFor = async (containerId: string): Promise<void> => {
    await Promise.resolve(removeWhole(pathOf(containerId)));
  };
  return {
    load: async () => {
      for (const name of namesIn(directory)) {
        if (!name.endsWith('.json') || name.startsWith('.')) continue;
        try {
          const bytes = await readIfThere(join(directory, name));
          // A power cut came before the kernel had written it, and took what it told of along.
          if (bytes?.length === 0) {
            removeWhole(join(directory, name));
            continue;
          }
          const record = wiredSchema.parse(JSON.parse(String(bytes)));
          records.set(record.containerId, record);
          sequence = Math.max(sequence, record.sequence);
        } catch (cause) {
          const error = new TrunklineError(
            agentErrors.stateUnreadable,
            `${join(directory, name)}: ${errorText(cause)}`,
          );
          logger.error({ code: error.code, error: error.message }, 'state file set aside');
          await rename(join(directory, name), join(directory, `${name}.unreadable`));
        }
      }
    },
    get: (containerId) => records.get(containerId),
    list: () => [...records.values()],
    ofPod: (uid) =>
      [...records.values()].filter((record) => record.pod.uid === uid).toSorted((a, b) => a.sequence - b.sequence),
    put: async (record) => {
      // In memory first: whoever asks meanwhile must not think that nothing is there.
      const before = records.get(record.containerId);
      records.set(record.containerId, record);
      try {
        await writeFor(record);
      } catch (error) {
        if (before === undefined) records.delete(record.containerId);
        else records.set(record.containerId, before);
        throw error;
      }
    },
    remove: async (containerId) => {
      await removeFor(containerId);
      records.delete(containerId);
    },
    nextSequence: () => ++sequence,
  };
}

/** Names in a directory; none when it does not exist. */
export function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
