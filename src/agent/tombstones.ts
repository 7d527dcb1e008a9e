// Deletions that the entry recorded while the agent was away: done in their order before any ADD is served.
import { watch } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { type CniCall, decodeCall } from '../cni/call.ts';
import { readIfThere, removeDurably } from './durable-file.ts';
import { namesIn } from './wired-store.ts';

export interface Tombstones {
  /** Hands every recorded DEL to `carryOut`, then forgets it. One that fails stays and rejects; one that cannot be read is set aside. */
  process(carryOut: (call: CniCall) => Promise<void>): Promise<void>;
  /**
   * Calls `process` at once and whenever the directory changes, until `signal` aborts: the entry may record a deletion between the start of the
   * agent and its first answer, or while the agent is too busy to answer. A failure is logged; the next change or ADD tries again.
   */
  watch(process: () => Promise<void>, signal: AbortSignal): Promise<void>;
}

/** The files that cni-entry writes below `directory`: header lines, an empty line, the body. */
export function createTombstones(options: { directory: string; logger: Logger }): Tombstones {
  const { directory, logger } = options;
  const processAll = async (carryOut: (call: CniCall) => Promise<void>): Promise<void> => {
    for (const name of namesIn(directory)) {
      if (name.startsWith('.') || name.endsWith('.unreadable')) continue;
      const path = join(directory, name);
      const bytes = await readIfThere(path);
      if (bytes === undefined) continue;
      let call: CniCall;
      try {
        call = parseTombstone(bytes.toString());
      } catch (error) {
        logger.error({ path, error: errorText(error) }, 'tombstone cannot be read; set aside');
        await rename(path, `${path}.unreadable`);
        continue;
      }
      await carryOut(call);
      await removeDurably(path);
      logger.info({ containerId: call.containerId }, 'recorded deletion carried out');
    }
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    process: (carryOut) => {
      // One at a time: two that read the same file would get in each other's way.
      const own = last.then(() => processAll(carryOut));
      last = own.catch(() => undefined);
      return own;
    },
    watch: async (process, signal) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const attempt = (): Promise<void> =>
        process().catch((error: unknown) => {
          logger.error({ error: errorText(error) }, 'recorded deletions cannot be carried out; they stay recorded');
        });
      await new Promise<void>((resolve, reject) => {
        const watcher = watch(directory, { signal }, () => void attempt());
        watcher.on('error', (error) => (signal.aborted ? resolve() : reject(error)));
        watcher.on('close', resolve);
        // Watching already, so that nothing falls between.
        void attempt();
      });
    },
  };
}

/** Throws CniError when it is not a DEL with a container id. */
export function parseTombstone(text: string): CniCall {
  const end = text.indexOf('\r\n\r\n');
  const headers = new Map(
    text
      .slice(0, Math.max(end, 0))
      .split('\r\n')
      .map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
      }),
  );
  const call = decodeCall((name) => headers.get(name) ?? '', end < 0 ? '' : text.slice(end + 4));
  if (call.command !== 'DEL') throw new Error(`a tombstone holds ${call.command}; only DEL is recorded`);
  return call;
}
