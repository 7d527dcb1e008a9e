// The store: objects and their indexes stay in step.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStore } from './store.ts';
import type { KubeObject } from './types.ts';

const object = (name: string, labels: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'X',
  metadata: { name, labels },
});
const byLabel = { value: (item: KubeObject) => Object.values(item.metadata.labels ?? {}) };

describe('store', () => {
  it('gives snapshots that later changes do not touch', () => {
    const store = createStore();
    store.set(object('a', {}));
    const before = store.list();
    store.set(object('b', {}));
    store.delete('a');
    expect([before.length, store.list().length, store.size]).toEqual([1, 1, 1]);
  });

  it('finds many objects by one value, and what was found before stays as it was', () => {
    const store = createStore(byLabel);
    const names = Array.from({ length: 200 }, (_, index) => `n${index}`);
    const found = (): readonly string[] => store.byIndex('value', 'x').map((item) => item.metadata.name);
    for (const [index, name] of names.entries()) {
      const before = store.byIndex('value', 'x');
      store.set(object(name, { k: 'x', l: 'x' }));
      expect([before.length, found().length]).toEqual([index, index + 1]);
    }
    expect(found()).toEqual(names);
    for (const [index, name] of names.entries()) {
      const before = store.byIndex('value', 'x');
      store.delete(name);
      expect(before).toHaveLength(names.length - index);
      expect(found()).toEqual(names.slice(index + 1));
    }
  });

  it('finds by index exactly what a search through everything finds', () => {
    const values = fc.constantFrom('x', 'y', 'z');
    const change = fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      labels: fc.option(fc.dictionary(fc.constantFrom('k', 'l'), values), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const store = createStore(byLabel);
        for (const { name, labels } of changes) {
          if (labels === undefined) store.delete(name);
          else store.set(object(name, labels));
        }
        for (const value of ['x', 'y', 'z']) {
          const expected = store.list().filter((item) => byLabel.value(item).includes(value));
          expect(
            store.byIndex('value', value).toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name)),
          ).toEqual([...expected].toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name)));
        }
      }),
    );
  });
});
