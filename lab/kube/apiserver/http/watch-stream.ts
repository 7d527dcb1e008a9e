// A watch as a chunked stream of JSON lines: objects or Tables, bookmarks, and an end after timeoutSeconds.
import type { ServerResponse } from 'node:http';
import type { Core, Scope } from '../core.ts';
import { inVersion, jsonInVersion } from '../core.ts';
import type { JsonObject } from '../json.ts';
import { apiVersionOf } from '../registry/definition.ts';
import { wholeNumber } from '../operations/read.ts';
import type { Notice } from '../operations/watch.ts';
import { openWatch } from '../operations/watch.ts';
import type { IncludeObject } from '../table/table.ts';
import { buildTable } from '../table/table.ts';
import { warningHeaders } from './reply.ts';

const DEFAULT_TIMEOUT_SECONDS = 1800;
const BOOKMARK_EVERY_MS = 60_000;
/** Bookmarks are also sent this long before the end, so that the client resumes from a fresh version. */
const LAST_BOOKMARK_MS = 2_000;
/** A client that lets this much pile up is cut off, as a real server does. */
const MAX_BACKLOG_BYTES = 64 * 1024 * 1024;

export interface WatchStreamOptions {
  /** `undefined`: objects as they are. */
  readonly table: IncludeObject | undefined;
  readonly warnings: readonly string[];
}

/** Serves a watch until the client, the time limit or `close` ends it. Throws before anything was sent for a faulty request. */
export function streamWatch(core: Core, scope: Scope, response: ServerResponse, options: WatchStreamOptions): void {
  const timeoutSeconds = wholeNumber(scope.query, 'timeoutSeconds') ?? 0;
  const timeoutMs = (timeoutSeconds > 0 ? timeoutSeconds : DEFAULT_TIMEOUT_SECONDS) * 1000;
  const bookmarks = scope.query.get('allowWatchBookmarks') === 'true' || scope.query.get('allowWatchBookmarks') === '1';
  const lines = lineWriter(core, scope, options.table);
  const backlog: string[] = [];
  let open = false;
  const write = (line: string): void => {
    if (!open) backlog.push(line);
    else if (response.writableLength > MAX_BACKLOG_BYTES) response.destroy();
    else response.write(line);
  };
  let failed = false;
  const watch = openWatch(core, scope, (notice) => {
    if (notice.type === 'ERROR') failed = true;
    write(lines(notice));
  });

  response.statusCode = 200;
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Cache-Control', 'no-cache, private');
  if (options.warnings.length > 0) response.setHeader('Warning', warningHeaders(options.warnings));
  response.flushHeaders();
  open = true;
  if (backlog.length > 0) response.write(backlog.join(''));
  if (failed) {
    response.end();
    return;
  }

  const bookmark = (): void => write(lines({ type: 'BOOKMARK', revision: watch.revision }));
  const cancel: (() => void)[] = [];
  if (bookmarks) {
    const repeat = (): void => {
      bookmark();
      cancel[0] = core.clock.after(BOOKMARK_EVERY_MS, repeat);
    };
    cancel[0] = core.clock.after(BOOKMARK_EVERY_MS, repeat);
    if (timeoutMs > LAST_BOOKMARK_MS) cancel[1] = core.clock.after(timeoutMs - LAST_BOOKMARK_MS, bookmark);
  }
  cancel[2] = core.clock.after(timeoutMs, () => response.end());
  response.on('close', () => {
    watch.stop();
    for (const stop of cancel) stop?.();
  });
}

function lineWriter(core: Core, scope: Scope, table: IncludeObject | undefined): (notice: Notice) => string {
  const { definition } = scope;
  let headers = true;
  const tableLine = (
    type: string,
    objects: readonly Parameters<typeof inVersion>[0][],
    listMeta: JsonObject,
  ): string => {
    const object = buildTable(
      definition,
      objects.map((entry) => inVersion(entry, definition)),
      { includeObject: table ?? 'Metadata', now: core.clock.now(), headers, listMeta },
    );
    headers = false;
    return `${JSON.stringify({ type, object })}\n`;
  };
  return (notice) => {
    switch (notice.type) {
      case 'ERROR':
        return `${JSON.stringify({ type: 'ERROR', object: notice.status })}\n`;
      case 'BOOKMARK': {
        const metadata = { resourceVersion: String(notice.revision), creationTimestamp: null };
        if (table !== undefined) return tableLine('BOOKMARK', [], { resourceVersion: String(notice.revision) });
        return `${JSON.stringify({ type: 'BOOKMARK', object: { kind: definition.kind, apiVersion: apiVersionOf(definition), metadata } })}\n`;
      }
      case 'ADDED':
      case 'MODIFIED':
      case 'DELETED':
        if (table !== undefined)
          return tableLine(notice.type, [notice.entry], {
            resourceVersion: notice.entry.object.metadata.resourceVersion ?? '',
          });
        return `{"type":"${notice.type}","object":${jsonInVersion(notice.entry, definition)}}\n`;
    }
  };
}
