// The opening of a WebSocket (RFC 6455, section 4.2): what a request must bring, and the subprotocol that is agreed on.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** RFC 6455, section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export const isWebSocketRequest = (request: Pick<IncomingMessage, 'headers'>): boolean =>
  request.headers.upgrade?.toLowerCase() === 'websocket';

/** The subprotocols that a client offers, the preferred one first. */
export function offeredProtocols(request: Pick<IncomingMessage, 'headers'>): readonly string[] {
  const header = request.headers['sec-websocket-protocol'] ?? '';
  return header
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** Why a request cannot become a WebSocket; `undefined` when it can. */
export function handshakeFault({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): string | undefined {
  if (method !== 'GET') return 'websocket: the client is not using the websocket protocol: request method is not GET';
  if (headers['sec-websocket-version'] !== '13')
    return "websocket: unsupported version: 13 not found in 'Sec-Websocket-Version' header";
  const key = headers['sec-websocket-key'] ?? '';
  if (Buffer.from(key, 'base64').length !== 16)
    return "websocket: not a websocket handshake: 'Sec-WebSocket-Key' header must be Base64 encoded value of 16-byte in length";
  return undefined;
}

/** The headers of the 101. `protocol` '': none was asked for. */
export function acceptanceHeaders(
  { headers }: Pick<IncomingMessage, 'headers'>,
  protocol: string,
): Readonly<Record<string, string>> {
  const accept = createHash('sha1')
    .update(`${headers['sec-websocket-key'] ?? ''}${GUID}`)
    .digest('base64');
  return {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': accept,
    ...(protocol === '' ? {} : { 'Sec-WebSocket-Protocol': protocol }),
  };
}
