// Requests for pods/portforward: SPDY, SPDY inside a WebSocket, or the channels of a WebSocket.
import type { Core, Scope } from '../core.ts';
import type { Reply } from '../http/reply.ts';
import { textReply } from '../http/reply.ts';
import { methodNotAllowed } from '../status.ts';
import { forwardOverChannels } from './port-forward-channels.ts';
import { forwardOverSpdy } from './port-forward-spdy.ts';
import { isSpdyRequest, spdyProtocol, switchToSpdy } from './spdy/handshake.ts';
import { openSpdy } from './spdy/session.ts';
import { nodeStreams, streamedPod } from './stream-target.ts';
import { requireUpgrade, switchToWebSocket } from './upgrade.ts';
import type { UpgradeRequest } from './upgrade.ts';
import { openWebSocket } from './websocket/connection.ts';
import { isWebSocketRequest, offeredProtocols } from './websocket/handshake.ts';
import { tunnel } from './websocket/tunnel.ts';

const OVER_SPDY = 'portforward.k8s.io';
const TUNNELLED = `SPDY/3.1+${OVER_SPDY}`;

interface ForwardProtocol {
  readonly name: string;
  readonly base64: boolean;
}

/** Serves a request; `undefined` when its connection is a stream now. Throws StatusError. */
export function servePortForward(core: Core, scope: Scope, asked: UpgradeRequest): Reply | undefined {
  const { request } = asked;
  if (request.method !== 'GET' && request.method !== 'POST') throw methodNotAllowed();
  const pod = streamedPod(core, scope, undefined);
  const node = nodeStreams(core, pod);
  const upgrade = requireUpgrade(asked);
  const { target } = pod;
  if (!isWebSocketRequest(request)) {
    if (!isSpdyRequest(request)) throw methodNotAllowed();
    void forwardOverSpdy(switchToSpdy(asked, upgrade, spdyProtocol(request, [OVER_SPDY])), node, target);
    return undefined;
  }
  const tunnelled = offeredProtocols(request).includes(TUNNELLED);
  const ports = tunnelled ? [] : portsOf(scope.query);
  if (typeof ports === 'string') return textReply(ports, 400);
  const { raw, protocol } = switchToWebSocket(asked, upgrade, chooseProtocol);
  const socket = openWebSocket(raw, (ms, act) => core.clock.after(ms, act));
  if (tunnelled) void forwardOverSpdy(openSpdy(tunnel(socket)), node, target);
  else void forwardOverChannels(socket, protocol.base64, ports, { node, target });
  return undefined;
}

function chooseProtocol(offered: readonly string[]): ForwardProtocol | undefined {
  if (offered.length === 0) return { name: '', base64: false };
  const served = [TUNNELLED, 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io'];
  const name = offered.find((one) => served.includes(one));
  return name === undefined ? undefined : { name, base64: name.includes('base64') };
}

/** The ports of a query, `ports=80,81` or one by one; in words, what is wrong with them. */
function portsOf(query: URLSearchParams): readonly number[] | string {
  const words = [...query.getAll('ports'), ...query.getAll('port')].flatMap((list) => list.split(','));
  if (words.length === 0) return 'query parameter "port" is required';
  const bad = words.find((word) => !/^\d{1,5}$/.test(word) || Number(word) < 1 || Number(word) > 65_535);
  return bad === undefined ? words.map(Number) : `unable to parse ${JSON.stringify(bad)} as a port`;
}
