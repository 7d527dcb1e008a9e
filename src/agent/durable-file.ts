// Files that are whole or not there: after a power cut, too, or at least after the end of a process at any point.
import { mkdirSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Writes beside, syncs, renames, syncs the directory, which is made when missing. */
export async function writeDurably(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true });
  const temporary = join(directory, `.${path.slice(directory.length + 1)}.${process.pid}.tmp`);
  const file = await open(temporary, 'w', mode);
  try {
    await file.writeFile(content);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(directory);
}

/**
 * Writes beside and renames, and leaves the rest to the kernel: for what is true only as long as this kernel runs. Whoever reads it after a power cut
 * may find it old, empty or gone. Synchronous, since nothing here waits for a disk. The directory is made when missing.
 */
export function writeWhole(path: string, content: string, mode = 0o600): void {
  const directory = dirname(path);
  const temporary = join(directory, `.${path.slice(directory.length + 1)}.${process.pid}.tmp`);
  try {
    writeFileSync(temporary, content, { mode });
  } catch (error) {
    if (!isMissing(error)) throw withoutTemporary(temporary, error);
    mkdirSync(directory, { recursive: true });
    writeFileSync(temporary, content, { mode });
  }
  renameSync(temporary, path);
}

/** Writes in place and leaves the rest to the kernel: for a file of which a part is worth as much as none. The directory is made when missing. */
export function writeOver(path: string, content: string, mode = 0o600): void {
  try {
    writeFileSync(path, content, { mode });
  } catch (error) {
    if (!isMissing(error)) throw withoutTemporary(path, error);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { mode });
  }
}

/** What a full disk cut off would only take more of it. */
function withoutTemporary(temporary: string, error: unknown): unknown {
  removeWhole(temporary);
  return error;
}

/** As `removeDurably`, but after a power cut the file may be there again. */
export function removeWhole(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Deletes; a file that is not there is fine. */
export async function removeDurably(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
    return;
  }
  await syncDirectory(dirname(path));
}

/** The file's bytes, or undefined when it is not there. */
export async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** True for a system error that says that a path does not exist. */
export const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
