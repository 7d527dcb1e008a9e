// The HTTPS listener: its own port, and connections that were accepted elsewhere.
import { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from '../../../src/base/logger.ts';
import type { ServingCertificates } from './access/certificates.ts';
import type { RequestHandler } from './http/server.ts';
import { asksForStream } from './streaming/upgrade.ts';
import { takeBearerProtocol } from './streaming/websocket/bearer-protocol.ts';
import { methodRefusal, parseRefusal, protocolRefusal, refuseOn } from './http/protocol-refusal.ts';

export interface Listener {
  readonly port: number;
  /** Serves a raw TCP connection, TLS included. */
  accept(socket: Socket): void;
  /** Ends every connection, also those accepted elsewhere, and the port. */
  close(): Promise<void>;
}

export interface ListenerOptions {
  readonly certificates: ServingCertificates;
  readonly listen: { readonly host: string; readonly port: number };
  readonly logger: Logger;
  readonly handler: RequestHandler;
}

/** Clients keep connections for long; longer than they do, so that they are the ones to end them. */
const KEEP_ALIVE_MS = 120_000;

/** As Go's server, which real ones are built on. */
const MAX_HEADER_BYTES = 1024 * 1024 + 4096;

/** Starts to listen. Rejects when the port cannot be had. */
export async function startListener({ certificates, listen, logger, handler }: ListenerOptions): Promise<Listener> {
  // Watches have no end of their own, hence no time limit on requests.
  const options = {
    cert: certificates.certPem,
    key: certificates.keyPem,
    // Asked for and not insisted on: who shows none, or a bad one, may still have a token.
    ca: certificates.caPem,
    requestCert: true,
    rejectUnauthorized: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    // Refused below in a real server's words.
    requireHostHeader: false,
    requestTimeout: 0,
    // Whatever else a request would like to become, it is answered as it is.
    shouldUpgradeCallback: asksForStream,
    // A client that has ended its side still gets its answer.
    allowHalfOpen: true,
  };
  const server = createServer(options, (request, response) => {
    const refusal = protocolRefusal(request);
    if (refusal === undefined) handler(request, response);
    else refuseOn(request.socket, refusal);
  });
  server.on('upgrade', (request, socket: Socket, head: Buffer) => {
    const response = new ServerResponse(request);
    response.assignSocket(socket);
    // Refused, the request has had an ordinary answer, and the connection ends behind it.
    response.shouldKeepAlive = false;
    response.on('finish', () => socket.end());
    socket.on('error', () => socket.destroy());
    takeBearerProtocol(request);
    handler(request, response, { socket, head });
  });
  server.maxHeadersCount = 0;
  // The same for Node's HTTP, which has this switch and no option for it.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on('clientError', (error: Error & { code?: string }, socket: Duplex) => {
    if (socket.writable && error.code !== 'ECONNRESET') refuseOn(socket, parseRefusal(error.code ?? ''));
    else socket.destroy();
  });
  // Nothing is tunnelled.
  server.on('connect', (_request, socket: Duplex) => refuseOn(socket, methodRefusal));
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', (error) => logger.debug({ error: error.message }, 'TLS handshake failed'));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    accept: (socket) => void server.emit('connection', socket),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
