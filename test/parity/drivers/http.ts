// The raw HTTP driver: requests as bytes, answers as they came, watches line by line.
import { Agent, request } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { rawWatch, type RawWatch } from '../../../lab/kube/testing/raw-watch.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface Answer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  /** The decoded body; `{}` when it is no JSON object. Typed loosely: cases compare it, they do not compute with it. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a foreign server's answer is what a case is about
  readonly body: Record<string, any>;
  readonly text: string;
}

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the administrator's; '' sends none. */
  readonly token?: string;
  readonly certificate?: { readonly certPem: string; readonly keyPem: string };
}

/** One watch connection; an event is waited for 10 s. */
export type Watch = RawWatch<{ readonly type: string; readonly object: Answer['body'] }>;

export const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

export interface HttpDriver {
  /** `body` undefined sends none; a string or Buffer is sent as it is; anything else as JSON. Default content type application/json. */
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
  get(path: string, options?: CallOptions): Promise<Answer>;
  /** As `call`, but throws an error with the Status when the answer is not 2xx. */
  ok(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer['body']>;
  patch(type: keyof typeof patchTypes, path: string, body: unknown, options?: CallOptions): Promise<Answer>;
  watch(path: string, options?: CallOptions): Promise<Watch>;
  /** The response without reading it, for streams and slow readers. */
  open(method: string, path: string, body: string | Buffer | undefined, options: CallOptions): Promise<IncomingMessage>;
  close(): void;
}

const EVENT_MS = 10_000;

export function createHttpDriver(server: {
  readonly url: string;
  readonly caPem: string;
  readonly token: string;
}): HttpDriver {
  const { hostname, port } = new URL(server.url);
  const agent = new Agent({ keepAlive: true, ca: server.caPem });

  const open: HttpDriver['open'] = (method, path, body, { headers = {}, token = server.token, certificate }) =>
    new Promise((resolve, reject) => {
      const outgoing = request({
        host: hostname,
        port,
        ...(certificate === undefined
          ? { agent }
          : { agent: false, ca: server.caPem, cert: certificate.certPem, key: certificate.keyPem }),
        method,
        path,
        headers: {
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
          'user-agent': 'parity/1.0',
          ...(token === '' || certificate !== undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
      });
      outgoing.on('response', resolve);
      outgoing.on('error', reject);
      outgoing.end(body);
    });

  const call: HttpDriver['call'] = async (method, path, body, options = {}) => {
    const bytes = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const response = await open(method, path, bytes, options);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    return { code: response.statusCode ?? 0, headers: response.headers, text, body: decoded(text) };
  };

  return {
    open,
    call,
    get: (path, options) => call('GET', path, undefined, options),
    async ok(method, path, body, options) {
      const answer = await call(method, path, body, options);
      if (answer.code < 200 || answer.code > 299) throw new Error(`${method} ${path}: ${answer.code} ${answer.text}`);
      return answer.body;
    },
    patch: (type, path, body, options = {}) =>
      call('PATCH', path, body, { ...options, headers: { 'content-type': patchTypes[type], ...options.headers } }),
    async watch(path, options = {}) {
      const response = await open('GET', path, undefined, options);
      if (response.statusCode !== 200) throw new Error(`watch ${path} answered ${response.statusCode}`);
      return rawWatch(response, EVENT_MS);
    },
    close: () => agent.destroy(),
  };
}

function decoded(text: string): Answer['body'] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
