// Keeps a store in a data directory: read at the start, saved at intervals while it changes, and once more at a clean stop.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../../src/base/clock.ts';
import { errorText } from '../../../../src/base/errors.ts';
import type { Logger } from '../../../../src/base/logger.ts';
import { lockDataDir } from './data-dir-lock.ts';
import { readState, writeState } from './state-file.ts';
import type { Store } from './store.ts';

/** At most this much is lost when the process ends without a clean stop. */
export const SAVE_EVERY_MS = 10_000;

/** Far more changes than happen between two saves. */
const RESERVE = 1_000_000;

interface PersistenceDeps {
  readonly dataDir: string;
  /** Empty; whoever follows its collections already does. */
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Persistence {
  /** How many objects were there at the start. */
  readonly restored: number;
  /** Saves for the last time and releases the directory. Rejects when the state cannot be written. */
  close(): Promise<void>;
}

/**
 * Fills the store from `dataDir`, made when absent, and keeps it there from now on. Revisions go on upwards: after a clean stop
 * from the last one, otherwise from one that the lost server cannot have reached. Rejects with StateFileError for a file that
 * cannot be used, and when another server has the directory.
 */
export async function openPersistence({ dataDir, store, clock, logger }: PersistenceDeps): Promise<Persistence> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const release = await lockDataDir(dataDir);
  const path = join(dataDir, 'state.jsonl');
  const save = (clean: boolean): Promise<void> => {
    const { revision } = store;
    return writeState(path, store, { revision, reserved: clean ? revision : revision + RESERVE, clean });
  };
  let restored = 0;
  try {
    const found = await readState(path);
    for (const { collection, key, object } of found?.objects ?? []) store.collection(collection).restore(key, object);
    restored = found?.objects.length ?? 0;
    if (found !== undefined) {
      const { clean, revision, reserved } = found.state;
      store.continueFrom(clean ? revision : reserved);
      if (!clean)
        logger.warn({ path }, 'the last stop was not clean: the newest changes, up to 10 s of them, may be lost');
    }
    // From here on the file no longer tells everything.
    await save(false);
  } catch (error) {
    await release();
    throw error;
  }
  const saver = startSaver({ store, clock, logger, save: () => save(false), path });
  return {
    restored,
    async close() {
      await saver.stop();
      try {
        await save(true);
      } finally {
        await release();
      }
    },
  };
}

interface SaverDeps extends Pick<PersistenceDeps, 'store' | 'clock' | 'logger'> {
  readonly save: () => Promise<void>;
  readonly path: string;
}

/** Saves at intervals when something has changed since; one save at a time. */
function startSaver({ store, clock, logger, save, path }: SaverDeps): { stop(): Promise<void> } {
  let saved = store.revision;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  let cancel = (): void => undefined;
  const saveIfChanged = async (): Promise<void> => {
    const { revision } = store;
    if (revision === saved) return;
    try {
      await save();
      saved = revision;
    } catch (error) {
      logger.error({ path, error: errorText(error) }, 'the state was not saved; it is tried again');
    }
  };
  const schedule = (): void => {
    if (stopped) return;
    cancel = clock.after(SAVE_EVERY_MS, () => {
      running = saveIfChanged().then(schedule);
    });
  };
  schedule();
  return {
    async stop() {
      stopped = true;
      cancel();
      await running;
    },
  };
}
