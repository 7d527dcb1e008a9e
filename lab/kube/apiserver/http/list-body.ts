// The body of a list in slices, so that a list of any size is neither put together as a whole nor sent in one go.
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import type { Scope } from '../core.ts';
import { inVersion, jsonInVersion } from '../core.ts';
import type { JsonObject } from '../json.ts';
import type { ListPage } from '../operations/read.ts';
import { apiVersionOf } from '../registry/definition.ts';
import type { StoredObject } from '../storage/store.ts';

/** Large enough that TLS records are full, small enough that other requests come in between. */
const SLICE_CHARACTERS = 256 * 1024;

/** The text of a list of objects, in slices that are made as they are taken. */
export function* listSlices(
  { definition }: Pick<Scope, 'definition'>,
  page: ListPage,
  metadata: JsonObject,
): Iterable<string> {
  const head = { kind: definition.listKind, apiVersion: apiVersionOf(definition), metadata };
  let parts = [`${JSON.stringify(head).slice(0, -1)},"items":[`];
  let size = 0;
  for (const [index, entry] of page.items.entries()) {
    const text = itemJson(entry, definition);
    // Kept apart from its comma: a text that is put together anew would have to be copied once more.
    if (index > 0) parts.push(',');
    parts.push(text);
    size += text.length;
    if (size < SLICE_CHARACTERS) continue;
    yield parts.join('');
    parts = [];
    size = 0;
  }
  parts.push(']}\n');
  yield parts.join('');
}

/** Items of built-in kinds do not repeat their list's kind; custom resources carry their own. */
function itemJson(entry: StoredObject, definition: Scope['definition']): string {
  if (definition.custom) return jsonInVersion(entry, definition);
  const shown = inVersion(entry, definition);
  if (shown === entry.object) return entry.bareJson;
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = shown;
  return JSON.stringify(rest);
}

/** `all` when there is one slice only, otherwise `more`: every slice, the first included. */
export function firstSlices(reply: {
  readonly slices?: () => Iterable<string>;
}): { readonly all?: string; readonly more?: Iterable<string> } | undefined {
  const slices = reply.slices?.()[Symbol.iterator]();
  if (slices === undefined) return undefined;
  const first = slices.next();
  const second = slices.next();
  if (second.done === true) return { all: first.done === true ? '' : first.value };
  return { more: following([first, second], slices) };
}

function* following(taken: readonly IteratorResult<string>[], rest: Iterator<string>): Iterable<string> {
  for (const result of taken) if (result.done !== true) yield result.value;
  for (let result = rest.next(); result.done !== true; result = rest.next()) yield result.value;
}

/** Writes slices as fast as the client reads them, and ends the answer. Rejects when the connection breaks. */
export async function sendSlices(response: ServerResponse, slices: Iterable<string>, zip: boolean): Promise<void> {
  if (zip) {
    await pipeline(Readable.from(slices), createGzip({ level: constants.Z_BEST_SPEED }), response);
    return;
  }
  for (const slice of slices) {
    if (!response.write(slice)) await drained(response);
    if (response.destroyed) return;
  }
  response.end();
}

/** Resolves when there is room again, or nobody to write for. */
function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}
