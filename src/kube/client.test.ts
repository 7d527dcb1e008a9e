// The client on the wire: what it sends, what it retries, what it makes of answers.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import { ApiError } from './api-error.ts';
import { type ClosableKubeClient, createKubeClient, type KubeClientOptions } from './client.ts';
import { configMaps, leases, nodes, type Pod, pods } from './resources.ts';
import { createInstantClock, type InstantClock } from './testing/instant-clock.ts';
import { type ScriptedServer, startScriptedServer } from './testing/scripted-server.ts';

let server: ScriptedServer;
let clock: InstantClock;
let client: ClosableKubeClient;

const connect = (options: Partial<KubeClientOptions> = {}): ClosableKubeClient => {
  client = createKubeClient({ connection: { server: server.url, auth: {} }, clock, logger: silentLogger, random: () => 0, ...options });
  return client;
};
const pod = (name: string): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop', resourceVersion: '1' }, spec: { containers: [] } });
const failureOf = async (promise: Promise<unknown>): Promise<unknown> => await promise.then(() => 'no failure', (error: unknown) => error);

beforeEach(async () => {
  server = await startScriptedServer();
  clock = createInstantClock();
  connect();
});
afterEach(async () => {
  client.close();
  await server.close();
});

describe('calls', () => {
  it('give the object back as it came, unknown fields included', async () => {
    const got = client.get(pods, 'web', { namespace: 'shop' });
    const request = await server.next();
    expect([request.method, request.path]).toEqual(['GET', '/api/v1/namespaces/shop/pods/web']);
    const body = { ...pod('web'), futureField: { deep: [1, null] } };
    request.reply(200, body);
    expect(await got).toEqual(body);
  });

  it('go below the path prefix of the server', async () => {
    connect({ connection: { server: `${server.url}/clusters/c1`, auth: {} } });
    const got = client.request('GET', '/version');
    const request = await server.next();
    expect(request.path).toBe('/clusters/c1/version');
    request.reply(200, { major: '1' });
    expect(await got).toEqual({ major: '1' });
  });

  it('create with the field manager, in the namespace of the object', async () => {
    connect({ fieldManager: 'trunkline-ipamd', userAgent: 'tke-eni-ipamd/v3.6.0' });
    const created = client.create(pods, pod('web'));
    const request = await server.next();
    expect([request.method, request.path, request.query.get('fieldManager')]).toEqual(['POST', '/api/v1/namespaces/shop/pods', 'trunkline-ipamd']);
    expect(request.headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'tke-eni-ipamd/v3.6.0' });
    expect(request.body).toEqual(pod('web'));
    request.reply(201, pod('web'));
    await created;
  });

  it('replace and create on subresources', async () => {
    const replaced = client.replace(pods, pod('web'), { subresource: 'status' });
    const put = await server.next();
    expect([put.method, put.path]).toEqual(['PUT', '/api/v1/namespaces/shop/pods/web/status']);
    put.reply(200, pod('web'));
    await replaced;
    const bound = client.create(pods, pod('web'), { subresource: 'binding' });
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
    const patched = client.patch(nodes, 'n1', { type, body: { a: 1 }, ...(type === 'apply' ? { force: true } : {}) }, { fieldManager: 'me' });
    const request = await server.next();
    expect([request.method, request.path, request.headers['content-type']]).toEqual(['PATCH', '/api/v1/nodes/n1', contentType]);
    expect(request.query.get('force')).toBe(type === 'apply' ? 'true' : null);
    expect(request.query.get('fieldManager')).toBe('me');
    request.reply(200, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
    await patched;
  });

  it('refuse a server-side apply without a field manager before anything is sent', async () => {
    await expect(client.patch(nodes, 'n1', { type: 'apply', body: {} })).rejects.toMatchObject({ code: 'KUBE-REQUEST-INVALID' });
  });

  it('delete with preconditions, and take an object that is gone for deleted', async () => {
    const deleted = client.delete(pods, 'web', { namespace: 'shop', preconditions: { uid: 'u1' }, gracePeriodSeconds: 0, propagationPolicy: 'Background' });
    const request = await server.next();
    expect(request.body).toEqual({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: 'u1' }, gracePeriodSeconds: 0, propagationPolicy: 'Background' });
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
    const created = failureOf(client.create(pods, pod('web')));
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
    const created = failureOf(client.create(pods, pod('web')));
    await server.next();
    await clock.advance(30_000);
    expect(await created).toMatchObject({ reason: 'Timeout', status: 0, message: 'POST /api/v1/namespaces/shop/pods: no answer within 30000 ms' });
  });

  it('leave no timer behind', async () => {
    const got = client.get(nodes, 'n1');
    (await server.next()).reply(200, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
    await got;
    expect(clock.pendingTimers).toBe(0);
  });

  it('say in one line that nobody listens', async () => {
    await server.close();
    const error = await failureOf(client.create(pods, pod('web')));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 'KUBE-CONNECTION-FAILED', retry: 'retry' });
    expect((error as Error).message).toContain('ECONNREFUSED');
    server = await startScriptedServer();
  });
});

describe('retries', () => {
  it('repeat a GET on 5xx, 429 and a broken connection, backing off and obeying Retry-After', async () => {
    const got = client.get(nodes, 'n1');
    (await server.next()).fail(503, 'ServiceUnavailable');
    (await server.next()).fail(429, 'TooManyRequests', {}, { 'retry-after': '2' });
    (await server.next()).destroy();
    (await server.next()).reply(200, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
    expect(await got).toMatchObject({ metadata: { name: 'n1' } });
    expect(clock.sleeps).toEqual([50, 2000, 200]);
  });

  it('give up on a GET after five attempts', async () => {
    const got = failureOf(client.get(nodes, 'n1'));
    for (let i = 0; i < 5; i++) (await server.next()).fail(500, 'InternalError');
    expect(await got).toMatchObject({ status: 500 });
  });

  it.each([
    [404, 'NotFound'],
    [410, 'Expired'],
    [422, 'Invalid'],
    [501, 'NotImplemented'],
  ])('do not repeat a GET on %i', async (status, reason) => {
    const got = failureOf(client.get(nodes, 'n1'));
    (await server.next()).fail(status, reason);
    expect(await got).toMatchObject({ status, reason });
    expect(clock.sleeps).toEqual([]);
  });

  it.each([
    ['5xx', (request: Awaited<ReturnType<ScriptedServer['next']>>) => request.fail(503, 'ServiceUnavailable', {}, { 'retry-after': '1' })],
    ['a broken connection', (request: Awaited<ReturnType<ScriptedServer['next']>>) => request.destroy()],
    ['429 without Retry-After', (request: Awaited<ReturnType<ScriptedServer['next']>>) => request.fail(429, 'TooManyRequests')],
  ])('never repeat a write on %s, since the server may have acted', async (_, answer) => {
    const created = failureOf(client.create(pods, pod('web')));
    answer(await server.next());
    expect(await created).toBeInstanceOf(ApiError);
    expect(clock.sleeps).toEqual([]);
  });

  it('repeat a write on 429 with Retry-After, with the same bytes', async () => {
    const created = client.create(pods, pod('web'));
    const first = await server.next();
    first.fail(429, 'TooManyRequests', {}, { 'retry-after': '1' });
    const second = await server.next();
    expect(second.body).toEqual(first.body);
    second.reply(201, pod('web'));
    await created;
    expect(clock.sleeps).toEqual([1000]);
  });

  it('hand back a wait that is longer than half a minute', async () => {
    const got = failureOf(client.get(nodes, 'n1'));
    (await server.next()).fail(429, 'TooManyRequests', {}, { 'retry-after': '120' });
    expect(await got).toMatchObject({ retryAfterSeconds: 120, retry: 'retry-after' });
  });
});

describe('tokens', () => {
  const withToken = (readToken: () => Promise<string>) => connect({ connection: { server: server.url, auth: { readToken } } });
  const answerNode = async (): Promise<string | undefined> => {
    const request = await server.next();
    request.reply(200, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
    return request.headers.authorization;
  };

  it('are read again after a minute', async () => {
    let token = 'one';
    withToken(() => Promise.resolve(token));
    const seen: (string | undefined)[] = [];
    const step = async (advanceMs: number): Promise<void> => {
      await clock.advance(advanceMs);
      const got = client.get(nodes, 'n1');
      seen.push(await answerNode());
      await got;
    };
    await step(0);
    token = 'two';
    await step(30_000);
    await step(30_000);
    expect(seen).toEqual(['Bearer one', 'Bearer one', 'Bearer two']);
  });

  it('are read again at once when the server refuses one, also for a write', async () => {
    let token = 'old';
    withToken(() => Promise.resolve(token));
    const created = client.create(pods, pod('web'));
    const first = await server.next();
    token = 'new';
    first.fail(401, 'Unauthorized');
    const second = await server.next();
    expect(second.headers.authorization).toBe('Bearer new');
    second.reply(201, pod('web'));
    await created;
  });

  it('that stay refused are told after the second answer', async () => {
    withToken(() => Promise.resolve('bad'));
    const got = failureOf(client.get(nodes, 'n1'));
    (await server.next()).fail(401, 'Unauthorized');
    (await server.next()).fail(401, 'Unauthorized');
    expect(await got).toMatchObject({ code: 'KUBE-UNAUTHORIZED' });
  });

  it('stay in use while their file is away in the middle of a rotation', async () => {
    let broken = false;
    withToken(() => (broken ? Promise.reject(new Error('ENOENT')) : Promise.resolve('good')));
    const first = client.get(nodes, 'n1');
    await answerNode();
    await first;
    broken = true;
    await clock.advance(61_000);
    const second = client.get(nodes, 'n1');
    expect(await answerNode()).toBe('Bearer good');
    await second;
  });
});

describe('budgets', () => {
  it('hold back what exceeds the burst', async () => {
    connect({ qps: 10, burst: 2 });
    const calls = Array.from({ length: 4 }, () => client.get(nodes, 'n1'));
    for (const call of calls) {
      (await server.next()).reply(200, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
      await call;
    }
    expect(clock.sleeps).toEqual([100, 200]);
  });

  it('of leases are their own: a client that has used up its calls still renews', async () => {
    connect({ qps: 0.001, burst: 1 });
    const node = client.get(nodes, 'n1');
    (await server.next()).reply(200, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
    await node;
    const lease = client.get(leases, 'ipamd', { namespace: 'kube-system' });
    (await server.next()).reply(200, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'ipamd' } });
    await lease;
    expect(clock.sleeps).toEqual([]);
  });

  it('of sockets are separate too: a lease passes while every other socket waits', async () => {
    const slow = Array.from({ length: 70 }, () => failureOf(client.create(pods, pod('web'))));
    for (let i = 0; i < 64; i++) await server.next();
    const lease = client.get(leases, 'ipamd', { namespace: 'kube-system' });
    const request = await server.next();
    expect(request.path).toContain('/leases/ipamd');
    request.reply(200, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'ipamd' } });
    await lease;
    client.close();
    await server.close();
    await Promise.all(slow);
    server = await startScriptedServer();
  });
});

describe('lists', () => {
  const page = (names: readonly string[], next?: string) => ({
    kind: 'ConfigMapList',
    apiVersion: 'v1',
    metadata: { resourceVersion: '77', ...(next === undefined ? {} : { continue: next }) },
    items: names.map((name) => ({ metadata: { name, namespace: 'shop' } })),
  });
  const names = (result: { items: readonly { metadata: { name: string } }[] }): string[] => result.items.map((item) => item.metadata.name);

  it('follow the pages, and give every item its type', async () => {
    const listed = client.list(configMaps, { namespace: 'shop', labelSelector: 'a=b' });
    const first = await server.next();
    expect(Object.fromEntries(first.query)).toEqual({ labelSelector: 'a=b', limit: '500' });
    first.reply(200, page(['a', 'b'], 'token-1'));
    const second = await server.next();
    expect(Object.fromEntries(second.query)).toEqual({ labelSelector: 'a=b', limit: '500', continue: 'token-1' });
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
    (await server.next()).reply(200, { kind: 'ConfigMapList', apiVersion: 'v1', metadata: { resourceVersion: '5' }, items: null });
    expect(await listed).toEqual({ items: [], resourceVersion: '5' });
  });

  it('say what is wrong with an answer that is no list', async () => {
    const listed = failureOf(client.list(configMaps));
    (await server.next()).reply(200, { kind: 'ConfigMap' });
    expect(await listed).toMatchObject({ code: 'KUBE-ANSWER-MALFORMED' });
  });
});
