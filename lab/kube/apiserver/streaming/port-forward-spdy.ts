// Port forwarding over SPDY: for each connection the client opens an error stream and a data stream with one request id.
import { forward } from './forward.ts';
import type { NodeStreams, StreamTarget } from './node-streams.ts';
import type { SpdySession, SpdyStream } from './spdy/session.ts';

interface Pair {
  error?: SpdyStream;
  data?: SpdyStream;
}

/** Serves connections until the client ends the session. Source: pkg/kubelet/cri/streaming/portforward/httpstream.go. */
export async function forwardOverSpdy(session: SpdySession, node: NodeStreams, target: StreamTarget): Promise<void> {
  const pairs = new Map<string, Pair>();
  for await (const stream of session.streams) {
    const type = stream.headers.get('streamtype') ?? '';
    const port = Number(stream.headers.get('port') ?? '');
    if ((type !== 'error' && type !== 'data') || !Number.isInteger(port) || port < 1 || port > 65_535) {
      // The client has no use for a stream that it did not describe.
      void stream.end();
      continue;
    }
    const id = requestId(stream, type);
    const pair = pairs.get(id) ?? {};
    pairs.set(id, pair);
    pair[type] = stream;
    if (pair.error === undefined || pair.data === undefined) continue;
    pairs.delete(id);
    void connect({ session, node, target, port }, pair.error, pair.data);
  }
}

/** Clients of old name no id: their two streams have numbers that follow each other. */
function requestId({ headers, id }: SpdyStream, type: 'error' | 'data'): string {
  return headers.get('requestid') ?? String(type === 'error' ? id : id - 2);
}

interface Connection {
  readonly session: SpdySession;
  readonly node: NodeStreams;
  readonly target: StreamTarget;
  readonly port: number;
}

async function connect(
  { session, node, target, port }: Connection,
  error: SpdyStream,
  data: SpdyStream,
): Promise<void> {
  await forward(
    {
      data: data.data,
      gone: session.closed,
      send: (chunk) => data.write(chunk),
      refuse: (message) =>
        error.write(Buffer.from(`error forwarding port ${port} to pod ${target.uid}, uid : ${message}`)),
      end: async () => {
        await data.end();
        await error.end();
      },
    },
    () => node.forward(target, port),
  );
}
