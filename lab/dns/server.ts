// A DNS server on one address, by UDP and TCP.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { errorText } from '../../src/base/errors.ts';
import type { Logger } from '../../src/base/logger.ts';
import { decodeQuery, encodeAnswer, encodeRefusal, isStandardQuery, RESPONSE_CODES } from './message.ts';
import type { Answer, Query, Question } from './message.ts';

export interface DnsServerOptions {
  /** One address, not all: an answer from another address of the machine is thrown away by who asked. */
  readonly host: string;
  /** 0 picks a free one, the same for both transports. */
  readonly port: number;
  /** Throwing is answered SERVFAIL. */
  readonly answer: (question: Question) => Answer;
  readonly logger: Logger;
}

export interface DnsServer {
  readonly port: number;
  close(): Promise<void>;
}

const LARGEST_TCP = 65_535;
const IDLE_MS = 10_000;

/** Resolves when both transports take queries; rejects with the kernel's reason. */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  const { host, logger } = options;
  const connections = new Set<Socket>();
  const tcp: Server = createServer((socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    serveConnection(socket, (packet) => respond(options, packet, () => LARGEST_TCP));
  });
  tcp.listen(options.port, host);
  await once(tcp, 'listening');
  const address = tcp.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;

  const udp = createSocket('udp4');
  udp.on('message', (packet, from) => {
    const response = respond(options, packet, (query) => query.payloadSize);
    if (response !== undefined) udp.send(response, from.port, from.address);
  });
  try {
    udp.bind(port, host);
    await once(udp, 'listening');
  } catch (error) {
    tcp.close();
    throw error;
  }
  udp.on('error', (error) => logger.warn({ error: errorText(error) }, 'an answer could not be sent'));
  return {
    port,
    close: async () => {
      for (const socket of connections) socket.destroy();
      tcp.close();
      udp.close();
      await once(tcp, 'close');
    },
  };
}

/** The response to a packet; none for what is no query at all. */
function respond(
  { answer, logger }: DnsServerOptions,
  packet: Buffer,
  limit: (query: Query) => number,
): Buffer | undefined {
  if (!isStandardQuery(packet)) return encodeRefusal(packet, RESPONSE_CODES.notImplemented);
  let query: Query;
  try {
    query = decodeQuery(packet);
  } catch (error) {
    logger.debug({ error: errorText(error) }, 'query refused');
    return encodeRefusal(packet, RESPONSE_CODES.formatError);
  }
  try {
    return encodeAnswer(query, answer(query.question), limit(query));
  } catch (error) {
    logger.error({ name: query.question.name, error: errorText(error) }, 'query failed');
    return encodeRefusal(packet, RESPONSE_CODES.serverFailure);
  }
}

/** Each message is preceded by its length; several may follow each other. */
function serveConnection(socket: Socket, handle: (packet: Buffer) => Buffer | undefined): void {
  let held = Buffer.alloc(0);
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
      const end = 2 + held.readUInt16BE(0);
      const response = handle(held.subarray(2, end));
      held = held.subarray(end);
      if (response === undefined) {
        socket.destroy();
        return;
      }
      const length = Buffer.alloc(2);
      length.writeUInt16BE(response.length, 0);
      socket.write(Buffer.concat([length, response]));
    }
  });
}
