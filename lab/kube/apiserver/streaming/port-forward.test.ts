// pods/portforward with a node that the test plays, over each protocol.
import { once } from 'node:events';
import { request } from 'node:https';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ApiBench } from '../../testing/api-bench.ts';
import { forwardOverSpdy } from './port-forward-spdy.ts';
import { StreamRefusal } from './node-streams.ts';
import { openSpdy } from './spdy/session.ts';
import { createFakeNode } from './testing/fake-node.ts';
import type { FakeNode } from './testing/fake-node.ts';
import { createSpdyClient } from './testing/spdy-client.ts';
import { startStreamBench } from './testing/stream-bench.ts';
import { onChannel, openSocket, trust } from './testing/web-socket-client.ts';

const PATH = '/api/v1/namespaces/default/pods/web/portforward';
const target = { namespace: 'default', pod: 'web', uid: 'u1', container: '' };

describe('port forwarding over SPDY', () => {
  it('connects once for each pair of streams, whatever their order, and ends with the port', async () => {
    const node = createFakeNode();
    const client = createSpdyClient();
    void forwardOverSpdy(openSpdy(client.raw), node.streams, target);
    await client.open(1, { streamtype: 'error', port: '80', requestid: '0' });
    await client.open(3, { streamtype: 'error', port: '81', requestid: '1' });
    await client.open(5, { streamtype: 'data', port: '81', requestid: '1' });
    const second = await node.next();
    await client.open(7, { streamtype: 'data', port: '80', requestid: '0' });
    const first = await node.next();
    expect([second.port, first.port]).toEqual([81, 80]);
    client.send(7, 'GET /');
    client.finish(7);
    await first.inputEnded;
    expect(await first.heard((text) => text.length === 5)).toBe('GET /');
    first.say('stdout', 'page');
    first.end({ kind: 'code', code: 0 });
    await client.until(() => client.isFinished(7) && client.isFinished(1));
    expect([client.data(7), client.data(1)]).toEqual(['page', '']);
    client.vanish();
    await second.left;
  });

  it('tells on the error stream why a port cannot be reached, and takes clients that name no request', async () => {
    const node = createFakeNode();
    node.refuse(new StreamRefusal(500, 'connection refused'));
    const client = createSpdyClient();
    void forwardOverSpdy(openSpdy(client.raw), node.streams, target);
    await client.open(1, { streamtype: 'error', port: '80' });
    await client.open(3, { streamtype: 'data', port: '80' });
    await client.until(() => client.isFinished(1));
    expect(client.data(1)).toBe('error forwarding port 80 to pod u1, uid : connection refused');
  });
});

describe('pods/portforward', () => {
  let bench: ApiBench;
  let node: FakeNode;
  beforeAll(async () => {
    node = createFakeNode();
    bench = await startStreamBench(node);
    trust(bench.api);
  });
  afterAll(async () => await bench.close());
  beforeEach(() => node.refuse(undefined));

  it('has two channels for each port, which begin with its number', async () => {
    const client = await openSocket(bench.api, `${PATH}?ports=80,8080`, ['v4.channel.k8s.io']);
    const [first, second] = [await node.next(), await node.next()];
    expect([first.port, second.port]).toEqual([80, 8080]);
    await client.until(({ messages }) => messages.length === 4);
    expect(client.messages.map((message) => [message[0], message.readUInt16LE(1)])).toEqual(
      expect.arrayContaining([
        [0, 80],
        [1, 80],
        [2, 8080],
        [3, 8080],
      ]),
    );
    client.send(onChannel(2, 'hello'));
    expect(await second.heard((text) => text !== '')).toBe('hello');
    second.say('stdout', 'world');
    await client.until((each) => each.channel(2).endsWith('world'));
    client.close();
    await Promise.all([first.left, second.left]);
  });

  const upgradeTo = async (
    given: Record<string, string>,
    method = 'GET',
  ): Promise<{ code: number; headers: Record<string, unknown>; socket: Socket | undefined }> => {
    const { token } = bench.api.adminConnection().auth;
    const headers = { authorization: `Bearer ${token}`, connection: 'Upgrade', ...given };
    const asked = request(`${bench.api.url}${PATH}`, { method, headers, ca: bench.api.caPem });
    asked.end();
    const [response, socket] = (await Promise.race([once(asked, 'upgrade'), once(asked, 'response')])) as [
      { statusCode: number; headers: Record<string, unknown>; resume(): void },
      Socket | undefined,
    ];
    response.resume();
    return { code: response.statusCode, headers: response.headers, socket };
  };
  const upgradeToSpdy = async (protocol: string): Promise<{ code: number; headers: Record<string, unknown> }> => {
    const given = { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': protocol };
    const { code, headers, socket } = await upgradeTo(given, 'POST');
    socket?.destroy();
    return { code, headers };
  };

  it('carries SPDY inside a WebSocket, as kubectl does', async () => {
    // The runtime's WebSocket takes no protocol with a slash in its name.
    const { code, headers, socket } = await upgradeTo({
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.alloc(16).toString('base64'),
      'sec-websocket-protocol': 'SPDY/3.1+portforward.k8s.io',
    });
    expect([code, headers['sec-websocket-protocol']]).toEqual([101, 'SPDY/3.1+portforward.k8s.io']);
    // A ping in a masked frame (its mask is nothing but zeros), and its echo in an unmasked one.
    const ping = Buffer.from([0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1]);
    socket?.write(Buffer.concat([Buffer.from([0x82, 0x80 | ping.length, 0, 0, 0, 0]), ping]));
    const [echo] = socket === undefined ? [] : ((await once(socket, 'data')) as [Buffer]);
    expect(echo).toEqual(Buffer.concat([Buffer.from([0x82, ping.length]), ping]));
    socket?.destroy();
  });

  it('becomes SPDY at a request of an older client, and refuses protocols that it does not have', async () => {
    expect(await upgradeToSpdy('portforward.k8s.io')).toMatchObject({
      code: 101,
      headers: { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'portforward.k8s.io' },
    });
    expect((await upgradeToSpdy('other')).code).toBe(403);
  });

  it.each([
    ['', 'query parameter "port" is required'],
    ['?ports=http', 'unable to parse "http" as a port'],
  ])('refuses channels without good ports: %s', async (query) => {
    await expect(openSocket(bench.api, `${PATH}${query}`, ['v4.channel.k8s.io'])).rejects.toThrow('WebSocket');
  });
});
