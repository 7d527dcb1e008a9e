// For tests: a real HTTP server whose answers the test gives one by one, so that the wire itself is what is tested.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it arrived, and the ways to answer it. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: unknown;
  /** JSON with a length. */
  reply(status: number, body: unknown, headers?: Record<string, string>): void;
  /** A Status object as the API server writes it. */
  fail(status: number, reason: string, extra?: object, headers?: Record<string, string>): void;
  /** Opens a chunked answer, as a watch is. */
  stream(): void;
  /** Writes one line of JSON. */
  line(value: unknown): void;
  raw(bytes: string | Uint8Array): void;
  end(): void;
  /** Breaks the connection without a word. */
  destroy(): void;
  /** Resolves when the connection of this exchange is over. */
  readonly closed: Promise<void>;
}

export interface ScriptedServer {
  readonly url: string;
  /** The next request that arrives, or that waits already. */
  next(): Promise<Exchange>;
  close(): Promise<void>;
}

/** Plain HTTP on a free port of 127.0.0.1, or HTTPS when the caller brings the server. */
export async function startScriptedServer(
  server: http.Server = http.createServer(),
  scheme = 'http',
): Promise<ScriptedServer> {
  const waiting: Exchange[] = [];
  const takers: ((exchange: Exchange) => void)[] = [];
  server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
    void collect(request).then((text) => {
      const exchange = exchangeOf(request, response, text);
      const taker = takers.shift();
      if (taker === undefined) waiting.push(exchange);
      else taker(exchange);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    next: () =>
      new Promise((resolve) => {
        const exchange = waiting.shift();
        if (exchange === undefined) takers.push(resolve);
        else resolve(exchange);
      }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function collect(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function exchangeOf(request: http.IncomingMessage, response: http.ServerResponse, text: string): Exchange {
  const url = new URL(request.url ?? '/', 'http://server');
  const reply: Exchange['reply'] = (status, body, headers = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
  return {
    method: request.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body: text === '' ? undefined : JSON.parse(text),
    reply,
    fail: (status, reason, extra = {}, headers = {}) =>
      reply(
        status,
        {
          kind: 'Status',
          apiVersion: 'v1',
          status: 'Failure',
          reason,
          code: status,
          message: `scripted ${reason}`,
          ...extra,
        },
        headers,
      ),
    stream: () => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
    },
    line: (value) => response.write(`${JSON.stringify(value)}\n`),
    raw: (bytes) => response.write(bytes),
    end: () => response.end(),
    destroy: () => request.socket.destroy(),
    closed: once(response, 'close').then(() => undefined),
  };
}
