// What is wired on this node: one file per container, read once at start and kept in memory.
import { readdirSync, renameSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errorText, TrunklineError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { isMissing, readIfThere, removeWhole, writeOver, writeWhole } from './durable-file.ts';
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
  const files = createRecordFiles(directory);
  const records = new Map<string, Wired>();
  /** Oldest first; so that no call looks through the records of all Pods. */
  const byPod = new Map<string, readonly Wired[]>();
  let sequence = 0;
  const forget = (containerId: string): void => {
    const known = records.get(containerId);
    if (known === undefined) return;
    records.delete(containerId);
    const others = (byPod.get(known.pod.uid) ?? []).filter((record) => record.containerId !== containerId);
    if (others.length === 0) byPod.delete(known.pod.uid);
    else byPod.set(known.pod.uid, others);
  };
  const remember = (record: Wired): void => {
    forget(record.containerId);
    records.set(record.containerId, record);
    const all = [...(byPod.get(record.pod.uid) ?? []), record];
    byPod.set(
      record.pod.uid,
      all.toSorted((a, b) => a.sequence - b.sequence),
    );
  };
  return {
    load: async () => {
      // A record that was begun stands for its container, whatever else is there.
      for (const name of namesIn(directory).toSorted((a, b) => Number(isBegun(a)) - Number(isBegun(b)))) {
        if (name.startsWith('.') || !(isWhole(name) || isBegun(name))) continue;
        try {
          const bytes = await readIfThere(join(directory, name));
          // A power cut came before the kernel had written it, and took what it told of along.
          if (bytes?.length === 0) {
            removeWhole(join(directory, name));
            continue;
          }
          const record = wiredSchema.parse(JSON.parse(String(bytes)));
          if (isBegun(name)) files.supersede(record.containerId);
          remember(isBegun(name) ? { ...record, phase: 'wiring' } : record);
          sequence = Math.max(sequence, record.sequence);
        } catch (cause) {
          if (isBegun(name) && cause instanceof SyntaxError) {
            logger.warn(
              { file: name, error: errorText(cause) },
              'a record was cut off before its wiring began; dropped',
            );
            removeWhole(join(directory, name));
            continue;
          }
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
    ofPod: (uid) => byPod.get(uid) ?? [],
    put: async (record) => {
      // In memory first: whoever asks meanwhile must not think that nothing is there.
      const before = records.get(record.containerId);
      remember(record);
      try {
        await Promise.resolve(files.write(record, before));
      } catch (error) {
        forget(record.containerId);
        if (before !== undefined) remember(before);
        throw error;
      }
    },
    remove: async (containerId) => {
      await Promise.resolve(files.remove(containerId, records.get(containerId)?.phase));
      forget(containerId);
    },
    nextSequence: () => ++sequence,
  };
}

interface RecordFiles {
  /** `before`: the record of this container that is in its file now. */
  write(record: Wired, before: Wired | undefined): void;
  /** `phase`: of the record of this container. */
  remove(containerId: string, phase: Wired['phase'] | undefined): void;
  /** A record of an earlier phase is not to come back. */
  supersede(containerId: string): void;
}

const isWhole = (name: string): boolean => name.endsWith('.json');
const isBegun = (name: string): boolean => name.endsWith('.wiring');

/**
 * The name tells the phase: `ID.wiring` is written before the kernel is touched, and becomes `ID.json` by one rename, which needs no room on the
 * disk. One that was cut off while it was written tells of nothing that was done. Records of older releases tell `wiring` inside.
 */
function createRecordFiles(directory: string): RecordFiles {
  const begun = (containerId: string): string => join(directory, `${containerId}.wiring`);
  const whole = (containerId: string): string => join(directory, `${containerId}.json`);
  const textOf = (record: Wired): string => `${JSON.stringify({ ...record, phase: 'wired' })}\n`;
  return {
    write: (record, before) => {
      const { containerId } = record;
      if (record.phase === 'wiring') {
        writeOver(begun(containerId), textOf(record));
        if (before?.phase === 'wired') removeWhole(whole(containerId));
        return;
      }
      if (before?.phase === 'wiring' && textOf(before) === textOf(record))
        renameSync(begun(containerId), whole(containerId));
      else writeWhole(whole(containerId), textOf(record));
    },
    remove: (containerId, phase) => {
      if (phase !== 'wired') removeWhole(begun(containerId));
      removeWhole(whole(containerId));
    },
    supersede: (containerId) => removeWhole(whole(containerId)),
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
