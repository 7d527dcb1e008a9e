// The store: order, optimistic replacement, history, and lists of old versions.
import { describe, expect, it } from 'vitest';
import type { ApiObject } from '../json.ts';
import type { StoredObject } from './store.ts';
import { createStore } from './store.ts';

const object = (name: string, data = ''): ApiObject => ({ apiVersion: 'v1', kind: 'Thing', metadata: { name }, data });
const namesOf = (entries: readonly StoredObject[] | undefined): string[] | undefined =>
  entries?.map((entry) => entry.object.metadata.name);

describe('store', () => {
  it('counts revisions over all collections together', () => {
    const store = createStore({ historyLimit: 10 });
    const first = store.collection('a').create('x', object('x'));
    const second = store.collection('b').create('x', object('x'));
    expect(Number(second?.object.metadata.resourceVersion)).toBe(Number(first?.object.metadata.resourceVersion) + 1);
  });

  it('replaces only what the writer has seen', () => {
    const things = createStore({ historyLimit: 10 }).collection('things');
    const first = things.create('x', object('x'));
    if (first === undefined) throw new Error('not created');
    const second = things.update('x', first, object('x'));
    expect(second).toBeDefined();
    expect(things.update('x', first, object('x'))).toBeUndefined();
    expect(things.remove('x', first, object('x'))).toBeUndefined();
  });

  it('lists a prefix in order and nothing beside it', () => {
    const things = createStore({ historyLimit: 10 }).collection('things');
    for (const key of ['b/2', 'a/1', 'b/1', 'bb/1', 'b-1/x']) things.create(key, object(key));
    expect(namesOf(things.list('b/'))).toEqual(['b/1', 'b/2']);
    expect(namesOf(things.list('b/', 'b/1\0'))).toEqual(['b/2']);
  });

  it('tells what happened after a revision, or that it has forgotten', () => {
    const store = createStore({ historyLimit: 2 });
    const things = store.collection('things');
    for (const key of ['1', '2', '3', '4']) things.create(key, object(key));
    expect(things.eventsAfter(3)?.map((event) => event.current.object.metadata.name)).toEqual(['3', '4']);
    for (const key of ['5', '6', '7']) things.create(key, object(key));
    expect(things.eventsAfter(3)).toBeUndefined();
    expect(things.eventsAfter(store.revision)).toEqual([]);
  });

  it('lists what was there at an old revision, as it was then', () => {
    const store = createStore({ historyLimit: 10 });
    const things = store.collection('things');
    for (const key of ['a', 'b', 'c']) things.create(key, object(key, 'old'));
    const then = store.revision;
    const [a, b] = [things.get('a'), things.get('b')];
    if (a === undefined || b === undefined) throw new Error('not created');
    things.update('a', a, object('a', 'new'));
    things.remove('b', b, object('b'));
    things.create('aa', object('aa'));
    expect(things.listAt(then)?.map((entry) => [entry.object.metadata.name, entry.object['data']])).toEqual([
      ['a', 'old'],
      ['b', 'old'],
      ['c', 'old'],
    ]);
    expect(namesOf(things.listAt(then, '', 'b'))).toEqual(['b', 'c']);
    store.compact();
    expect(things.listAt(then)).toBeUndefined();
    expect(namesOf(things.listAt(store.revision))).toEqual(['a', 'aa', 'c']);
  });

  it('does not pretend to know what happened before a collection was there', () => {
    const store = createStore({ historyLimit: 10 });
    store.collection('a').create('x', object('x'));
    expect(store.collection('b').eventsAfter(1)).toBeUndefined();
  });

  it('gives all listeners of one change the same scratch space, and the next change a fresh one', () => {
    const things = createStore({ historyLimit: 10 }).collection('things');
    const sizes: number[] = [];
    for (const name of ['one', 'two'])
      things.subscribe((_event, shared) => {
        sizes.push(shared.size);
        shared.set(name, Buffer.alloc(1));
      });
    things.create('x', object('x'));
    things.create('y', object('y'));
    expect(sizes).toEqual([0, 1, 0, 1]);
  });

  it('writes an object with its kind first, and without it for lists', () => {
    const stored = createStore({ historyLimit: 1 }).collection('things').create('x', object('x'));
    expect(stored?.json).toBe(
      '{"kind":"Thing","apiVersion":"v1","metadata":{"name":"x","resourceVersion":"2"},"data":""}',
    );
    expect(stored?.bareJson).toBe('{"metadata":{"name":"x","resourceVersion":"2"},"data":""}');
  });
});

describe('the text of a stored object', () => {
  it('says what the object says, whether its parts were written before or not', () => {
    const things = createStore({ historyLimit: 10 }).collection('things');
    const metadata = { name: 'x', labels: { a: '"' }, managedFields: [{ manager: 'me', fieldsV1: { 'f:spec': {} } }] };
    const made = { ...object('x'), metadata, spec: { list: [1, { deep: null }] }, status: {} };
    const texts = new Map<unknown, string>([
      [metadata.managedFields, JSON.stringify(metadata.managedFields)],
      [made.spec, JSON.stringify(made.spec)],
    ]);
    const stored = things.create('x', made, texts);
    expect(JSON.parse(stored?.json ?? '')).toEqual(stored?.object);
    const { kind: _kind, apiVersion: _version, ...rest } = stored?.object ?? {};
    expect(JSON.parse(stored?.bareJson ?? '')).toEqual(rest);
  });

  it('uses no text of a part that was replaced', () => {
    const things = createStore({ historyLimit: 10 }).collection('things');
    const owners = [{ manager: 'me' }];
    const texts = new Map<unknown, string>([
      [owners, '[{"manager":"me"}]'],
      [{ old: true }, '{"old":true}'],
    ]);
    const made = { ...object('x'), metadata: { name: 'x', managedFields: owners }, spec: { old: false } };
    expect(JSON.parse(things.create('x', made, texts)?.json ?? '')).toMatchObject({ spec: { old: false } });
  });
});
