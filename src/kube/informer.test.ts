// The informer against a server on the wire: it lists, watches, resumes, relists, and never stops by itself.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ClosableKubeClient, createKubeClient } from './client.ts';
import { createInformer } from './informer.ts';
import { type Pod, pods } from './resources.ts';
import { createLogCollector } from './testing/collect.ts';
import { createInstantClock, type InstantClock } from './testing/instant-clock.ts';
import { type Exchange, type ScriptedServer, startScriptedServer } from './testing/scripted-server.ts';
import type { Informer, InformerChange, InformerOptions, KubeObject } from './types.ts';

interface Running {
  readonly informer: Informer<KubeObject>;
  readonly changes: string[];
  readonly stopped: Promise<void>;
}

let server: ScriptedServer;
let clock: InstantClock;
let client: ClosableKubeClient;
let log: ReturnType<typeof createLogCollector>;
let stop: AbortController;

beforeEach(async () => {
  server = await startScriptedServer();
  clock = createInstantClock();
  log = createLogCollector();
  client = createKubeClient({ connection: { server: server.url, auth: {} }, clock, logger: log.logger, random: () => 0, qps: 1e6, burst: 1e6 });
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  client.close();
  await server.close();
});

const describeChange = (change: InformerChange<KubeObject>): string => {
  const version = (object: KubeObject | undefined): string => (object === undefined ? '-' : `${object.metadata.uid}@${object.metadata.resourceVersion}`);
  return `${change.type} ${change.key} ${version(change.before)} ${version(change.after)}`;
};

function start(options: Partial<InformerOptions<Pod, KubeObject>> = {}): Running {
  const informer = createInformer<Pod, KubeObject>({ client, resource: pods, clock, logger: log.logger, random: () => 0, ...options });
  const changes: string[] = [];
  informer.onChange((change) => changes.push(describeChange(change)));
  return { informer, changes, stopped: informer.run(stop.signal) };
}

const pod = (name: string, version: string, uid = `uid-${name}`): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', uid, resourceVersion: version },
  spec: { nodeName: 'n1', containers: [] },
});
const list = (version: string, items: readonly Pod[], next?: string) => ({
  kind: 'PodList',
  apiVersion: 'v1',
  metadata: { resourceVersion: version, ...(next === undefined ? {} : { continue: next }) },
  items,
});
const bookmark = (version: string) => ({ type: 'BOOKMARK', object: { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion: version } } });
const expired = { type: 'ERROR', object: { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 } };

async function answerList(version: string, items: readonly Pod[]): Promise<void> {
  const request = await server.next();
  expect(request.query.get('watch')).toBeNull();
  request.reply(200, list(version, items));
}
async function openWatch(fromVersion: string): Promise<Exchange> {
  const request = await server.next();
  expect([request.query.get('watch'), request.query.get('resourceVersion')]).toEqual(['true', fromVersion]);
  request.stream();
  return request;
}
/** Runs the event loop until the informer has told this many changes. */
async function told(running: Running, count: number): Promise<void> {
  while (running.changes.length < count) await clock.settle();
}

describe('listing', () => {
  it('is complete before it is synced, however many pages it takes', async () => {
    const running = start();
    (await server.next()).reply(200, list('10', [pod('a', '1')], 'next'));
    const second = await server.next();
    expect([running.informer.hasSynced, running.informer.list().length]).toEqual([false, 0]);
    second.reply(200, list('10', [pod('b', '2')]));
    await running.informer.synced;
    expect(running.informer.hasSynced).toBe(true);
    expect(running.changes).toEqual(['added shop/a - uid-a@1', 'added shop/b - uid-b@2']);
    expect(running.informer.get('shop/a')?.metadata.uid).toBe('uid-a');
    await openWatch('10');
  });

  it('starts over when a page has expired, without keeping what only the first attempt saw', async () => {
    const running = start();
    (await server.next()).reply(200, list('10', [pod('a', '1'), pod('gone', '2')], 'next'));
    (await server.next()).fail(410, 'Expired');
    (await server.next()).reply(200, list('30', [pod('a', '1')]));
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
    expect(log.lines.filter((line) => line.level === 'warn')).toHaveLength(12);
  });

  it('sends selectors and the namespace', async () => {
    start({ namespace: 'shop', labelSelector: 'app=web', fieldSelector: 'spec.nodeName=n1' });
    const request = await server.next();
    expect(request.path).toBe('/api/v1/namespaces/shop/pods');
    expect(Object.fromEntries(request.query)).toEqual({ limit: '500', labelSelector: 'app=web', fieldSelector: 'spec.nodeName=n1' });
    request.reply(200, list('1', []));
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
    expect(running.changes).toEqual(['added shop/a - uid-a@11', 'updated shop/a uid-a@11 uid-a@12', 'deleted shop/a uid-a@12 -']);
    expect(running.informer.list()).toEqual([]);
  });

  it('asks the server for a time-out between 240 and 480 seconds', async () => {
    start();
    await answerList('10', []);
    expect((await openWatch('10')).query.get('timeoutSeconds')).toBe('240');
    stop.abort();
    stop = new AbortController();
    const late = createInformer<Pod>({ client, resource: pods, clock, logger: log.logger, random: () => 0.999 });
    void late.run(stop.signal);
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
    expect(log.lines.some((line) => line.level === 'warn')).toBe(true);
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
    page.reply(200, list('90', [], 'more'));
    const last = await server.next();
    expect(running.informer.list()).toHaveLength(1);
    last.reply(200, list('90', []));
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

describe('the copy', () => {
  it('keeps only the projection, and finds objects by index', async () => {
    const running = start({
      project: (object) => ({ apiVersion: object.apiVersion, kind: object.kind, metadata: { ...object.metadata, labels: { node: object.spec.nodeName ?? '' } } }),
      indexes: { node: (object) => [object.metadata.labels?.['node'] ?? ''] },
    });
    await answerList('10', [pod('a', '1'), { ...pod('b', '2'), spec: { nodeName: 'n2', containers: [] } }]);
    const watch = await openWatch('10');
    expect(running.informer.get('shop/a')).not.toHaveProperty('spec');
    expect(running.informer.byIndex('node', 'n1').map((object) => object.metadata.name)).toEqual(['a']);
    watch.line({ type: 'MODIFIED', object: { ...pod('b', '12'), spec: { nodeName: 'n1', containers: [] } } });
    await told(running, 3);
    expect(running.informer.byIndex('node', 'n1').map((object) => object.metadata.name)).toEqual(['a', 'b']);
    expect(running.informer.byIndex('node', 'n2')).toEqual([]);
    expect(() => running.informer.byIndex('nodes', 'n1')).toThrow('no index "nodes": declared are node');
  });

  it('survives a projection that fails: the last known state stays, others go on', async () => {
    const running = start({
      project: (object) => {
        if (object.metadata.resourceVersion === '12') throw new Error('cannot read this');
        return object;
      },
    });
    await answerList('10', [pod('a', '1')]);
    const watch = await openWatch('10');
    watch.line({ type: 'MODIFIED', object: pod('a', '12') });
    watch.line({ type: 'ADDED', object: pod('b', '13') });
    await told(running, 2);
    expect(running.informer.get('shop/a')?.metadata.resourceVersion).toBe('1');
    watch.line(expired);
    await answerList('20', [pod('a', '12'), pod('b', '13')]);
    await openWatch('20');
    expect(running.changes).toEqual(['added shop/a - uid-a@1', 'added shop/b - uid-b@13']);
  });

  it('is already changed when handlers hear of it; one that throws does not stop the others', async () => {
    const running = start();
    const seen: unknown[] = [];
    running.informer.onChange(() => {
      throw new Error('bad handler');
    });
    running.informer.onChange((change) => seen.push(running.informer.get(change.key)?.metadata.resourceVersion));
    await answerList('10', [pod('a', '1')]);
    const watch = await openWatch('10');
    watch.line({ type: 'MODIFIED', object: pod('a', '11') });
    watch.line({ type: 'DELETED', object: pod('a', '12') });
    await told(running, 3);
    expect(seen).toEqual(['1', '11', undefined]);
    expect(log.lines.filter((line) => line.message === 'change handler failed')).toHaveLength(3);
  });

  it('stops telling a handler that unsubscribed', async () => {
    const running = start();
    let heard = 0;
    const unsubscribe = running.informer.onChange(() => heard++);
    await answerList('10', [pod('a', '1')]);
    const watch = await openWatch('10');
    unsubscribe();
    watch.line({ type: 'MODIFIED', object: pod('a', '11') });
    await told(running, 2);
    expect(heard).toBe(1);
  });

  it('says when the server was last heard, bookmarks included', async () => {
    const running = start();
    await answerList('10', []);
    const watch = await openWatch('10');
    await clock.advance(60_000);
    expect(running.informer.lastActivityMs).toBe(0);
    watch.line(bookmark('11'));
    while (running.informer.lastActivityMs === 0) await clock.settle();
    expect(running.informer.lastActivityMs).toBe(60_000);
  });
});

describe('stopping', () => {
  it('ends the connection and resolves, whether it lists or watches', async () => {
    const listing = start();
    const request = await server.next();
    stop.abort();
    await listing.stopped;
    await request.closed;
    stop = new AbortController();
    const watching = start();
    await answerList('10', []);
    const watch = await openWatch('10');
    stop.abort();
    await watching.stopped;
    await watch.closed;
    expect(clock.pendingTimers).toBe(0);
  });

  it('is for good: an informer runs once', async () => {
    const running = start();
    await expect(running.informer.run(stop.signal)).rejects.toThrow('started twice');
  });
});
