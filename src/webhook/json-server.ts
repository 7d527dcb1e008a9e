// A small HTTPS server for JSON: a handler for each path, bodies of a limited size. Lean in time and memory, since it is on the way of every Pod.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';

/** `json` and `text` are bodies; an answer may have neither. */
export interface JsonAnswer {
  readonly status: number;
  readonly json?: unknown;
  readonly text?: string;
}

export interface JsonRequest {
  /** Parsed; `undefined` for a GET. */
  readonly body: unknown;
  readonly authorization: string | undefined;
}

/** What it throws is answered with 500 and told to `onError`. */
export type JsonHandler = (request: JsonRequest) => JsonAnswer | Promise<JsonAnswer>;

/** By `METHOD /path`. */
export type JsonRoutes = ReadonlyMap<string, JsonHandler>;

export interface JsonServerOptions {
  readonly certificate: { readonly cert: string; readonly key: string };
  readonly routes: JsonRoutes;
  /** Bytes of a body; a larger one is answered with 413. */
  readonly bodyLimit: number;
  readonly onError: (error: unknown) => void;
}

/** API servers keep their connections for their next Pods. */
const KEEP_ALIVE_MS = 72_000;

/** Not yet listening. */
export function createJsonServer(options: JsonServerOptions): Server {
  const server = createServer(
    { ...options.certificate, minVersion: 'TLSv1.2', keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => {
      const answer = (found: JsonAnswer): void => send(response, found, server.listening);
      const fail = (error: unknown): void => {
        options.onError(error);
        answer({ status: 500 });
      };
      // Without a promise on the way of what can be answered at once.
      const respond = (handler: JsonHandler, body: unknown): void => {
        try {
          const found = handler({ body, authorization: request.headers.authorization });
          if (found instanceof Promise) found.then(answer, fail);
          else answer(found);
        } catch (error) {
          fail(error);
        }
      };
      const path = (request.url ?? '').split('?', 1)[0] ?? '';
      const handler = options.routes.get(`${request.method} ${path}`);
      if (handler === undefined)
        return answer({ status: 404, json: { error: `nothing is served at ${request.method} ${path}` } });
      if (request.method === 'GET') return respond(handler, undefined);
      readBody(request, options.bodyLimit, fail, (text) => {
        if (text === undefined)
          return answer({ status: 413, json: { error: `the body is larger than ${options.bodyLimit} bytes` } });
        const body = parsed(text);
        return body === undefined
          ? answer({ status: 400, json: { error: 'the body is not JSON' } })
          : respond(handler, body.value);
      });
      return undefined;
    },
  );
  // A connection that fails its handshake or ends halfway concerns nobody else.
  server.on('tlsClientError', () => undefined);
  return server;
}

/** Takes no further connection, lets answers under way go out, and resolves when all connections are closed, after `graceMs` at the latest. */
export async function closeServer(
  server: Server,
  graceMs: number,
  after: (ms: number, fn: () => void) => () => void,
): Promise<void> {
  const closed = Promise.withResolvers<void>();
  server.close(() => closed.resolve());
  server.closeIdleConnections();
  const cancel = after(graceMs, () => server.closeAllConnections());
  await closed.promise;
  cancel();
}

/** `undefined` beyond the limit; the rest is read and dropped, so that the answer arrives. */
function readBody(
  request: IncomingMessage,
  limit: number,
  onError: (error: unknown) => void,
  onEnd: (text: string | undefined) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else chunks.length = 0;
  });
  request.on('end', () => onEnd(size > limit ? undefined : Buffer.concat(chunks).toString('utf8')));
  request.on('error', onError);
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** `keep`: the connection is for further requests. */
function send(response: ServerResponse, { status, json, text }: JsonAnswer, keep: boolean): void {
  if (response.destroyed) return;
  const body = json === undefined ? (text ?? '') : JSON.stringify(json);
  const type = json === undefined ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8';
  const ending = keep ? {} : { connection: 'close' };
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), ...ending });
  response.end(body);
}
