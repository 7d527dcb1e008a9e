// The HTTPS listener: its own port, and connections that were accepted elsewhere.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Logger } from '../../../src/base/logger.ts';
import type { ServingCertificates } from './access/certificates.ts';

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
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
}

/** Clients keep connections for long; longer than they do, so that they are the ones to end them. */
const KEEP_ALIVE_MS = 120_000;

/** Starts to listen. Rejects when the port cannot be had. */
export async function startListener({ certificates, listen, logger, handler }: ListenerOptions): Promise<Listener> {
  // Watches have no end of their own, hence no time limit on requests.
  const options = {
    cert: certificates.certPem,
    key: certificates.keyPem,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: 0,
  };
  const server = createServer(options, handler);
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
