// Reads the log of a container from its file, and goes on as long as the container writes to it.
import { watch } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { Clock } from '../../../../src/base/clock.ts';
import { createLineWriter } from './log-lines.ts';
import type { LineFilter } from './log-lines.ts';

export interface ReadLogOptions extends LineFilter {
  /** Only the last lines of what is there at the beginning. */
  readonly tailLines?: number | undefined;
  /** Resolves when nothing more will be written; absent: what is there is all. */
  readonly until?: Promise<unknown> | undefined;
}

const CHUNK = 64 * 1024;
/** Should the kernel not tell of a change, the file is looked at anyway; the kubelet's logForceCheckPeriod. */
const LOOK_AGAIN_MS = 1_000;

/** Ends with the file, or with `until`, or when `signal` aborts. Rejects when the file cannot be read. */
export async function* readLog(
  clock: Clock,
  file: string,
  options: ReadLogOptions,
  signal: AbortSignal,
): AsyncIterable<Buffer> {
  const writer = createLineWriter(options);
  const changes = options.until === undefined ? undefined : watchChanges(clock, file, options.until, signal);
  let handle = await open(file, 'r');
  let at = await tailStart(handle, options.tailLines);
  try {
    while (!signal.aborted && !writer.isFull) {
      // Asked before the end of the file is met: what was written until then is read.
      const over = changes?.isOver() ?? true;
      const read = await handle.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, at);
      at += read.bytesRead;
      if (read.bytesRead > 0) {
        const shown = writer.take(read.buffer.subarray(0, read.bytesRead));
        if (shown.length > 0) yield shown;
        continue;
      }
      const fresh = await replacement(handle, file);
      if (fresh !== undefined) {
        await handle.close();
        handle = fresh;
        at = 0;
        writer.reset();
        continue;
      }
      if (over) return;
      await changes?.next();
    }
  } finally {
    changes?.close();
    await handle.close();
  }
}

/** The file that has taken the place of an open one, opened; `undefined` while it is the same. */
async function replacement(handle: FileHandle, file: string): Promise<FileHandle | undefined> {
  const now = await stat(file).catch(() => undefined);
  if (now === undefined || now.ino === (await handle.stat()).ino) return undefined;
  return open(file, 'r').catch(() => undefined);
}

/** Where the last `lines` of a file begin. */
async function tailStart(handle: FileHandle, lines: number | undefined): Promise<number> {
  if (lines === undefined) return 0;
  const { size } = await handle.stat();
  let found = 0;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - CHUNK);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
    for (let index = bytesRead - 1; index >= 0; index--) {
      if (buffer[index] !== 0x0a) continue;
      found += 1;
      if (found > lines) return start + index + 1;
    }
    end = start;
  }
  return 0;
}

interface Changes {
  isOver(): boolean;
  /** Resolves when the file may have changed, or nothing more will come. */
  next(): Promise<void>;
  close(): void;
}

function watchChanges(clock: Clock, file: string, until: Promise<unknown>, signal: AbortSignal): Changes {
  const state: { over: boolean; seen: boolean; wake: () => void } = { over: false, seen: false, wake: () => undefined };
  const change = (): void => {
    state.seen = true;
    state.wake();
  };
  const arm = (): { close(): void } => {
    try {
      return watch(file, change).on('error', change);
    } catch {
      // Between two files of a rotation there is none; the clock brings the next look.
      return { close: () => undefined };
    }
  };
  let watcher = arm();
  void until.then(() => {
    state.over = true;
    change();
  });
  signal.addEventListener('abort', change, { once: true });
  return {
    isOver: () => state.over,
    next: async () => {
      if (!state.seen) {
        const cancel = { timer: () => undefined as void };
        await new Promise<void>((resolve) => {
          state.wake = resolve;
          cancel.timer = clock.after(LOOK_AGAIN_MS, resolve);
        });
        cancel.timer();
      }
      state.seen = false;
      // A file that was renamed is watched under its old name no longer.
      watcher.close();
      watcher = arm();
    },
    close: () => {
      signal.removeEventListener('abort', change);
      watcher.close();
    },
  };
}
