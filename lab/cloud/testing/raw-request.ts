// Requests built by hand, signed the way tccli signs: scheme and port in `Host`, spaces in the JSON body.
import { createHash, createHmac } from 'node:crypto';
import { type IncomingHttpHeaders, request as httpRequest } from 'node:http';

import type { TestAccount } from './account.ts';

/** Whose keys sign; default the root's. */
export interface Signer {
  readonly secretId: string;
  readonly secretKey: string;
  /** Temporary keys only. */
  readonly token?: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: { readonly Response: Readonly<Record<string, unknown>> };
}

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly version?: string;
  readonly action: string;
  /** Text goes as it is; an object is written as tccli writes it. */
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a GET: what stands after `?`; it is signed as it is. */
  readonly query?: string;
  readonly signer?: Signer;
}

/** Sends one request on a connection of its own. */
export async function sendRaw(account: TestAccount, wish: RawRequest): Promise<RawAnswer> {
  const isGet = wish.method === 'GET';
  const body = isGet ? '' : typeof wish.body === 'string' ? wish.body : spacedJson(wish.body ?? {});
  const query = isGet ? (wish.query ?? '') : '';
  const contentType = isGet ? 'application/x-www-form-urlencoded' : 'application/json';
  const signer: Signer = wish.signer ?? account.cloud;
  const host = account.cloud.endpoint;
  const timestamp = String(Math.floor(account.clock.now().getTime() / 1000));
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        host: '127.0.0.1',
        port: account.cloud.port,
        method: wish.method ?? 'POST',
        path: `${wish.path ?? '/'}${query === '' ? '' : `?${query}`}`,
        agent: false,
        headers: {
          Host: host,
          'Content-Type': contentType,
          'X-TC-Action': wish.action,
          'X-TC-Version': wish.version ?? '2017-03-12',
          'X-TC-Region': account.cloud.region,
          'X-TC-Timestamp': timestamp,
          'X-TC-RequestClient': 'SDK_PYTHON_3.1.162; _CLI_3.1.155.1',
          Authorization: authorization(signer, {
            method: wish.method ?? 'POST',
            query,
            contentType,
            host,
            timestamp,
            body,
          }),
          ...(signer.token === undefined ? {} : { 'X-TC-Token': signer.token }),
          ...wish.headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: JSON.parse(Buffer.concat(chunks).toString()) as RawAnswer['body'],
          }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** `{"a": 1, "b": [1, 2]}`: a space after every colon and comma that is not within a text. */
function spacedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spacedJson).join(', ')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, part]) => `${JSON.stringify(key)}: ${spacedJson(part)}`)
    .join(', ')}}`;
}

interface ToSign {
  readonly method: string;
  readonly query: string;
  readonly contentType: string;
  readonly host: string;
  readonly timestamp: string;
  readonly body: string;
}

/** A signer of its own, so that the server's is not checked against itself. */
export function authorization({ secretId, secretKey }: Signer, parts: ToSign, service = 'vpc'): string {
  const { method, query, contentType, host, timestamp, body } = parts;
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
  const mac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const date = new Date(Number(timestamp) * 1000).toISOString().slice(0, 10);
  const scope = `${date}/${service}/tc3_request`;
  const canonical = `${method}\n/\n${query}\ncontent-type:${contentType}\nhost:${host}\n\ncontent-type;host\n${hash(body)}`;
  const key = mac(mac(mac(`TC3${secretKey}`, date), service), 'tc3_request');
  const signature = mac(key, `TC3-HMAC-SHA256\n${timestamp}\n${scope}\n${hash(canonical)}`).toString('hex');
  return `TC3-HMAC-SHA256 Credential=${secretId}/${scope}, SignedHeaders=content-type;host, Signature=${signature}`;
}
