// The streams of a remote command on a SPDY connection: the client opens one of each type, by their headers.
import { statusText } from '../websocket/channels.ts';
import { terminalSize } from '../remote-streams.ts';
import type { RemoteOptions, RemoteStreams, TerminalSize } from '../remote-streams.ts';
import type { SpdySession, SpdyStream } from './session.ts';

/** Resolves when the client has opened every stream that it asked for; rejects when it goes away before. */
export async function spdyRemoteStreams(
  session: SpdySession,
  protocol: string,
  options: RemoteOptions,
): Promise<RemoteStreams> {
  const resizes = options.tty && protocol !== 'v2.channel.k8s.io';
  const wanted = [
    'error',
    ...(options.stdin ? ['stdin'] : []),
    ...(options.stdout ? ['stdout'] : []),
    ...(options.stderr ? ['stderr'] : []),
    ...(resizes ? ['resize'] : []),
  ];
  const found = new Map<string, SpdyStream>();
  const streams = session.streams[Symbol.asyncIterator]();
  while (wanted.some((type) => !found.has(type))) {
    const next = await streams.next();
    if (next.done === true) throw new Error(`the client went away before it opened ${wanted.join(', ')}`);
    found.set(next.value.headers.get('streamtype') ?? '', next.value);
  }
  return {
    stdin: found.get('stdin')?.data ?? nothing(),
    sizes: sizesOf(found.get('resize')?.data ?? nothing()),
    gone: session.closed,
    output: async (stream, data) => found.get(stream)?.write(data),
    finish: async (status) => {
      const text = statusText(status, protocol === 'v4.channel.k8s.io');
      if (text !== '') await found.get('error')?.write(Buffer.from(text));
      for (const stream of found.values()) await stream.end();
      session.close();
    },
  };
}

async function* nothing(): AsyncIterable<Uint8Array> {}

/** JSON objects one after another, in whatever pieces they come. */
async function* sizesOf(data: AsyncIterable<Uint8Array>): AsyncIterable<TerminalSize> {
  let text = '';
  for await (const chunk of data) {
    text += Buffer.from(chunk).toString();
    for (let end = text.indexOf('}'); end >= 0; end = text.indexOf('}')) {
      const size = terminalSize(text.slice(0, end + 1));
      text = text.slice(end + 1);
      if (size !== undefined) yield size;
    }
  }
}
