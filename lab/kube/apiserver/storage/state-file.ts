// The file that keeps a store across restarts: a header, one line per object, and a checksum; written whole or not at all.
import { createHash } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ApiObject } from '../json.ts';
import { isObject, numberAt } from '../json.ts';
import type { Store, StoredObject } from './store.ts';

const FORMAT = 'trunkline-kube-apiserver-state';
const VERSION = 1;
const SLICE_CHARACTERS = 256 * 1024;

/** What a store was, at one moment. */
export interface State {
  /** Revision of the last change. */
  readonly revision: number;
  /** No server that wrote this file has shown a revision above this one. */
  readonly reserved: number;
  /** Nothing happened after it was written. */
  readonly clean: boolean;
}

export interface SavedObject {
  readonly collection: string;
  readonly key: string;
  readonly object: ApiObject;
}

/** A file that cannot be used; the message names it and says what to do. */
export class StateFileError extends Error {
  constructor(path: string, what: string, remedy: string) {
    super(`${path} ${what}; ${remedy}`);
    this.name = 'StateFileError';
  }
}

/** Writes the present objects of `store` to `path`: beside it first, synced, then in its place. Rejects as the file system does. */
export async function writeState(path: string, store: Store, state: State): Promise<void> {
  // Taken at once, so that the file is of one moment however long the writing takes.
  const entries = store
    .collections()
    .flatMap(([id, collection]) => collection.entries().map(([key, entry]) => ({ id, key, entry })));
  const beside = `${path}.new`;
  const file = await open(beside, 'w', 0o600);
  try {
    const hash = createHash('sha256');
    for (const slice of slicesOf(state, entries)) {
      hash.update(slice);
      await file.write(slice);
    }
    await file.write(`${JSON.stringify({ objects: entries.length, sha256: hash.digest('hex') })}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
  await syncFolder(dirname(path));
}

interface Entry {
  readonly id: string;
  readonly key: string;
  readonly entry: StoredObject;
}

function* slicesOf(state: State, entries: readonly Entry[]): Iterable<string> {
  let slice = `${JSON.stringify({ format: FORMAT, version: VERSION, ...state })}\n`;
  for (const { id, key, entry } of entries) {
    slice += `{"collection":${JSON.stringify(id)},"key":${JSON.stringify(key)},"object":${entry.json}}\n`;
    if (slice.length < SLICE_CHARACTERS) continue;
    yield slice;
    slice = '';
  }
  yield slice;
}

/** A rename is lasting once its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Reads a file; `undefined` when there is none. Throws StateFileError for one that is foreign, newer or damaged. */
export async function readState(
  path: string,
): Promise<{ readonly state: State; readonly objects: readonly SavedObject[] } | undefined> {
  const content = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (content === undefined) return undefined;
  const damaged = (what: string): StateFileError =>
    new StateFileError(path, `is damaged (${what})`, 'put a copy back, or move it away to start with an empty cluster');
  const lines = content.toString('utf8').split('\n');
  const header = parsed(lines[0] ?? '');
  if (header?.['format'] !== FORMAT)
    throw new StateFileError(
      path,
      'is not a state file of the embedded API server',
      'give another data directory, or move the file away',
    );
  if (header['version'] !== VERSION)
    throw new StateFileError(
      path,
      `has format ${JSON.stringify(header['version'])}, and this program reads format ${VERSION}`,
      'start it with the program that wrote it, or move it away to start with an empty cluster',
    );
  // The last line is the checksum, and ends with a line feed as well.
  const trailer = lines.pop() === '' ? lines.pop() : undefined;
  const end = parsed(trailer ?? '');
  if (trailer === undefined || end === undefined) throw damaged('its end is missing');
  const body = content.subarray(0, content.length - Buffer.byteLength(trailer) - 1);
  if (createHash('sha256').update(body).digest('hex') !== end['sha256']) throw damaged('its checksum does not match');
  const objects = lines.slice(1).map((line) => savedObject(line));
  const [revision, reserved] = [numberAt(header, 'revision'), numberAt(header, 'reserved')];
  if (objects.includes(undefined) || revision === undefined || reserved === undefined)
    throw damaged('it has lines that say nothing');
  return {
    state: { revision, reserved, clean: header['clean'] === true },
    objects: objects.filter((saved) => saved !== undefined),
  };
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function savedObject(line: string): SavedObject | undefined {
  const saved = parsed(line);
  if (saved === undefined) return undefined;
  const { collection, key, object } = saved;
  if (typeof collection !== 'string' || typeof key !== 'string' || !isApiObject(object)) return undefined;
  return { collection, key, object };
}

function isApiObject(value: unknown): value is ApiObject {
  return isObject(value) && typeof value['kind'] === 'string' && isObject(value['metadata']);
}
