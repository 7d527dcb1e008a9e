// The channel protocols of WebSockets: the first byte of each message says which stream it belongs to.
import { createInbox, createWaitingInbox } from '../inbox.ts';
import type { RemoteStatus } from '../remote-status.ts';
import { terminalSize } from '../remote-streams.ts';
import type { RemoteOptions, RemoteStreams, TerminalSize } from '../remote-streams.ts';
import type { WebSocketConnection } from './connection.ts';

const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** One of the protocols. */
export interface ChannelProtocol {
  /** As negotiated; '' for clients that ask for none. */
  readonly name: string;
  /** Messages are text, their data base64, their channel a digit. */
  readonly base64: boolean;
  /** The end is told as a Status; otherwise as a text, and nothing where all went well. */
  readonly tellsStatus: boolean;
  /** A client may close its input: channel 255, then the number of the one that ends. */
  readonly canClose: boolean;
}

const protocol = (name: string, base64: boolean, tellsStatus: boolean, canClose = false): ChannelProtocol => ({
  name,
  base64,
  tellsStatus,
  canClose,
});

const PROTOCOLS: readonly ChannelProtocol[] = [
  protocol('v5.channel.k8s.io', false, true, true),
  protocol('v4.channel.k8s.io', false, true),
  protocol('v4.base64.channel.k8s.io', true, true),
  protocol('channel.k8s.io', false, false),
  protocol('base64.channel.k8s.io', true, false),
];

/** The first that a client offers and the server has; `undefined`: none of what it insists on. */
export function chooseProtocol(offered: readonly string[]): ChannelProtocol | undefined {
  if (offered.length === 0) return protocol('', false, false);
  return offered.map((name) => PROTOCOLS.find((one) => one.name === name)).find((one) => one !== undefined);
}

/** Input that waits for the process; beyond it the client waits. */
const WAITING_MAX = 256 * 1024;

/** The streams of a remote command on a WebSocket. Reads the messages from now on. */
export function channelStreams(
  socket: WebSocketConnection,
  { base64, tellsStatus, canClose }: ChannelProtocol,
  options: RemoteOptions,
): RemoteStreams {
  const stdin = createWaitingInbox<Uint8Array>(WAITING_MAX);
  const sizes = createInbox<TerminalSize>(WAITING_MAX);
  const send = (channel: number, data: Uint8Array): Promise<void> =>
    base64
      ? socket.send('text', Buffer.from(String(channel)), Buffer.from(Buffer.from(data).toString('base64')))
      : socket.send('binary', Buffer.from([channel]), data);

  const hear = async (message: Buffer): Promise<void> => {
    if (message.length === 0) return;
    const channel = base64 ? message.readUInt8() - 0x30 : message.readUInt8();
    const data = base64 ? Buffer.from(message.toString('latin1', 1), 'base64') : message.subarray(1);
    if (channel === CHANNEL.stdin && options.stdin) {
      // Sizes wait behind a full input too: there is one connection for all.
      await stdin.put(data, data.length);
    } else if (channel === CHANNEL.resize) {
      const size = terminalSize(data.toString());
      if (size !== undefined) sizes.put(size, 1);
    } else if (canClose && channel === CHANNEL.close && data[0] === CHANNEL.stdin) stdin.end();
  };
  const hearAll = async (): Promise<void> => {
    for await (const message of socket.messages) {
      await hear(message);
    }
    stdin.end();
    sizes.end();
  };
  void hearAll();
  // Whoever waits for room then goes on.
  void socket.closed.then(() => stdin.end());
  const wanted = { stdout: options.stdout, stderr: options.stderr };
  const first = options.stdout ? CHANNEL.stdout : options.stderr ? CHANNEL.stderr : CHANNEL.error;
  // By an empty message the client learns that the streams are there.
  void send(first, Buffer.alloc(0));

  return {
    stdin: stdin.items,
    sizes: sizes.items,
    gone: socket.closed,
    output: async (stream, data) => {
      if (wanted[stream]) await send(CHANNEL[stream], data);
    },
    finish: async (status) => {
      const text = statusText(status, tellsStatus);
      if (text !== '') await send(CHANNEL.error, Buffer.from(text));
      socket.close();
    },
  };
}

/** A status for the error stream of a protocol. */
export function statusText(status: RemoteStatus, asJson: boolean): string {
  if (asJson) return JSON.stringify(status);
  return status.status === 'Success' ? '' : (status.message ?? '');
}
