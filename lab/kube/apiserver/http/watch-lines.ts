// Watch events as lines of JSON: objects, their metadata alone, or Tables; made once for all watchers of the same form.
import type { Core, Scope } from '../core.ts';
import { inVersion, jsonInVersion } from '../core.ts';
import type { ApiObject } from '../json.ts';
import { emptyObject } from '../operations/empty-object.ts';
import type { Notice } from '../operations/watch.ts';
import { apiVersionOf } from '../registry/definition.ts';
import type { SharedBytes } from '../storage/store.ts';
import type { IncludeObject } from '../table/table.ts';
import { buildTable } from '../table/table.ts';
import type { Form } from './negotiation.ts';
import { includeObjectOf } from './negotiation.ts';
import { partialMetadata } from './partial-metadata.ts';

/** What a watcher wants to see of each object. */
export type WatchForm =
  | { readonly kind: 'object' }
  | { readonly kind: 'metadata'; readonly metaVersion: Form['metaVersion'] }
  | { readonly kind: 'table'; readonly includeObject: IncludeObject };

/** What the agreed form of an answer means for a watch. Throws 400 for an unknown `includeObject`. */
export function watchFormOf({ convert, metaVersion }: Form, query: URLSearchParams): WatchForm {
  switch (convert) {
    case undefined:
      return { kind: 'object' };
    case 'Table':
      return { kind: 'table', includeObject: includeObjectOf(query) };
    case 'PartialObjectMetadata':
    case 'PartialObjectMetadataList':
      return { kind: 'metadata', metaVersion };
  }
}

const INITIAL_EVENTS_END = { 'k8s.io/initial-events-end': 'true' };

/** Makes the lines of one watch, each ending in a line feed. `shared` spares making a line that another watch has made. */
export function createLineWriter(
  core: Core,
  { definition }: Pick<Scope, 'definition'>,
  form: WatchForm,
): (notice: Notice, shared?: SharedBytes) => Buffer {
  let headers = form.kind === 'table';
  const shown = (object: ApiObject): string => {
    switch (form.kind) {
      case 'object':
        return JSON.stringify(object);
      case 'metadata':
        return JSON.stringify(partialMetadata(object, form.metaVersion));
      case 'table': {
        const { includeObject } = form;
        const listMeta = { resourceVersion: object.metadata.resourceVersion ?? '' };
        // The columns go with the first event only.
        const table = buildTable(definition, [object], { includeObject, now: core.clock.now(), headers, listMeta });
        return JSON.stringify(table);
      }
    }
  };
  const line = (notice: Notice): Buffer => {
    switch (notice.type) {
      case 'ERROR':
        return bytes('ERROR', JSON.stringify(notice.status));
      case 'BOOKMARK': {
        const annotations = notice.initialEnd ? INITIAL_EVENTS_END : undefined;
        return bytes('BOOKMARK', shown(emptyObject(definition, notice.revision, annotations)));
      }
      case 'ADDED':
      case 'MODIFIED':
      case 'DELETED':
        return bytes(
          notice.type,
          form.kind === 'object' ? jsonInVersion(notice.entry, definition) : shown(inVersion(notice.entry, definition)),
        );
    }
  };
  const formKey = `${apiVersionOf(definition)} ${JSON.stringify(form)}`;
  return (notice, shared) => {
    // A Table with its columns is this watch's own.
    const key = `${notice.type} ${formKey}`;
    const made = headers ? undefined : shared?.get(key);
    if (made !== undefined) return made;
    const fresh = line(notice);
    if (!headers) shared?.set(key, fresh);
    if (notice.type !== 'ERROR') headers = false;
    return fresh;
  };
}

const bytes = (type: string, object: string): Buffer => Buffer.from(`{"type":"${type}","object":${object}}\n`);
