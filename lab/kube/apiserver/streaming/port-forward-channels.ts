// Port forwarding over the channels of a WebSocket: two for each port, one connection to each.
import { createWaitingInbox } from './inbox.ts';
import type { WaitingInbox } from './inbox.ts';
import { forward } from './forward.ts';
import type { NodeStreams, StreamTarget } from './node-streams.ts';
import type { WebSocketConnection } from './websocket/connection.ts';

const WAITING_MAX = 256 * 1024;

/** Serves until every connection is over or the client leaves. Source: pkg/kubelet/cri/streaming/portforward/websocket.go. */
export async function forwardOverChannels(
  socket: WebSocketConnection,
  base64: boolean,
  ports: readonly number[],
  { node, target }: { readonly node: NodeStreams; readonly target: StreamTarget },
): Promise<void> {
  const send = (channel: number, data: Uint8Array): Promise<void> =>
    base64
      ? socket.send('text', Buffer.from(String(channel)), Buffer.from(Buffer.from(data).toString('base64')))
      : socket.send('binary', Buffer.from([channel]), data);
  const inboxes = ports.map(() => createWaitingInbox<Uint8Array>(WAITING_MAX));
  const connections = ports.map(async (port, index) => {
    const [dataChannel, errorChannel] = [index * 2, index * 2 + 1];
    const number = Buffer.alloc(2);
    number.writeUInt16LE(port);
    // Each channel begins with the port that it is for.
    await send(dataChannel, number);
    await send(errorChannel, number);
    await forward(
      {
        data: inboxes[index]?.items ?? createWaitingInbox<Uint8Array>(1).items,
        gone: socket.closed,
        send: (chunk) => send(dataChannel, chunk),
        refuse: (message) =>
          send(errorChannel, Buffer.from(`error forwarding port ${port} to pod ${target.uid}, uid : ${message}`)),
        end: () => Promise.resolve(),
      },
      () => node.forward(target, port),
    );
  });
  void hear(socket, base64, inboxes);
  // Whoever waits for room then goes on.
  void socket.closed.then(() => {
    for (const inbox of inboxes) inbox.end();
  });
  await Promise.all(connections);
  socket.close();
}

async function hear(
  socket: WebSocketConnection,
  base64: boolean,
  inboxes: readonly WaitingInbox<Uint8Array>[],
): Promise<void> {
  for await (const message of socket.messages) {
    if (message.length === 0) continue;
    const channel = base64 ? message.readUInt8() - 0x30 : message.readUInt8();
    const data = base64 ? Buffer.from(message.toString('latin1', 1), 'base64') : message.subarray(1);
    // All channels wait while one of them is not read: there is one connection for all.
    if (channel % 2 === 0 && data.length > 0) await inboxes[channel / 2]?.put(data, data.length);
  }
  for (const inbox of inboxes) inbox.end();
}
