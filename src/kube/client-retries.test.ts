// The client under trouble: retries, tokens that rotate, budgets.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from './api-error.ts';
import type { ClosableKubeClient } from './client.ts';
import { leases, nodes, pods } from './resources.ts';
import { aNode, aPod, type ClientBench, createClientBench, failureOf } from './testing/client-bench.ts';
import type { ScriptedServer } from './testing/scripted-server.ts';

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

describe('retries', () => {
  it('repeat a GET on 5xx, 429 and a broken connection, backing off and obeying Retry-After', async () => {
    const got = client.get(nodes, 'n1');
    (await server.next()).fail(503, 'ServiceUnavailable');
    (await server.next()).fail(429, 'TooManyRequests', {}, { 'retry-after': '2' });
    (await server.next()).destroy();
    (await server.next()).reply(200, aNode('n1'));
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
    [
      '5xx',
      (request: Awaited<ReturnType<ScriptedServer['next']>>) =>
        request.fail(503, 'ServiceUnavailable', {}, { 'retry-after': '1' }),
    ],
    ['a broken connection', (request: Awaited<ReturnType<ScriptedServer['next']>>) => request.destroy()],
    [
      '429 without Retry-After',
      (request: Awaited<ReturnType<ScriptedServer['next']>>) => request.fail(429, 'TooManyRequests'),
    ],
  ])('never repeat a write on %s, since the server may have acted', async (_, answer) => {
    const created = failureOf(client.create(pods, aPod('web')));
    answer(await server.next());
    expect(await created).toBeInstanceOf(ApiError);
    expect(clock.sleeps).toEqual([]);
  });

  it('repeat a write on 429 with Retry-After, with the same bytes', async () => {
    const created = client.create(pods, aPod('web'));
    const first = await server.next();
    first.fail(429, 'TooManyRequests', {}, { 'retry-after': '1' });
    const second = await server.next();
    expect(second.body).toEqual(first.body);
    second.reply(201, aPod('web'));
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
  const withToken = (readToken: () => Promise<string>): void => {
    client = bench.connect({ connection: { server: server.url, auth: { readToken } } });
  };
  const answerNode = async (): Promise<string | undefined> => {
    const request = await server.next();
    request.reply(200, aNode('n1'));
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
    const created = client.create(pods, aPod('web'));
    const first = await server.next();
    token = 'new';
    first.fail(401, 'Unauthorized');
    const second = await server.next();
    expect(second.headers.authorization).toBe('Bearer new');
    second.reply(201, aPod('web'));
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
    client = bench.connect({ qps: 10, burst: 2 });
    const calls = Array.from({ length: 4 }, () => client.get(nodes, 'n1'));
    for (const call of calls) {
      (await server.next()).reply(200, aNode('n1'));
      await call;
    }
    expect(clock.sleeps).toEqual([100, 200]);
  });

  it('of leases are their own: a client that has used up its calls still renews', async () => {
    client = bench.connect({ qps: 0.001, burst: 1 });
    const node = client.get(nodes, 'n1');
    (await server.next()).reply(200, aNode('n1'));
    await node;
    const lease = client.get(leases, 'ipamd', { namespace: 'kube-system' });
    (await server.next()).reply(200, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'ipamd' },
    });
    await lease;
    expect(clock.sleeps).toEqual([]);
  });

  it('of sockets are separate too: a lease passes while every other socket waits', async () => {
    const slow = Array.from({ length: 70 }, () => failureOf(client.create(pods, aPod('web'))));
    for (let i = 0; i < 64; i++) await server.next();
    const lease = client.get(leases, 'ipamd', { namespace: 'kube-system' });
    const request = await server.next();
    expect(request.path).toContain('/leases/ipamd');
    request.reply(200, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'ipamd' } });
    await lease;
    client.close();
    await server.close();
    await Promise.all(slow);
  });
});
