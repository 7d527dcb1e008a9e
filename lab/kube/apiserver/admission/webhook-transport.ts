// HTTPS to webhooks over connections that are kept, since a handshake costs more than most answers.
import { Agent, request as httpsRequest } from 'node:https';
import type { Webhook } from './webhook-config.ts';
import type { WebhookEndpoint } from './webhook-endpoint.ts';
import { WebhookFailure } from './webhook-failure.ts';

export interface WebhookTransport {
  /** POSTs a review and gives the text of the answer, within the webhook's time-out. Throws WebhookFailure. */
  post(webhook: Webhook, endpoint: WebhookEndpoint, body: string): Promise<string>;
  close(): void;
}

export function createWebhookTransport(): WebhookTransport {
  // Our own agent: neither proxy settings nor the process's other connections come between.
  const agent = new Agent({ keepAlive: true, maxSockets: 64, timeout: 60_000 });
  return {
    async post(webhook, endpoint, body) {
      const signal = AbortSignal.timeout(webhook.timeoutSeconds * 1000);
      try {
        return await exchange({ agent, webhook, endpoint, body, signal });
      } catch (error) {
        // The webhook had closed the kept connection at the moment it was used; it never saw the request.
        if (error instanceof StaleConnection) return await exchange({ agent, webhook, endpoint, body, signal });
        throw error;
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
  readonly body: string;
  readonly signal: AbortSignal;
}

function exchange({ agent, webhook, endpoint, body, signal }: Exchange): Promise<string> {
  const { host, port, path, serverName, url } = endpoint;
  return new Promise((resolve, reject) => {
    const request = httpsRequest({
      host,
      port,
      path,
      method: 'POST',
      agent,
      signal,
      // An address cannot be asked for by name.
      servername: /^[\d.]+$|:/.test(serverName) ? '' : serverName,
      ...(webhook.caBundle === '' ? {} : { ca: webhook.caBundle }),
      headers: {
        host: serverName,
        'content-type': 'application/json',
        accept: 'application/json',
        'content-length': Buffer.byteLength(body),
      },
    });
    const fail = (error: Error): void => {
      const message = `failed to call webhook: Post ${JSON.stringify(url)}: ${describe(error, signal)}`;
      const stale = request.reusedSocket && !signal.aborted;
      reject(stale ? new StaleConnection(message) : new WebhookFailure(message));
    };
    request.on('error', fail);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const code = response.statusCode ?? 0;
        if (code >= 200 && code < 300) resolve(text);
        else reject(new WebhookFailure(serverError(text)));
      });
    });
    request.end(body);
  });
}

const serverError = (text: string): string =>
  `failed to call webhook: an error on the server (${JSON.stringify(text.slice(0, 200))}) has prevented the request from succeeding`;

const UNKNOWN_AUTHORITY = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
];

/** Node's fault in the words that people know from Kubernetes. */
function describe(error: Error, signal: AbortSignal): string {
  if (signal.aborted) return 'context deadline exceeded';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'ECONNREFUSED') return 'dial tcp: connect: connection refused';
  const untrusted = 'tls: failed to verify certificate: x509:';
  if (UNKNOWN_AUTHORITY.includes(code)) return `${untrusted} certificate signed by unknown authority`;
  return code.includes('CERT') ? `${untrusted} ${error.message}` : error.message;
}
