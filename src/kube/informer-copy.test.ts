// The informer's copy of the server's objects, and how the informer ends.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bookmark, createInformerBench, expired, type InformerBench, pod } from './testing/informer-bench.ts';

let bench: InformerBench;
let answerList: InformerBench['answerList'];
let clock: InformerBench['clock'];
let logLines: InformerBench['logLines'];
let openWatch: InformerBench['openWatch'];
let server: InformerBench['server'];
let start: InformerBench['start'];
let told: InformerBench['told'];

beforeEach(async () => {
  bench = await createInformerBench();
  ({ answerList, clock, logLines, openWatch, server, start, told } = bench);
});
afterEach(async () => {
  await bench.close();
});

describe('the copy', () => {
  it('keeps only the projection, and finds objects by index', async () => {
    const running = start({
      project: (object) => ({
        apiVersion: object.apiVersion,
        kind: object.kind,
        metadata: { ...object.metadata, labels: { node: object.spec.nodeName ?? '' } },
      }),
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
    expect(logLines.filter((line) => line.message === 'change handler failed')).toHaveLength(3);
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
    listing.stop.abort();
    await listing.stopped;
    await request.closed;
    const watching = start();
    await answerList('10', []);
    const watch = await openWatch('10');
    watching.stop.abort();
    await watching.stopped;
    await watch.closed;
    expect(clock.pendingTimers).toBe(0);
  });

  it('is for good: an informer runs once', async () => {
    const running = start();
    await expect(running.informer.run(running.stop.signal)).rejects.toThrow('started twice');
  });
});
