// A token in the subprotocols of a WebSocket, for browsers, which can set no header of their own. Source: apiserver's authentication/request/websocket.
import type { IncomingMessage } from 'node:http';
import { offeredProtocols } from './handshake.ts';

const PREFIX = 'base64url.bearer.authorization.k8s.io.';

/**
 * Moves a token from the offered subprotocols into the Authorization header, where no other credential is. A token that stands alone
 * is left: the server could not answer without telling it back.
 */
export function takeBearerProtocol(request: Pick<IncomingMessage, 'headers'>): void {
  const offered = offeredProtocols(request);
  const token = offered.find((name) => name.startsWith(PREFIX));
  const others = offered.filter((name) => !name.startsWith(PREFIX));
  if (token === undefined || others.length === 0) return;
  request.headers['sec-websocket-protocol'] = others.join(', ');
  request.headers.authorization ??= `Bearer ${Buffer.from(token.slice(PREFIX.length), 'base64url').toString()}`;
}
