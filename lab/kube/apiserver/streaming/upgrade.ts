// How a request leaves HTTP: the connection that it came on, the 101, and the refusals before it.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { badRequest } from '../status.ts';
import { rawConnection } from './raw-connection.ts';
import type { RawConnection } from './raw-connection.ts';
import { acceptanceHeaders, handshakeFault, offeredProtocols } from './websocket/handshake.ts';

/** What the HTTP server hands over with a request that asks for another protocol. */
export interface Upgrade {
  readonly socket: Socket;
  /** What came behind the request already. */
  readonly head: Buffer;
}

/** A request that may become something else. */
export interface UpgradeRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Absent for an ordinary request. */
  readonly upgrade: Upgrade | undefined;
}

/** Is it a request for one of the protocols of streams, at a path that has them? */
export function asksForStream({ url = '', headers }: Pick<IncomingMessage, 'url' | 'headers'>): boolean {
  const upgrade = headers.upgrade?.toLowerCase();
  return (upgrade === 'websocket' || upgrade === 'spdy/3.1') && /\/(?:exec|attach|portforward)\/?(?:\?|$)/.test(url);
}

/** Throws the 400 of a real server unless the request asks for another protocol. */
export function requireUpgrade({ upgrade }: UpgradeRequest): Upgrade {
  if (upgrade === undefined) throw badRequest('Upgrade request required');
  return upgrade;
}

/** Sends the 101; from here on the connection is ours. */
export function switchProtocols(
  { response }: UpgradeRequest,
  { socket, head }: Upgrade,
  headers: Readonly<Record<string, string>>,
): RawConnection {
  response.detachSocket(socket);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
  return rawConnection(socket, head);
}

/** Makes a WebSocket of the connection. Throws 400 for a broken handshake; a client that takes none of `choose`'s is refused. */
export function switchToWebSocket<T extends { readonly name: string }>(
  asked: UpgradeRequest,
  upgrade: Upgrade,
  choose: (offered: readonly string[]) => T | undefined,
): { readonly raw: RawConnection; readonly protocol: T } {
  const { request } = asked;
  const fault = handshakeFault(request);
  if (fault !== undefined) throw badRequest(fault);
  const offered = offeredProtocols(request);
  const protocol = choose(offered);
  if (protocol === undefined)
    throw badRequest(
      `unable to negotiate protocol: client supports ${JSON.stringify(offered)}, server accepts none of them`,
    );
  return { raw: switchProtocols(asked, upgrade, acceptanceHeaders(request, protocol.name)), protocol };
}
