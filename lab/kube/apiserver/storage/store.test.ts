// The store: order, optimistic replacement, history.
import { describe, expect, it } from 'vitest';
import type { ApiObject } from '../json.ts';
import { createStore } from './store.ts';

const object = (name: string): ApiObject => ({ apiVersion: 'v1', kind: 'Thing', metadata: { name } });

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
    expect(things.list('b/').map((entry) => entry.object.metadata.name)).toEqual(['b/1', 'b/2']);
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
});
