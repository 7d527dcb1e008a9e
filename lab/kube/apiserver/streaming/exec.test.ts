// exec and attach over the runtime's own WebSocket, with a node that the test plays.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { labPods } from '../../kubelet/pod-view.ts';
import type { ApiBench } from '../../testing/api-bench.ts';
import { StreamRefusal } from './node-streams.ts';
import { createFakeNode } from './testing/fake-node.ts';
import type { FakeNode } from './testing/fake-node.ts';
import { startStreamBench } from './testing/stream-bench.ts';
import { onChannel, openSocket, trust } from './testing/web-socket-client.ts';

const EXEC = '/api/v1/namespaces/default/pods/web/exec';
const V5 = ['v5.channel.k8s.io'];
const V4 = ['v4.channel.k8s.io'];

describe('pods/exec over a WebSocket', () => {
  let bench: ApiBench;
  let node: FakeNode;
  beforeAll(async () => {
    node = createFakeNode();
    bench = await startStreamBench(node);
    trust(bench.api);
  });
  afterAll(async () => await bench.close());
  beforeEach(() => node.refuse(undefined));
  const open = (query: string, protocols: readonly string[]) => openSocket(bench.api, `${EXEC}?${query}`, protocols);
  const get = async (path: string, headers: Record<string, string> = {}): Promise<{ code: number; text: string }> => {
    const { token } = bench.api.adminConnection().auth;
    const response = await fetch(`${bench.api.url}${path}`, {
      headers: { authorization: `Bearer ${token}`, ...headers },
    });
    return { code: response.status, text: await response.text() };
  };

  it.each([V5, V4])('carries both outputs and ends with a Status: %s', async (...protocols) => {
    const client = await open('command=ls&command=-l&stdout=1&stderr=1&container=web', protocols);
    const process = await node.next();
    expect(process).toMatchObject({ command: ['ls', '-l'], target: { pod: 'web', container: 'web' }, tty: false });
    process.say('stdout', 'out');
    process.say('stderr', 'bad');
    process.end({ kind: 'code', code: 0 });
    expect(await client.closed).toBe(1000);
    expect(client.protocol).toBe(protocols[0]);
    expect([client.channel(1), client.channel(2)]).toEqual(['out', 'bad']);
    expect(client.channel(3)).toBe('{"metadata":{},"status":"Success"}');
    // By an empty message the client learns that the streams are there.
    expect(client.messages[0]).toEqual(Buffer.from([1]));
  });

  it('tells an exit code, and 128 and the number of a signal', async () => {
    for (const [end, code] of [
      [{ kind: 'code', code: 3 }, '3'],
      [{ kind: 'signal', signal: 9 }, '137'],
    ] as const) {
      const client = await open('command=x&stdout=true', V5);
      (await node.next()).end(end);
      await client.closed;
      expect(JSON.parse(client.channel(3))).toEqual({
        metadata: {},
        status: 'Failure',
        message: `command terminated with non-zero exit code: command terminated with exit code ${code}`,
        reason: 'NonZeroExitCode',
        details: { causes: [{ reason: 'ExitCode', message: code }] },
      });
    }
  });

  it('passes input on, and its end with v5', async () => {
    const client = await open('command=cat&stdin=1&stdout=1', V5);
    const process = await node.next();
    client.send(onChannel(0, 'hello '));
    client.send(onChannel(0, 'world'));
    client.send(Buffer.from([255, 0]));
    await process.inputEnded;
    expect(await process.heard((text) => text.length === 11)).toBe('hello world');
    process.end({ kind: 'code', code: 0 });
    await client.closed;
  });

  it('carries more input than may wait, and all of it', async () => {
    const client = await open('command=cat&stdin=1&stdout=1', V5);
    const process = await node.next();
    for (let count = 0; count < 64; count++) client.send(onChannel(0, 'x'.repeat(32 * 1024)));
    client.send(Buffer.from([255, 0]));
    await process.inputEnded;
    expect(await process.heard(() => true)).toHaveLength(64 * 32 * 1024);
    process.end({ kind: 'code', code: 0 });
    await client.closed;
  });

  it('does not take channel 255 for an end with v4', async () => {
    const client = await open('command=cat&stdin=1&stdout=1', V4);
    const process = await node.next();
    client.send(Buffer.from([255, 0]));
    client.send(onChannel(0, 'still'));
    expect(await process.heard((text) => text !== '')).toBe('still');
    process.end({ kind: 'code', code: 0 });
    await client.closed;
  });

  it('speaks base64 where asked to', async () => {
    const client = await open('command=cat&stdin=1&stdout=1', ['v4.base64.channel.k8s.io']);
    const process = await node.next();
    client.send(`0${Buffer.from('über').toString('base64')}`);
    expect(await process.heard((text) => text !== '')).toBe('über');
    process.say('stdout', 'ä');
    process.end({ kind: 'code', code: 0 });
    await client.closed;
    expect(client.messages.map(String)).toContain(`1${Buffer.from('ä').toString('base64')}`);
  });

  it('resizes a terminal, which has one output', async () => {
    const client = await open('command=sh&stdin=1&stdout=1&stderr=1&tty=1', V5);
    const process = await node.next();
    expect(process.tty).toBe(true);
    client.send(onChannel(4, '{"Width":132,"Height":50}'));
    await process.sized;
    expect(process.sizes).toEqual(['50x132']);
    process.say('stderr', 'no stream of its own');
    process.end({ kind: 'code', code: 0 });
    await client.closed;
    expect(client.channel(2)).toBe('');
  });

  it('leaves the process when the client goes away', async () => {
    const client = await open('command=sleep&stdout=1', V5);
    const process = await node.next();
    client.close();
    await process.left;
  });

  it('tells over the stream why a command cannot be run, once more with v5 than with v4', async () => {
    node.refuse(new StreamRefusal(500, 'failed to exec in container: no'));
    const text = 'error executing command in container: failed to exec in container: no';
    for (const [protocols, message] of [
      [V5, `Internal error occurred: Internal error occurred: ${text}`],
      [V4, `Internal error occurred: ${text}`],
    ] as const) {
      const client = await open('command=x&stdout=1', protocols);
      await client.closed;
      expect(JSON.parse(client.channel(3))).toMatchObject({
        status: 'Failure',
        reason: 'InternalError',
        code: 500,
        message,
      });
    }
  });

  it('tells over the stream with v5, and before it with v4, that a container does not run', async () => {
    node.refuse(new StreamRefusal(404, 'container not found ("web")'));
    const client = await open('command=x&stdout=1', V5);
    await client.closed;
    expect(JSON.parse(client.channel(3))).toMatchObject({
      message: 'Internal error occurred: unable to upgrade connection: container not found ("web")',
    });
    await expect(open('command=x&stdout=1', V4)).rejects.toThrow('did not become a WebSocket');
  });

  it('tells over the stream with v5 that a node cannot be reached', async () => {
    node.refuse(new StreamRefusal(504, 'error dialing backend: dial tcp 10.0.1.2:10250: i/o timeout'));
    const client = await open('command=x&stdout=1', V5);
    await client.closed;
    expect(JSON.parse(client.channel(3))).toMatchObject({
      message: 'Internal error occurred: error dialing backend: dial tcp 10.0.1.2:10250: i/o timeout',
    });
  });

  it.each([
    [`${EXEC}?command=x&stdout=1`, 400, 'Upgrade request required'],
    [`${EXEC}?command=x&stdout=1&container=zip`, 400, 'container zip is not valid for pod web'],
    [
      '/api/v1/namespaces/default/pods/two/exec?command=x&stdout=1',
      400,
      'choose one of: [a b] or one of the init containers: [i]',
    ],
    ['/api/v1/namespaces/default/pods/nowhere/exec?command=x', 400, 'pod nowhere does not have a host assigned'],
    ['/api/v1/namespaces/default/pods/lost/exec?command=x', 404, 'nodes \\"gone\\" not found'],
    ['/api/v1/namespaces/default/pods/away/exec?command=x', 500, 'no kubelet serves node unserved here'],
    ['/api/v1/namespaces/default/pods/none/exec?command=x', 404, 'pods \\"none\\" not found'],
  ])('refuses %s', async (path, code, words) => {
    const { code: given, text } = await get(path);
    expect([given, text]).toEqual([code, expect.stringContaining(words)]);
  });

  it('refuses a client that offers no protocol of its own', async () => {
    await expect(open('command=x&stdout=1', ['chat'])).rejects.toThrow('did not become a WebSocket');
    const process = await node.next();
    await process.left;
  });

  it('needs the right to get pods/exec', async () => {
    const token = bench.api.issueToken('default', 'default');
    await expect(openSocket(bench.api, `${EXEC}?command=x&stdout=1`, V5, token)).rejects.toThrow();
    const { code, text } = await get(`${EXEC}?command=x`, { authorization: `Bearer ${token}` });
    expect([code, text]).toEqual([403, expect.stringContaining('cannot get resource \\"pods/exec\\"')]);
  });

  it('attaches to the first process', async () => {
    const client = await openSocket(bench.api, EXEC.replace('exec', 'attach?stdin=1&stdout=1'), V5);
    const process = await node.next();
    expect(process).toMatchObject({ what: 'attach', target: { container: 'web' } });
    process.say('stdout', 'going on');
    process.end({ kind: 'code', code: 0 });
    await client.closed;
    expect(client.channel(1)).toBe('going on');
  });

  it('is named by discovery as on a real server', async () => {
    const { text } = await get('/api/v1');
    const found = (JSON.parse(text) as { resources: { name: string }[] }).resources.filter(({ name }) =>
      /^pods\/(?:exec|attach|portforward|log)$/.test(name),
    );
    const connected = { namespaced: true, singularName: '', verbs: ['create', 'get'] };
    expect(found).toEqual([
      { ...connected, name: 'pods/attach', kind: 'PodAttachOptions' },
      { ...connected, name: 'pods/exec', kind: 'PodExecOptions' },
      { ...connected, name: 'pods/log', kind: 'Pod', verbs: ['get'] },
      { ...connected, name: 'pods/portforward', kind: 'PodPortForwardOptions' },
    ]);
  });

  it('lets ordinary requests of the Pod be', async () => {
    expect((await bench.client.get(labPods, 'web', { namespace: 'default' })).metadata.name).toBe('web');
  });
});
