// The client on the wire: what it sends, and what it makes of answers.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from './api-error.ts';
import type { ClosableKubeClient } from './client.ts';
import { configMaps, nodes, pods } from './resources.ts';
import { aNode, aPod, type ClientBench, createClientBench, failureOf } from './testing/client-bench.ts';

let bench: ClientBench;
let server: ClientBench['server'];
let clock: ClientBench['clock'];
let client: ClosableKubeClient;

beforeEach(async () => {
  bench = await createClientBench();
  ({ server, clock } = bench);
  client = bench.connect();
});
afterEach(async () => {
  await bench.close();
});

describe('calls', () => {
  it('give the object back as it came, unknown fields included', async () => {
    const got = client.get(pods, 'web', { namespace: 'shop' });
    const request = await server.next();
    expect([request.method, request.path]).toEqual(['GET', '/api/v1/namespaces/shop/pods/web']);
    const body = { ...aPod('web'), futureField: { deep: [1, null] } };
    request.reply(200, body);
    expect(await got).toEqual(body);
  });

  it('go below the path prefix of the server', async () => {
    client = bench.connect({ connection: { server: `${server.url}/clusters/c1`, auth: {} } });
    const got = client.request('GET', '/version');
    const request = await server.next();
    expect(request.path).toBe('/clusters/c1/version');
    request.reply(200, { major: '1' });
    expect(await got).toEqual({ major: '1' });
  });

  it('create with the field manager, in the namespace of the object', async () => {
    client = bench.connect({ fieldManager: 'trunkline-ipamd', userAgent: 'tke-eni-ipamd/v3.6.0' });
    const created = client.create(pods, aPod('web'));
    const request = await server.next();
    expect([request.method, request.path, request.query.get('fieldManager')]).toEqual([
      'POST',
      '/api/v1/namespaces/shop/pods',
      'trunkline-ipamd',
    ]);
    expect(request.headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'tke-eni-ipamd/v3.6.0' });
    expect(request.body).toEqual(aPod('web'));
    request.reply(201, aPod('web'));
    await created;
  });

  it('replace and create on subresources', async () => {
    const replaced = client.replace(pods, aPod('web'), { subresource: 'status' });
    const put = await server.next();
    expect([put.method, put.path]).toEqual(['PUT', '/api/v1/namespaces/shop/pods/web/status']);
    put.reply(200, aPod('web'));
    await replaced;
    const bound = client.create(pods, aPod('web'), { subresource: 'binding' });
    const post = await server.next();
    expect([post.method, post.path]).toEqual(['POST', '/api/v1/namespaces/shop/pods/web/binding']);
    post.reply(201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' });
    await bound;
  });

  it.each([
    ['json', 'application/json-patch+json'],
    ['merge', 'application/merge-patch+json'],
    ['strategic', 'application/strategic-merge-patch+json'],
    ['apply', 'application/apply-patch+yaml'],
  ] as const)('send a %s patch as %s', async (type, contentType) => {
    const patched = client.patch(
      nodes,
      'n1',
      { type, body: { a: 1 }, ...(type === 'apply' ? { force: true } : {}) },
      { fieldManager: 'me' },
    );
    const request = await server.next();
    expect([request.method, request.path, request.headers['content-type']]).toEqual([
      'PATCH',
      '/api/v1/nodes/n1',
      contentType,
    ]);
    expect(request.query.get('force')).toBe(type === 'apply' ? 'true' : null);
    expect(request.query.get('fieldManager')).toBe('me');
    request.reply(200, aNode('n1'));
    await patched;
  });

  it('refuse a server-side apply without a field manager before anything is sent', async () => {
    await expect(client.patch(nodes, 'n1', { type: 'apply', body: {} })).rejects.toMatchObject({
      code: 'KUBE-REQUEST-INVALID',
    });
  });

  it('delete with preconditions, and take an object that is gone for deleted', async () => {
    const deleted = client.delete(pods, 'web', {
      namespace: 'shop',
      preconditions: { uid: 'u1' },
      gracePeriodSeconds: 0,
      propagationPolicy: 'Background',
    });
    const request = await server.next();
    expect(request.body).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid: 'u1' },
      gracePeriodSeconds: 0,
      propagationPolicy: 'Background',
    });
    request.fail(404, 'NotFound');
    await expect(deleted).resolves.toBeUndefined();
  });

  it('tell a failed precondition of a delete', async () => {
    const deleted = failureOf(client.delete(pods, 'web', { namespace: 'shop', preconditions: { uid: 'u1' } }));
    (await server.next()).fail(409, 'Conflict');
    expect(await deleted).toMatchObject({ status: 409, reason: 'Conflict', retry: 'conflict' });
  });

  it('give text where the server answers text', async () => {
    const ready = client.request('GET', '/readyz');
    (await server.next()).reply(200, 'ok', { 'content-type': 'text/plain' });
    expect(await ready).toBe('"ok"');
  });

  it('say so when the answer is not JSON although it claims to be', async () => {
    const created = failureOf(client.create(pods, aPod('web')));
    const request = await server.next();
    request.stream();
    request.raw('{"kind":');
    request.end();
    expect(await created).toMatchObject({ code: 'KUBE-ANSWER-MALFORMED', status: 0 });
  });

  it('end with the reason of their signal', async () => {
    const stop = new AbortController();
    const got = failureOf(client.get(nodes, 'n1', { signal: stop.signal }));
    const request = await server.next();
    const reason = new Error('no longer wanted');
    stop.abort(reason);
    expect(await got).toBe(reason);
    await request.closed;
  });

  it('end when the server does not answer in time', async () => {
    const created = failureOf(client.create(pods, aPod('web')));
    await server.next();
    await clock.advance(30_000);
    expect(await created).toMatchObject({
      reason: 'Timeout',
      status: 0,
      message: 'POST /api/v1/namespaces/shop/pods: no answer within 30000 ms',
    });
  });

  it('leave no timer behind', async () => {
    const got = client.get(nodes, 'n1');
    (await server.next()).reply(200, aNode('n1'));
    await got;
    expect(clock.pendingTimers).toBe(0);
  });

  it('say in one line that nobody listens', async () => {
    await server.close();
    const error = await failureOf(client.create(pods, aPod('web')));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 'KUBE-CONNECTION-FAILED', retry: 'retry' });
    expect((error as Error).message).toContain('ECONNREFUSED');
  });
});

describe('lists', () => {
  const page = (names: readonly string[], next?: string) => ({
    kind: 'ConfigMapList',
    apiVersion: 'v1',
    metadata: { resourceVersion: '77', ...(next === undefined ? {} : { continue: next }) },
    items: names.map((name) => ({ metadata: { name, namespace: 'shop' } })),
  });
  const names = (result: { items: readonly { metadata: { name: string } }[] }): string[] =>
    result.items.map((item) => item.metadata.name);

  it('follow the pages, and give every item its type', async () => {
    const listed = client.list(configMaps, { namespace: 'shop', labelSelector: 'a=b' });
    const first = await server.next();
    expect(Object.fromEntries(first.query)).toEqual({ labelSelector: 'a=b', limit: '250' });
    first.reply(200, page(['a', 'b'], 'token-1'));
    const second = await server.next();
    expect(Object.fromEntries(second.query)).toEqual({ labelSelector: 'a=b', limit: '250', continue: 'token-1' });
    second.reply(200, page(['c']));
    const result = await listed;
    expect(names(result)).toEqual(['a', 'b', 'c']);
    expect(result.resourceVersion).toBe('77');
    expect(result.items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
  });

  it('start over in one answer when a page has expired, without keeping the pages before', async () => {
    const listed = client.list(configMaps);
    (await server.next()).reply(200, page(['a', 'stale'], 'token-1'));
    (await server.next()).fail(410, 'Expired');
    const full = await server.next();
    expect(Object.fromEntries(full.query)).toEqual({});
    full.reply(200, page(['a', 'c']));
    expect(names(await listed)).toEqual(['a', 'c']);
  });

  it('take null for no items', async () => {
    const listed = client.list(configMaps);
    (await server.next()).reply(200, {
      kind: 'ConfigMapList',
      apiVersion: 'v1',
      metadata: { resourceVersion: '5' },
      items: null,
    });
    expect(await listed).toEqual({ items: [], resourceVersion: '5' });
  });

  it('say what is wrong with an answer that is no list', async () => {
    const listed = failureOf(client.list(configMaps));
    (await server.next()).reply(200, { kind: 'ConfigMap' });
    expect(await listed).toMatchObject({ code: 'KUBE-ANSWER-MALFORMED' });
  });
});
