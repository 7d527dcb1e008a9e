// The informer against a server on the wire: it lists, watches, resumes and relists, and never stops by itself.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeClient } from './types.ts';
import { bookmark, createInformerBench, expired, type InformerBench, pod, podList } from './testing/informer-bench.ts';
import type { Exchange } from './testing/scripted-server.ts';

let bench: InformerBench;
let answerList: InformerBench['answerList'];
let client: InformerBench['client'];
let clock: InformerBench['clock'];
let logLines: InformerBench['logLines'];
let openWatch: InformerBench['openWatch'];
let server: InformerBench['server'];
let start: InformerBench['start'];
let told: InformerBench['told'];

beforeEach(async () => {
  bench = await createInformerBench();
  ({ answerList, client, clock, logLines, openWatch, server, start, told } = bench);
});
afterEach(async () => {
  await bench.close();
});

describe('listing', () => {
  it('is complete before it is synced, however many pages it takes', async () => {
    const running = start();
    (await server.next()).reply(200, podList('10', [pod('a', '1')], 'next'));
    const second = await server.next();
    expect([running.informer.hasSynced, running.informer.list().length]).toEqual([false, 0]);
    second.reply(200, podList('10', [pod('b', '2')]));
    await running.informer.synced;
    expect(running.informer.hasSynced).toBe(true);
    expect(running.changes).toEqual(['added shop/a - uid-a@1', 'added shop/b - uid-b@2']);
    expect(running.informer.get('shop/a')?.metadata.uid).toBe('uid-a');
    await openWatch('10');
  });

  it('starts over when a page has expired, without keeping what only the first attempt saw', async () => {
    const running = start();
    (await server.next()).reply(200, podList('10', [pod('a', '1'), pod('gone', '2')], 'next'));
    (await server.next()).fail(410, 'Expired');
    (await server.next()).reply(200, podList('30', [pod('a', '1')]));
    await running.informer.synced;
    expect(running.informer.list().map((object) => object.metadata.name)).toEqual(['a']);
    await openWatch('30');
  });

  it('is tried again for ever, with growing pauses', async () => {
    const running = start();
    for (let i = 0; i < 12; i++) (await server.next()).fail(404, 'NotFound');
    await answerList('1', []);
    await running.informer.synced;
    expect(clock.sleeps.slice(0, 12)).toEqual([50, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 15000, 15000, 15000]);
    expect(logLines.filter((line) => line.level === 'warn')).toHaveLength(12);
  });

  it('is empty while the cluster does not have an optional kind, and complete once it has', async () => {
    const running = start({ optional: true });
    (await server.next()).fail(404, 'NotFound');
    await running.informer.synced;
    expect(running.informer.list()).toEqual([]);
    (await server.next()).reply(200, podList('10', [pod('a', '1')]));
    const watch = await openWatch('10');
    expect(running.informer.list().map((object) => object.metadata.name)).toEqual(['a']);
    // A server that forgets the kind for a moment does not make its objects look deleted.
    watch.end();
    await clock.advance(60_000);
    (await server.next()).fail(404, 'NotFound');
    (await server.next()).fail(404, 'NotFound');
    expect(running.changes).toEqual(['added shop/a - uid-a@1']);
  });

  it('reads nothing before the informer it comes after is synced', async () => {
    const first = Promise.withResolvers<undefined>();
    const asked = Promise.withResolvers<string>();
    let lists = 0;
    const counted: KubeClient = {
      ...client,
      listPages: (resource, options) => {
        lists += 1;
        asked.resolve('asked');
        return client.listPages?.(resource, options) ?? [];
      },
    };
    start({ client: counted, after: { synced: first.promise.then(() => undefined) } });
    await clock.settle();
    expect(lists).toBe(0);
    first.resolve(undefined);
    expect(await asked.promise).toBe('asked');
  });

  it('sends selectors and the namespace', async () => {
    start({ namespace: 'shop', labelSelector: 'app=web', fieldSelector: 'spec.nodeName=n1' });
    const request = await server.next();
    expect(request.path).toBe('/api/v1/namespaces/shop/pods');
    expect(Object.fromEntries(request.query)).toEqual({
      limit: '250',
      labelSelector: 'app=web',
      fieldSelector: 'spec.nodeName=n1',
    });
    request.reply(200, podList('1', []));
    const watch = await openWatch('1');
    expect(watch.path).toBe('/api/v1/namespaces/shop/pods');
    expect(watch.query.get('labelSelector')).toBe('app=web');
  });

  it('works with a client that cannot page', async () => {
    const { listPages: _, ...plain } = client;
    const running = start({ client: plain });
    await answerList('3', [pod('a', '1')]);
    await running.informer.synced;
    expect(running.informer.list()).toHaveLength(1);
  });
});

describe('watching', () => {
  it('tells additions, updates with both states, and deletions', async () => {
    const running = start();
    await answerList('10', []);
    const watch = await openWatch('10');
    watch.line({ type: 'ADDED', object: pod('a', '11') });
    watch.line({ type: 'MODIFIED', object: pod('a', '12') });
    watch.line({ type: 'DELETED', object: pod('a', '13') });
    await told(running, 3);
    expect(running.changes).toEqual([
      'added shop/a - uid-a@11',
      'updated shop/a uid-a@11 uid-a@12',
      'deleted shop/a uid-a@12 -',
    ]);
    expect(running.informer.list()).toEqual([]);
  });

  it('asks the server for a time-out between 240 and 480 seconds', async () => {
    start();
    await answerList('10', []);
    expect((await openWatch('10')).query.get('timeoutSeconds')).toBe('240');
    start({ random: () => 0.999 });
    await answerList('10', []);
    expect((await openWatch('10')).query.get('timeoutSeconds')).toBe('479');
  });

  it('drops an event whose version is the cached one', async () => {
    const running = start();
    await answerList('10', [pod('a', '9')]);
    const watch = await openWatch('10');
    watch.line({ type: 'MODIFIED', object: pod('a', '9') });
    watch.line({ type: 'ADDED', object: pod('b', '11') });
    await told(running, 2);
    expect(running.changes).toEqual(['added shop/a - uid-a@9', 'added shop/b - uid-b@11']);
  });

  it('tells an object made anew under the same name as deleted, then added', async () => {
    const running = start();
    await answerList('10', [pod('a', '9', 'first')]);
    const watch = await openWatch('10');
    watch.line({ type: 'MODIFIED', object: pod('a', '12', 'second') });
    await told(running, 3);
    expect(running.changes.slice(1)).toEqual(['deleted shop/a first@9 -', 'added shop/a - second@12']);
  });

  it('resumes from the last event when the server ends the watch', async () => {
    const running = start();
    await answerList('10', []);
    const watch = await openWatch('10');
    watch.line({ type: 'ADDED', object: pod('a', '11') });
    watch.end();
    const next = await openWatch('11');
    next.line({ type: 'ADDED', object: pod('b', '12') });
    await told(running, 2);
    expect(clock.sleeps).toEqual([]);
  });

  it('resumes from a bookmark, which is no change', async () => {
    const running = start();
    await answerList('10', [pod('a', '9')]);
    const watch = await openWatch('10');
    watch.line(bookmark('500'));
    watch.end();
    await openWatch('500');
    expect(running.changes).toHaveLength(1);
  });

  it.each([
    ['a broken connection', (watch: Exchange) => watch.destroy()],
    ['a line that is not JSON', (watch: Exchange) => watch.raw('oops\n')],
    ['a line that is cut', (watch: Exchange) => (watch.raw('{"type":"ADD'), watch.end())],
  ])('resumes after %s without listing again', async (_, harm) => {
    const running = start();
    await answerList('10', []);
    const watch = await openWatch('10');
    watch.line({ type: 'ADDED', object: pod('a', '11') });
    await told(running, 1);
    harm(watch);
    const next = await openWatch('11');
    next.line({ type: 'DELETED', object: pod('a', '12') });
    await told(running, 2);
    expect(running.changes.at(-1)).toBe('deleted shop/a uid-a@11 -');
    expect(logLines.some((line) => line.level === 'warn')).toBe(true);
  });

  it('resumes after a connection that died in silence', async () => {
    start();
    await answerList('10', []);
    await openWatch('10');
    await clock.advance(270_000);
    await openWatch('10');
  });

  it('backs off while the server ends every watch at once without a word', async () => {
    start();
    await answerList('10', []);
    for (let i = 0; i < 4; i++) (await openWatch('10')).end();
    await openWatch('10');
    expect(clock.sleeps).toEqual([50, 100, 200, 400]);
  });

  it.each([
    [429, 'TooManyRequests'],
    [500, 'InternalError'],
    [503, 'ServiceUnavailable'],
    [403, 'Forbidden'],
  ])('does not list again because a watch met %i', async (status, reason) => {
    start();
    await answerList('10', []);
    (await server.next()).fail(status, reason);
    await openWatch('10');
  });
});

describe('an expired watch', () => {
  it('is followed by a list, and objects that vanished meanwhile are told as deleted', async () => {
    const running = start();
    await answerList('10', [pod('kept', '1'), pod('changed', '2'), pod('vanished', '3')]);
    (await openWatch('10')).line(expired);
    await answerList('90', [pod('kept', '1'), pod('changed', '80'), pod('new', '85')]);
    await openWatch('90');
    expect(running.changes.slice(3)).toEqual([
      'deleted shop/vanished uid-vanished@3 -',
      'updated shop/changed uid-changed@2 uid-changed@80',
      'added shop/new - uid-new@85',
    ]);
  });

  it('keeps the old content readable until the new list is complete', async () => {
    const running = start();
    await answerList('10', [pod('a', '1')]);
    (await openWatch('10')).line(expired);
    const page = await server.next();
    expect(running.informer.list()).toHaveLength(1);
    page.reply(200, podList('90', [], 'more'));
    const last = await server.next();
    expect(running.informer.list()).toHaveLength(1);
    last.reply(200, podList('90', []));
    await openWatch('90');
    expect(running.informer.list()).toHaveLength(0);
  });

  it('is listed again with growing pauses while every watch expires, until one works', async () => {
    start();
    for (let i = 0; i < 4; i++) {
      await answerList('10', []);
      (await openWatch('10')).line(expired);
    }
    await answerList('10', []);
    const watch = await openWatch('10');
    expect(clock.sleeps).toEqual([50, 100, 200, 400]);
    watch.line(bookmark('11'));
    watch.line(expired);
    await answerList('12', []);
    await openWatch('12');
    expect(clock.sleeps.at(-1)).toBe(50);
  });

  it('is also what a server means that has never seen our version', async () => {
    start();
    await answerList('1000', []);
    (await server.next()).fail(504, 'Timeout', { details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } });
    await answerList('5', []);
    await openWatch('5');
  });
});
