// SPDY as Kubernetes uses it, against a client that the test plays.
import { describe, expect, it } from 'vitest';
import { createSpdyClient } from '../testing/spdy-client.ts';
import { controlFrame, TYPE } from './frames.ts';
import { headerDictionary } from './dictionary.ts';
import { openSpdy } from './session.ts';
import { spdyRemoteStreams } from './remote-streams.ts';

const all = { stdin: true, stdout: true, stderr: true, tty: false };

async function textOf(data: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const chunk of data) text += Buffer.from(chunk).toString();
  return text;
}

describe('a SPDY session', () => {
  it('has the dictionary of the protocol', () => {
    expect(headerDictionary()).toHaveLength(1423);
  });

  it('accepts streams with their headers and carries data both ways, each half with an end of its own', async () => {
    const client = createSpdyClient();
    const session = openSpdy(client.raw);
    await client.open(1, { streamtype: 'error', port: '80' });
    await client.open(3, { streamType: 'data', port: '80' });
    const streams = session.streams[Symbol.asyncIterator]();
    const first = (await streams.next()).value;
    const second = (await streams.next()).value;
    expect([...(first?.headers ?? [])]).toEqual([
      ['streamtype', 'error'],
      ['port', '80'],
    ]);
    expect(second?.headers.get('streamtype')).toBe('data');
    client.send(3, 'in ');
    client.send(3, 'order');
    client.finish(3);
    expect(second && (await textOf(second.data))).toBe('in order');
    await second?.write(Buffer.alloc(100_000, 'x'));
    await second?.end();
    expect(client.data(3)).toHaveLength(100_000);
    expect([client.isFinished(3), client.isFinished(1)]).toEqual([true, false]);
    expect(client.control).toEqual([TYPE.synReply, TYPE.synReply]);
  });

  it('answers pings, and refuses a stream whose number goes back', async () => {
    const client = createSpdyClient();
    const session = openSpdy(client.raw);
    client.sendFrame(controlFrame(TYPE.ping, [7]));
    await client.open(3, { streamtype: 'data' });
    await client.open(1, { streamtype: 'late' });
    await client.until(() => client.control.length === 3);
    expect(client.control).toEqual([TYPE.ping, TYPE.synReply, TYPE.rstStream]);
    session.close();
  });

  it('holds the client up while nobody reads what it sends', async () => {
    const client = createSpdyClient();
    const session = openSpdy(client.raw);
    await client.open(1, { streamtype: 'data' });
    const { value: stream } = await session.streams[Symbol.asyncIterator]().next();
    for (let count = 0; count < 20; count++) client.send(1, 'x'.repeat(32 * 1024));
    client.finish(1);
    await client.until(() => client.pauses > 0);
    expect(stream && (await textOf(stream.data))).toHaveLength(20 * 32 * 1024);
  });

  it('ends every stream when the client vanishes, and itself at what is no SPDY', async () => {
    const client = createSpdyClient();
    const session = openSpdy(client.raw);
    await client.open(1, { streamtype: 'data' });
    const { value: stream } = await session.streams[Symbol.asyncIterator]().next();
    client.send(1, 'last words');
    client.vanish();
    expect(stream && (await textOf(stream.data))).toBe('last words');
    await session.closed;

    const stranger = createSpdyClient();
    const other = openSpdy(stranger.raw);
    stranger.sendFrame(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    stranger.sendFrame(controlFrame(TYPE.synStream, [1, 0], Buffer.from('no header block at all')));
    await other.closed;
  });
});

describe('the streams of a remote command on SPDY', () => {
  it('are there once the client opened them all, and the status ends them', async () => {
    const client = createSpdyClient();
    const session = openSpdy(client.raw);
    const opening = spdyRemoteStreams(session, 'v4.channel.k8s.io', { ...all, stderr: false, tty: true });
    for (const [index, streamtype] of ['error', 'stdin', 'stdout', 'resize'].entries())
      await client.open(index * 2 + 1, { streamtype });
    const streams = await opening;
    client.send(7, '{"Width":80,"Height":24}{"Width":81');
    client.send(7, ',"Height":25}\n');
    const sizes = streams.sizes[Symbol.asyncIterator]();
    expect([(await sizes.next()).value, (await sizes.next()).value]).toEqual([
      { rows: 24, columns: 80 },
      { rows: 25, columns: 81 },
    ]);
    await streams.output('stdout', Buffer.from('hello'));
    await streams.finish({ metadata: {}, status: 'Success' });
    expect([client.data(5), client.data(1)]).toEqual(['hello', '{"metadata":{},"status":"Success"}']);
    expect([1, 3, 5, 7].every((id) => client.isFinished(id))).toBe(true);
    expect(client.control.at(-1)).toBe(TYPE.goAway);
  });

  it('reject when the client goes away before', async () => {
    const client = createSpdyClient();
    const opening = spdyRemoteStreams(openSpdy(client.raw), 'v4.channel.k8s.io', all);
    await client.open(1, { streamtype: 'error' });
    client.vanish();
    await expect(opening).rejects.toThrow('went away');
  });
});
