// One HTTP exchange with the API server over explicit keep-alive agents; knows nothing of Kubernetes objects.
import type { Agent, AgentOptions, IncomingMessage } from 'node:http';
import https from 'node:https';
import { http } from '../base/node-http.ts';
import { connectionError } from './api-error.ts';
import type { KubeConnection } from './connection.ts';

/** Calls, watches and leases never share a socket: a hundred slow lists must not delay the renewal of a lease. */
export type Lane = 'call' | 'watch' | 'lease';

export interface HttpRequest {
  readonly method: string;
  /** Path and query, below the connection's own path prefix. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly lane: Lane;
  /** Ends the exchange, also while the answer's body is read. */
  readonly signal: AbortSignal;
}

export interface Transport {
  /** Resolves when the head of the answer is there; throws ApiError `ConnectionFailed`, or the signal's reason when aborted. */
  send(request: HttpRequest): Promise<IncomingMessage>;
  /** Closes idle connections and breaks open ones. */
  close(): void;
}

const IDLE_SOCKET_MS = 30_000;
const KEEPALIVE_PROBE_MS = 15_000;

/** Agents are our own, so proxy variables of the environment never apply. */
export function createTransport(connection: KubeConnection): Transport {
  const base = new URL(connection.server);
  const prefix = base.pathname.replace(/\/+$/, '');
  const secure = base.protocol === 'https:';
  const agents: Readonly<Record<Lane, Agent>> = {
    // Idle sockets are dropped before a usual server drops them, so that a write rarely meets a socket that is being closed.
    call: newAgent(secure, connection, { maxSockets: 64, timeout: IDLE_SOCKET_MS }),
    watch: newAgent(secure, connection, {}),
    lease: newAgent(secure, connection, { maxSockets: 4, timeout: IDLE_SOCKET_MS }),
  };
  return {
    send: (request) =>
      exchange({
        request,
        secure,
        agent: agents[request.lane],
        host: base.hostname.replace(/^\[|\]$/g, ''),
        port: base.port === '' ? (secure ? 443 : 80) : Number(base.port),
        path: prefix + request.path,
      }),
    close: () => {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

/** For one server, with its certificates; proxy variables of the environment never apply. */
export function newAgent(secure: boolean, connection: KubeConnection, options: AgentOptions): Agent {
  const shared: AgentOptions = { keepAlive: true, keepAliveMsecs: KEEPALIVE_PROBE_MS, ...options };
  if (!secure) return new http.Agent(shared);
  const certificate = connection.auth.clientCertificate;
  return new https.Agent({
    ...shared,
    ...(connection.caPem === undefined ? {} : { ca: connection.caPem }),
    ...(certificate === undefined ? {} : { cert: certificate.certPem, key: certificate.keyPem }),
    ...(connection.tlsServerName === undefined ? {} : { servername: connection.tlsServerName }),
    rejectUnauthorized: connection.skipTlsVerify !== true,
  });
}

interface Exchange {
  readonly request: HttpRequest;
  readonly secure: boolean;
  readonly agent: Agent;
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

function exchange({ request, secure, agent, host, port, path }: Exchange): Promise<IncomingMessage> {
  const { signal, method, body } = request;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const headers =
      body === undefined ? request.headers : { ...request.headers, 'content-length': String(Buffer.byteLength(body)) };
    const outgoing = (secure ? https : http).request({ host, port, path, method, headers, agent });
    const onAbort = (): void => {
      outgoing.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    outgoing.once('response', (answer) => {
      // Destroying the request also breaks the body, with the same error; its reader sees it.
      answer.once('close', () => signal.removeEventListener('abort', onAbort));
      resolve(answer);
    });
    // Not `once`: a late error of a destroyed request must never become an uncaught exception.
    outgoing.on('error', (error) => {
      signal.removeEventListener('abort', onAbort);
      reject(signal.aborted ? (signal.reason as Error) : connectionError(`${method} ${request.path}`, error));
    });
    outgoing.end(body);
  });
}
