// The opening of a SPDY connection in an HTTP request, as Kubernetes does it.
import type { IncomingMessage } from 'node:http';
import { badRequest, StatusError } from '../../status.ts';
import { switchProtocols } from '../upgrade.ts';
import type { Upgrade, UpgradeRequest } from '../upgrade.ts';
import { openSpdy } from './session.ts';
import type { SpdySession } from './session.ts';

export const isSpdyRequest = (request: Pick<IncomingMessage, 'headers'>): boolean =>
  request.headers.upgrade?.toLowerCase() === 'spdy/3.1';

/** The first of the client's protocols that the server has. Throws 400 when it names none, 403 when it insists on others. */
export function spdyProtocol(request: Pick<IncomingMessage, 'headersDistinct'>, served: readonly string[]): string {
  const offered = (request.headersDistinct['x-stream-protocol-version'] ?? [])
    .flatMap((value) => value.split(','))
    .map((word) => word.trim());
  if (offered.length === 0) throw badRequest('unable to upgrade: X-Stream-Protocol-Version is required');
  const chosen = offered.find((name) => served.includes(name));
  if (chosen !== undefined) return chosen;
  const words = `client supports [${offered.join(' ')}], server accepts [${served.join(' ')}]`;
  throw new StatusError(403, 'Forbidden', `unable to upgrade: unable to negotiate protocol: ${words}`);
}

/** Sends the 101 and takes the connection over. */
export function switchToSpdy(asked: UpgradeRequest, upgrade: Upgrade, protocol: string): SpdySession {
  return openSpdy(
    switchProtocols(asked, upgrade, {
      Connection: 'Upgrade',
      Upgrade: 'SPDY/3.1',
      'X-Stream-Protocol-Version': protocol,
    }),
  );
}
