// For tests: a Kubernetes API of its own address that passes every call on, and may hold an answer back until something was done.
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as plainRequest,
  type Server,
} from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { KubeConnection } from '../../kube/connection.ts';

export interface PassedCall {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  /** Of the answer that is about to be given. */
  readonly status: number;
}

export interface ApiPassage extends AsyncDisposable {
  readonly server: string;
}

/** `beforeAnswer` is called when the real server has acted on a call with a body, and its answer has not left yet. */
export async function openApiPassage(
  connection: KubeConnection,
  beforeAnswer: (call: PassedCall) => void,
): Promise<ApiPassage> {
  const server: Server = createServer((incoming, outgoing) => {
    const pass = async (): Promise<void> => {
      const body = await textOf(incoming);
      const answer = await ask(connection, incoming, body);
      const { statusCode: status = 502 } = answer;
      if (body !== '') beforeAnswer({ method: incoming.method ?? '', path: incoming.url ?? '', body, status });
      outgoing.writeHead(status, answer.headers);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
      outgoing.once('close', () => answer.destroy());
      answer.once('error', () => outgoing.destroy());
    };
    pass().catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    server: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function ask(
  { server, caPem, tlsServerName, auth }: KubeConnection,
  { method, url, headers }: IncomingMessage,
  body: string,
): Promise<IncomingMessage> {
  const target = new URL(`${server}${url ?? ''}`);
  const { clientCertificate: pair } = auth;
  const identity = pair === undefined ? {} : { cert: pair.certPem, key: pair.keyPem };
  const token = await auth.readToken?.();
  const options = {
    method,
    headers: { ...own(headers, target), ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    agent: false,
    ...(caPem === undefined ? {} : { ca: caPem }),
    ...(tlsServerName === undefined ? {} : { servername: tlsServerName }),
    ...identity,
  } as const;
  const call = target.protocol === 'https:' ? tlsRequest(target, options) : plainRequest(target, options);
  call.end(body);
  const [answer] = (await once(call, 'response')) as [IncomingMessage];
  return answer;
}

/** Without what belongs to one connection. */
function own(headers: IncomingHttpHeaders, target: URL): IncomingHttpHeaders {
  const { connection, ...rest } = headers;
  const kept = connection === undefined ? headers : rest;
  return { ...kept, host: target.host };
}
