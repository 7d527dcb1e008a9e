// A running API server for tests, with a plain HTTPS client and a raw watch client beside it.
import { Agent, request } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { silentLogger } from '../../../../src/base/logger.ts';
import type { FakeClock } from '../../../../test/fake-clock.ts';
import { createFakeClock } from '../../../../test/fake-clock.ts';
import type { ApiServer, ApiServerOptions } from '../index.ts';
import { startApiServer } from '../index.ts';
import type { JsonObject } from '../json.ts';
import { rawWatch, type RawWatch } from '../../testing/raw-watch.ts';

export interface Answer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  /** The decoded body; an empty object when there was none. */
  readonly body: JsonObject;
  readonly text: string;
}

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the administrator's; '' sends none. */
  readonly token?: string;
}

/** One watch connection. `next` waits for the next line and rejects when the stream ends first. */
/** An event that does not come is told before the test's own limit is over. */
const EVENT_MS = 10_000;

export interface TestApi {
  readonly api: ApiServer;
  readonly clock: FakeClock;
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
  /** PATCH with a content type: `json`, `merge`, `strategic` or `apply`. */
  patch(type: keyof typeof patchTypes, path: string, body: unknown, options?: CallOptions): Promise<Answer>;
  watch(path: string, options?: CallOptions): Promise<RawWatch<JsonObject>>;
  close(): Promise<void>;
}

export const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

export async function startTestApi(options: Partial<ApiServerOptions> = {}): Promise<TestApi> {
  const clock = createFakeClock();
  const api = await startApiServer({
    clock,
    logger: silentLogger,
    listen: { host: '127.0.0.1', port: 0 },
    resolveService: () => Promise.resolve(undefined),
    ...options,
  });
  const agent = new Agent({ keepAlive: true, ca: api.caPem });
  const adminToken = api.adminConnection().auth.token;

  const open = (
    method: string,
    path: string,
    body: string | undefined,
    { headers = {}, token = adminToken }: CallOptions,
  ): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const outgoing = request({
        host: '127.0.0.1',
        port: api.port,
        agent,
        method,
        path,
        headers: {
          'content-type': 'application/json',
          'user-agent': 'tester/1.0',
          ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
          ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
      });
      outgoing.on('response', resolve);
      outgoing.on('error', reject);
      outgoing.end(body);
    });

  const call: TestApi['call'] = async (method, path, body, callOptions = {}) => {
    const response = await open(method, path, body === undefined ? undefined : JSON.stringify(body), callOptions);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    return { code: response.statusCode ?? 0, headers: response.headers, text, body: decoded(text) };
  };
  // Nobody else makes it here, and Pods need it.
  await call('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
  return {
    api,
    clock,
    call,
    patch: (type, path, body, callOptions = {}) =>
      call('PATCH', path, body, {
        ...callOptions,
        headers: { 'content-type': patchTypes[type], ...callOptions.headers },
      }),
    async watch(path, callOptions = {}) {
      const response = await open('GET', path, undefined, callOptions);
      if (response.statusCode !== 200) throw new Error(`watch ${path} answered ${response.statusCode}`);
      return rawWatch(response, EVENT_MS);
    },
    async close() {
      agent.destroy();
      await api.close();
    },
  };
}

function decoded(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return {};
  }
}
