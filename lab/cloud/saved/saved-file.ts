// The file of a saved cloud on disk: written beside and renamed, so that a reader finds the old one or the new one, whole.
import { constants } from 'node:fs';
import { access, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { errorText } from '../../../src/base/errors.ts';
import type { SavedCloud } from './cloud-schema.ts';
import { readSaved } from './saved-text.ts';

/** Readable by its owner alone, since it holds keys. On failure the former file stays; throws Error that names the file. */
export async function writeSavedFile(file: string, text: string): Promise<void> {
  const beside = `${file}.new`;
  try {
    const handle = await open(beside, 'w', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw new Error(`${file}: cannot be written: ${errorText(error)}`, { cause: error });
  }
}

/** Throws Error that names the file: one that cannot be read, or is no saved cloud of this format. */
export async function readSavedFile(file: string): Promise<SavedCloud> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new Error(`${file}: cannot be read: ${errorText(error)}`, { cause: error });
  }
  return readSaved(text, file);
}

/** Saves into one file, one time after the other; each holds what `save` gave at the moment of its call. */
export function createSaver(file: string, save: () => string): () => Promise<void> {
  let last = Promise.resolve();
  return () => {
    const text = save();
    const done = last.then(() => writeSavedFile(file, text));
    last = done.catch(() => undefined);
    return done;
  };
}

/** Throws Error that names the file when its folder does not take a new one. */
export async function requireWritable(file: string): Promise<void> {
  try {
    await access(dirname(resolve(file)), constants.W_OK);
  } catch (error) {
    throw new Error(`${file}: cannot be written: ${errorText(error)}`, { cause: error });
  }
}
