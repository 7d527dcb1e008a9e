// Lists and watches: pages, selectors, versions, resuming, bookmarks and the end of the history.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectAt, objectsAt, stringAt } from './json.ts';
import { configMap, paths } from './testing/objects.ts';
import type { TestApi } from './testing/test-api.ts';
import { startTestApi } from './testing/test-api.ts';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi({ historyLimit: 4 });
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    await t.call('POST', paths.configMaps, configMap(name, {}, { side: name < 'c' ? 'left' : 'right' }));
});
afterAll(() => t.close());

const names = (body: unknown): string[] =>
  objectsAt(body, 'items').map((item) => stringAt(item, 'metadata', 'name') ?? '');
const versionOf = (body: unknown): string => stringAt(body, 'metadata', 'resourceVersion') ?? '';

describe('list', () => {
  it('gives pages of one consistent list', async () => {
    const first = (await t.call('GET', `${paths.configMaps}?limit=2`)).body;
    await t.call('POST', paths.configMaps, configMap('aa'));
    const token = stringAt(first, 'metadata', 'continue') ?? '';
    const second = (await t.call('GET', `${paths.configMaps}?limit=2&continue=${token}`)).body;
    const last = (await t.call('GET', `${paths.configMaps}?continue=${stringAt(second, 'metadata', 'continue')}`)).body;
    expect([names(first), names(second), names(last)]).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    expect(objectAt(first, 'metadata')['remainingItemCount']).toBe(3);
    expect(versionOf(last)).toBe(versionOf(first));
    await t.call('DELETE', `${paths.configMaps}/aa`);
  });

  it('narrows by labels and by fields', async () => {
    const left = await t.call(
      'GET',
      `${paths.configMaps}?labelSelector=${encodeURIComponent('side in (left),side!=right')}`,
    );
    const field = await t.call('GET', `${paths.configMaps}?fieldSelector=metadata.name=d`);
    expect([names(left.body), names(field.body)]).toEqual([['a', 'b'], ['d']]);
  });

  it('refuses a field that the kind does not offer', async () => {
    const { code, body } = await t.call('GET', `${paths.configMaps}?fieldSelector=data.x=1`);
    expect(code).toBe(400);
    expect(body['message']).toBe('"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"');
  });

  it('answers 410 to a page of a version that it no longer remembers, with a token to go on', async () => {
    const first = (await t.call('GET', `${paths.configMaps}?limit=2`)).body;
    t.api.compact();
    await t.patch('merge', `${paths.configMaps}/e`, { data: { x: '1' } });
    t.api.compact();
    const token = stringAt(first, 'metadata', 'continue') ?? '';
    const { code, body } = await t.call('GET', `${paths.configMaps}?continue=${token}`);
    expect([code, body['reason']]).toEqual([410, 'Expired']);
    const rest = await t.call('GET', `${paths.configMaps}?continue=${stringAt(body, 'metadata', 'continue')}`);
    expect(names(rest.body)).toEqual(['c', 'd', 'e']);
  });

  it('asks a client of the future to try again', async () => {
    const { code, body } = await t.call('GET', `${paths.configMaps}?resourceVersion=999999`);
    expect([code, objectAt(body, 'details')['retryAfterSeconds']]).toEqual([504, 1]);
  });
});

describe('watch', () => {
  it('tells changes after the version of a list, each once and in order', async () => {
    const version = versionOf((await t.call('GET', paths.configMaps)).body);
    const watch = await t.watch(`${paths.configMaps}?watch=true&resourceVersion=${version}`);
    await t.call('POST', paths.configMaps, configMap('w'));
    await t.patch('merge', `${paths.configMaps}/w`, { data: { x: '1' } });
    await t.call('DELETE', `${paths.configMaps}/w`);
    const events = [await watch.next(), await watch.next(), await watch.next()];
    expect(events.map((event) => event['type'])).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
    const versions = events.map((event) => Number(stringAt(event, 'object', 'metadata', 'resourceVersion')));
    expect(versions).toEqual(versions.toSorted((left, right) => left - right));
    watch.close();
  });

  it('replays what happened while the client was away', async () => {
    const version = versionOf((await t.call('GET', paths.configMaps)).body);
    await t.call('POST', paths.configMaps, configMap('missed'));
    const watch = await t.watch(`${paths.configMaps}?watch=1&resourceVersion=${version}`);
    expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'missed' } } });
    watch.close();
    await t.call('DELETE', `${paths.configMaps}/missed`);
  });

  it('begins with what exists when no version is given', async () => {
    const watch = await t.watch(`${paths.configMaps}?watch=1`);
    const seen = [];
    for (let count = 0; count < 5; count += 1) seen.push(stringAt(await watch.next(), 'object', 'metadata', 'name'));
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e']);
    watch.close();
  });

  it('shows an object that leaves its selector as DELETED and one that enters as ADDED', async () => {
    const version = versionOf((await t.call('GET', paths.configMaps)).body);
    const watch = await t.watch(`${paths.configMaps}?watch=1&resourceVersion=${version}&labelSelector=side%3Dleft`);
    await t.patch('merge', `${paths.configMaps}/a`, { metadata: { labels: { side: 'right' } } });
    const gone = await watch.next();
    expect(gone).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'a', labels: { side: 'left' } } } });
    await t.patch('merge', `${paths.configMaps}/a`, { metadata: { labels: { side: 'left' } } });
    expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'a' } } });
    watch.close();
  });

  it('tells 410 inside the stream for a version that the history no longer reaches', async () => {
    const version = versionOf((await t.call('GET', paths.configMaps)).body);
    for (let count = 0; count < 12; count += 1)
      await t.patch('merge', `${paths.configMaps}/b`, { data: { count: String(count) } });
    const watch = await t.watch(`${paths.configMaps}?watch=1&resourceVersion=${version}`);
    expect(await watch.next()).toMatchObject({
      type: 'ERROR',
      object: { kind: 'Status', code: 410, reason: 'Expired' },
    });
    await watch.ended;
  });

  it('sends bookmarks once a minute and before the end, to those who asked', async () => {
    const version = versionOf((await t.call('GET', paths.configMaps)).body);
    const watch = await t.watch(
      `${paths.configMaps}?watch=1&resourceVersion=${version}&allowWatchBookmarks=true&timeoutSeconds=90`,
    );
    await t.call('POST', '/api/v1/namespaces/default/secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { generateName: 'other-' },
    });
    await t.clock.advance(60_000);
    const bookmark = await watch.next();
    expect(bookmark).toMatchObject({ type: 'BOOKMARK', object: { kind: 'ConfigMap', apiVersion: 'v1' } });
    expect(Number(stringAt(bookmark, 'object', 'metadata', 'resourceVersion'))).toBeGreaterThan(Number(version));
    await t.clock.advance(28_000);
    expect(await watch.next()).toMatchObject({ type: 'BOOKMARK' });
    await t.clock.advance(2_000);
    await watch.ended;
  });

  it('streams a list: what exists, a bookmark that says so, and what happens then', async () => {
    const watch = await t.watch(
      `${paths.configMaps}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&fieldSelector=metadata.name=a`,
    );
    expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'a' } } });
    expect(await watch.next()).toMatchObject({
      type: 'BOOKMARK',
      object: { kind: 'ConfigMap', metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    });
    await t.patch('merge', `${paths.configMaps}/a`, { data: { streamed: 'yes' } });
    expect(await watch.next()).toMatchObject({ type: 'MODIFIED' });
    watch.close();
  });

  it('tells of a streamed list that must not be older than the future when to try again', async () => {
    const watch = await t.watch(
      `${paths.configMaps}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=999999`,
    );
    expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { code: 504, reason: 'Timeout' } });
    await watch.ended;
  });

  it('begins with a large collection only as fast as the client reads, and loses nothing that happens meanwhile', async () => {
    const big = await startTestApi();
    const filler = 'x'.repeat(20_000);
    for (let count = 0; count < 100; count += 1)
      await big.call('POST', paths.configMaps, {
        ...configMap(`m${String(count).padStart(3, '0')}`),
        data: { filler },
      });
    const watch = await big.watch(`${paths.configMaps}?watch=1`);
    await big.call('DELETE', `${paths.configMaps}/m000`);
    const seen: string[] = [];
    while (seen.length < 101) {
      const event = await watch.next();
      seen.push(`${String(event['type'])} ${stringAt(event, 'object', 'metadata', 'name')}`);
    }
    expect(seen.at(0)).toBe('ADDED m000');
    expect(seen.at(-1)).toBe('DELETED m000');
    await big.close();
  });

  it('ends every stream when the server closes', async () => {
    const other = await startTestApi();
    const watch = await other.watch(`${paths.configMaps}?watch=1`);
    await other.close();
    await watch.ended;
  });
});
