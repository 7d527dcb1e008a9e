// The HTTPS call of one webhook and the decoding of what it answers.
import { request as httpsRequest } from 'node:https';
import { z } from 'zod';
import { errorText } from '../../../../src/base/errors.ts';
import type { JsonObject } from '../json.ts';
import type { ResolveService } from '../start.ts';
import type { Webhook } from './webhook-config.ts';

/** The webhook could not be asked, or gave no usable answer. The message follows `failed calling webhook "x": `. */
export class WebhookFailure extends Error {}

export interface WebhookResponse {
  readonly allowed: boolean;
  /** RFC 6902 operations, when there are any. */
  readonly patch: unknown;
  readonly status: JsonObject;
  readonly warnings: readonly string[];
}

const responseSchema = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  response: z.object({
    uid: z.string(),
    allowed: z.boolean(),
    patch: z.string().optional(),
    patchType: z.string().optional(),
    status: z.record(z.string(), z.unknown()).optional(),
    warnings: z.array(z.string()).optional(),
  }),
});

interface Endpoint {
  /** The address as messages show it. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Name that the certificate must carry. */
  readonly serverName: string;
}

/** Asks a webhook within its time-out. Throws WebhookFailure. */
export async function callWebhook(webhook: Webhook, body: JsonObject, uid: string, resolveService: ResolveService): Promise<WebhookResponse> {
  const endpoint = await endpointOf(webhook, resolveService);
  const text = await post(webhook, endpoint, JSON.stringify(body));
  return decode(webhook, text, uid);
}

async function endpointOf(webhook: Webhook, resolveService: ResolveService): Promise<Endpoint> {
  const { target, timeoutSeconds } = webhook;
  if (target.kind === 'url') {
    const url = new URL(target.url);
    const shown = withTimeout(target.url, timeoutSeconds);
    return { url: shown, host: url.hostname, port: Number(url.port || 443), path: withTimeout(`${url.pathname}${url.search}`, timeoutSeconds), serverName: url.hostname };
  }
  const { namespace, name, port, path } = target;
  const found = await resolveService(namespace, name, port).catch((error: unknown) => {
    throw new WebhookFailure(`failed to call webhook: ${errorText(error)}`);
  });
  if (found === undefined) throw new WebhookFailure(`failed to call webhook: no endpoints available for service ${JSON.stringify(name)}`);
  const serverName = `${name}.${namespace}.svc`;
  const absolute = path.startsWith('/') ? path : `/${path}`;
  return {
    url: withTimeout(`https://${serverName}:${port}${absolute}`, timeoutSeconds),
    host: found.host,
    port: found.port,
    path: withTimeout(absolute, timeoutSeconds),
    serverName,
  };
}

const withTimeout = (url: string, seconds: number): string => `${url}${url.includes('?') ? '&' : '?'}timeout=${seconds}s`;

function post(webhook: Webhook, endpoint: Endpoint, body: string): Promise<string> {
  const failed = (why: string): WebhookFailure => new WebhookFailure(`failed to call webhook: Post ${JSON.stringify(endpoint.url)}: ${why}`);
  return new Promise((resolve, reject) => {
    const request = httpsRequest({
      host: endpoint.host,
      port: endpoint.port,
      path: endpoint.path,
      method: 'POST',
      servername: /^[\d.]+$|:/.test(endpoint.serverName) ? '' : endpoint.serverName,
      ...(webhook.caBundle === '' ? {} : { ca: webhook.caBundle }),
      // Without a pool of our own: proxies and shared agents must not come between.
      agent: false,
      headers: { host: endpoint.serverName, 'content-type': 'application/json', accept: 'application/json', 'content-length': Buffer.byteLength(body) },
      signal: AbortSignal.timeout(webhook.timeoutSeconds * 1000),
    });
    request.on('error', (error) => reject(failed(error.name === 'AbortError' || error.name === 'TimeoutError' ? 'context deadline exceeded' : describe(error))));
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (error) => reject(failed(error.name === 'AbortError' ? 'context deadline exceeded' : describe(error))));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const code = response.statusCode ?? 0;
        if (code >= 200 && code < 300) resolve(text);
        else reject(new WebhookFailure(`failed to call webhook: an error on the server (${JSON.stringify(text.slice(0, 200))}) has prevented the request from succeeding`));
      });
    });
    request.end(body);
  });
}

function describe(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'ECONNREFUSED') return `dial tcp: connect: connection refused`;
  if (code.includes('CERT') || code.includes('SIGNED') || code.includes('ALTNAME')) return `tls: failed to verify certificate: x509: ${error.message}`;
  return error.message;
}

function decode(webhook: Webhook, text: string, uid: string): WebhookResponse {
  const parsed = responseSchema.safeParse(readJson(text));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new WebhookFailure(`received invalid webhook response: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not an AdmissionReview'}`);
  }
  const { response } = parsed.data;
  if (response.uid !== uid) throw new WebhookFailure(`received invalid webhook response: expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid)}`);
  if (response.patch !== undefined && !webhook.mutating) throw new WebhookFailure('received invalid webhook response: webhook returned response.patch, which is not allowed for validating webhooks');
  if (response.patch !== undefined && response.patchType !== 'JSONPatch')
    throw new WebhookFailure(`received invalid webhook response: invalid response.patchType ${JSON.stringify(response.patchType ?? '')}, expected "JSONPatch"`);
  return {
    allowed: response.allowed,
    patch: response.patch === undefined ? undefined : readJson(Buffer.from(response.patch, 'base64').toString('utf8')),
    status: response.status ?? {},
    warnings: response.warnings ?? [],
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new WebhookFailure('received invalid webhook response: not JSON');
  }
}
