// HTTPS to webhooks over connections that are kept, since a handshake costs more than most answers.
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { Webhook } from './webhook-config.ts';
import type { WebhookEndpoint } from './webhook-endpoint.ts';
import { WebhookFailure } from './webhook-failure.ts';
import { connectionFault, emptyAnswer, statusFault } from './webhook-faults.ts';

export interface WebhookTransport {
  /** POSTs a review and gives the text of the answer, within the webhook's time-out. Throws WebhookFailure. */
  post(webhook: Webhook, endpoint: WebhookEndpoint, body: string): Promise<string>;
  close(): void;
}

/** Go's client gives up after as many. */
const MAX_REDIRECTS = 10;

export function createWebhookTransport(): WebhookTransport {
  // Our own agent: neither proxy settings nor the process's other connections come between.
  const agent = new Agent({ keepAlive: true, maxSockets: 64, timeout: 60_000 });
  return {
    async post(webhook, endpoint, body) {
      const signal = AbortSignal.timeout(webhook.timeoutSeconds * 1000);
      let sent: Exchange = { agent, webhook, endpoint, method: 'POST', body, signal };
      for (let hops = 0; ; hops += 1) {
        const answer = await exchange(sent).catch((error: unknown) => {
          // The webhook had closed the kept connection at the moment it was used; it never saw the request.
          if (error instanceof StaleConnection) return exchange(sent);
          throw error;
        });
        const next = redirected(sent, answer);
        if (next === undefined) return textOf(answer);
        if (hops === MAX_REDIRECTS - 1) throw failure(sent, `stopped after ${MAX_REDIRECTS} redirects`);
        sent = next;
      }
    },
    close: () => agent.destroy(),
  };
}

class StaleConnection extends WebhookFailure {}

interface Exchange {
  readonly agent: Agent;
  readonly webhook: Webhook;
  readonly endpoint: WebhookEndpoint;
  readonly method: 'POST' | 'GET';
  readonly body: string;
  readonly signal: AbortSignal;
}

interface Answer {
  readonly code: number;
  readonly location: string | undefined;
  readonly contentType: string;
  readonly text: string;
}

const failure = ({ endpoint, method }: Exchange, why: string): WebhookFailure =>
  new WebhookFailure(
    `failed to call webhook: ${method === 'POST' ? 'Post' : 'Get'} ${JSON.stringify(endpoint.url)}: ${why}`,
  );

function textOf({ code, text, contentType }: Answer): string {
  if (code < 200 || code > 206) throw new WebhookFailure(`failed to call webhook: ${statusFault(code, text)}`);
  if (text === '') throw new WebhookFailure(`failed to call webhook: ${emptyAnswer(code, contentType)}`);
  return text;
}

/** Where an answer sends the request on to, and in which form; `undefined` when it is the last one. */
function redirected(sent: Exchange, { code, location }: Answer): Exchange | undefined {
  const keepsMethod = code === 307 || code === 308;
  if (location === undefined || !(keepsMethod || (code >= 301 && code <= 303))) return undefined;
  const url = new URL(location, sent.endpoint.url);
  if (url.protocol !== 'https:')
    throw failure(sent, `unsupported protocol scheme ${JSON.stringify(url.protocol.replace(':', ''))}`);
  const endpoint: WebhookEndpoint = {
    url: url.href,
    host: url.hostname,
    port: Number(url.port || 443),
    path: `${url.pathname}${url.search}`,
    serverName: url.hostname,
  };
  return keepsMethod ? { ...sent, endpoint } : { ...sent, endpoint, method: 'GET', body: '' };
}

function exchange(sent: Exchange): Promise<Answer> {
  const { agent, webhook, endpoint, method, body, signal } = sent;
  const { host, port, path, serverName } = endpoint;
  return new Promise((resolve, reject) => {
    const request = httpsRequest({
      host,
      port,
      path,
      method,
      agent,
      signal,
      // An address cannot be asked for by name.
      servername: /^[\d.]+$|:/.test(serverName) ? '' : serverName,
      ...(webhook.caBundle === '' ? {} : { ca: webhook.caBundle }),
      headers: {
        host: serverName,
        accept: 'application/json, */*',
        ...(body === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
    });
    const fail = (error: Error): void => {
      const stale = request.reusedSocket && !signal.aborted;
      const why = failure(sent, connectionFault(error, signal)).message;
      reject(stale ? new StaleConnection(why) : new WebhookFailure(why));
    };
    request.on('error', fail);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () => resolve(answerOf(response, Buffer.concat(chunks).toString('utf8'))));
    });
    request.end(body);
  });
}

const answerOf = (response: IncomingMessage, text: string): Answer => ({
  code: response.statusCode ?? 0,
  location: response.headers.location,
  contentType: response.headers['content-type'] ?? '',
  text,
});
