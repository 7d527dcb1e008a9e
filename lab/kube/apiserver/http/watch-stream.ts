// A watch as a chunked stream of JSON lines with bookmarks, and an end after timeoutSeconds.
import type { ServerResponse } from 'node:http';
import type { Core, Scope } from '../core.ts';
import { listOptionsOf } from '../operations/list-options.ts';
import type { Notice } from '../operations/watch.ts';
import { openWatch } from '../operations/watch.ts';
import { createLineSink } from './line-sink.ts';
import { warningHeaders } from './reply.ts';
import type { WatchForm } from './watch-lines.ts';
import { createLineWriter } from './watch-lines.ts';

const DEFAULT_TIMEOUT_SECONDS = 1800;
const BOOKMARK_EVERY_MS = 60_000;
/** Bookmarks are also sent this long before the end, so that the client resumes from a fresh version. */
const LAST_BOOKMARK_MS = 2_000;
/** A client that lets this much pile up beyond its connection's buffers is cut off; it watches again from where it was. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

export interface WatchStreamOptions {
  readonly form: WatchForm;
  readonly warnings: readonly string[];
}

/** Serves a watch until the client, the time limit or `close` ends it. Throws before anything was sent for a faulty request. */
export function streamWatch(core: Core, scope: Scope, response: ServerResponse, stream: WatchStreamOptions): void {
  const options = listOptionsOf(scope.query, true);
  const timeoutMs = (options.timeoutSeconds > 0 ? options.timeoutSeconds : DEFAULT_TIMEOUT_SECONDS) * 1000;
  const lineOf = createLineWriter(core, scope, stream.form);
  let failed = false;
  // Nothing is told before this function has returned to the event loop, by when the sink is there.
  const watch = openWatch(core, scope, options, (notice, shared) => sink.push(lineOf(notice, shared)));

  response.statusCode = 200;
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Cache-Control', 'no-cache, private');
  if (stream.warnings.length > 0) response.setHeader('Warning', warningHeaders(stream.warnings));
  response.flushHeaders();
  const cancel: (() => void)[] = [];
  const { socket } = response;
  // A client that has ended its side does not watch any longer.
  const leave = (): void => sink.end();
  socket?.on('end', leave);
  response.on('close', () => {
    watch.stop();
    socket?.off('end', leave);
    for (const stop of cancel) stop();
  });

  function* firstLines(): Iterable<Buffer> {
    for (const notice of watch.first) {
      failed ||= notice.type === 'ERROR';
      yield lineOf(notice);
    }
  }
  const sink = createLineSink(response, {
    first: firstLines(),
    maxWaiting: MAX_WAITING_BYTES,
    onOverflow: () =>
      core.logger.debug(
        { resource: scope.definition.plural, user: scope.user.name },
        'a watch that is not read was closed',
      ),
  });
  if (failed) {
    sink.end();
    return;
  }
  const tell = (notice: Notice | undefined): void => {
    if (notice !== undefined) sink.push(lineOf(notice));
  };
  if (options.bookmarks) {
    const repeat = (): void => {
      tell(watch.bookmark());
      cancel[0] = core.clock.after(BOOKMARK_EVERY_MS, repeat);
    };
    cancel[0] = core.clock.after(BOOKMARK_EVERY_MS, repeat);
    if (timeoutMs > LAST_BOOKMARK_MS)
      cancel[1] = core.clock.after(timeoutMs - LAST_BOOKMARK_MS, () => tell(watch.bookmark()));
  }
  cancel.push(core.clock.after(timeoutMs, () => sink.end()));
  const { group, version, plural } = scope.definition;
  cancel.push(
    core.registry.subscribe(() => {
      // Served by other rules now, or not at all: the client lists and watches anew. What was told before still goes out.
      if (core.registry.find(group, version, plural) !== scope.definition) setImmediate(() => sink.end());
    }),
  );
}
