// JSON patch, merge patch and strategic merge patch.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builtInTypes, typeOf } from '../builtin/schemas.ts';
import type { JsonObject } from '../json.ts';
import { isObject } from '../json.ts';
import { StatusError } from '../status.ts';
import { applyJsonPatch } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import { applyStrategicMerge } from './strategic-merge.ts';

describe('JSON patch', () => {
  it.each<[string, unknown, unknown[], unknown]>([
    ['adds a member', {}, [{ op: 'add', path: '/a', value: 1 }], { a: 1 }],
    ['inserts into a list', [1, 3], [{ op: 'add', path: '/1', value: 2 }], [1, 2, 3]],
    ['appends with a dash', [1], [{ op: 'add', path: '/-', value: 2 }], [1, 2]],
    ['reads escapes', { 'a/b~c': 1 }, [{ op: 'replace', path: '/a~1b~0c', value: 2 }], { 'a/b~c': 2 }],
    ['removes', { a: 1, b: 2 }, [{ op: 'remove', path: '/a' }], { b: 2 }],
    ['moves', { a: 1 }, [{ op: 'move', from: '/a', path: '/b' }], { b: 1 }],
    ['copies', { a: { x: 1 } }, [{ op: 'copy', from: '/a', path: '/b' }], { a: { x: 1 }, b: { x: 1 } }],
    [
      'tests and goes on',
      { a: [1] },
      [
        { op: 'test', path: '/a', value: [1] },
        { op: 'remove', path: '/a' },
      ],
      {},
    ],
    ['replaces the whole', { a: 1 }, [{ op: 'replace', path: '', value: { b: 2 } }], { b: 2 }],
    ['adds with replace what is not there', {}, [{ op: 'replace', path: '/a', value: 1 }], { a: 1 }],
    ['counts negative indexes from the end', [1, 2], [{ op: 'remove', path: '/-1' }], [1]],
    ['takes a member that is not there for null in a test', {}, [{ op: 'test', path: '/a', value: null }], {}],
    ['copies null for what is not there', {}, [{ op: 'copy', from: '/a', path: '/b' }], { b: null }],
    ['ignores what comes before the first slash', {}, [{ op: 'add', path: 'x/a', value: 1 }], { a: 1 }],
  ])('%s', (_what, document, patch, expected) => {
    expect(applyJsonPatch(document, patch)).toEqual(expected);
  });

  it.each<[string, unknown, unknown]>([
    ['a failed test', { a: 1 }, [{ op: 'test', path: '/a', value: 2 }]],
    ['a missing parent', {}, [{ op: 'add', path: '/a/b', value: 1 }]],
    ['removing what is not there', {}, [{ op: 'remove', path: '/a' }]],
    ['a pointer without a slash', {}, [{ op: 'add', path: 'a', value: 1 }]],
    ['an index that is no number', [1], [{ op: 'replace', path: '/1x', value: 1 }]],
    ['replacing the whole by a word', {}, [{ op: 'replace', path: '', value: 'x' }]],
    ['an index beyond the end', [1], [{ op: 'add', path: '/3', value: 1 }]],
    ['an unknown operation', {}, [{ op: 'twist', path: '/a' }]],
    ['a patch that is no list', {}, {}],
  ])('refuses %s', (_what, document, patch) => {
    expect(() => applyJsonPatch(document, patch)).toThrow(StatusError);
  });

  it('says nothing of the reason to clients, but keeps it', () => {
    const failed = (): unknown => applyJsonPatch({ a: 1 }, [{ op: 'test', path: '/a', value: 2 }]);
    expect(failed).toThrow('the server rejected our request due to an error in our request');
    expect(failed).toThrow(expect.objectContaining({ why: 'testing value /a failed: test failed' }));
  });

  it('copies no more than three megabytes', () => {
    const copies = Array.from({ length: 7 }, (_, index) => ({ op: 'copy', from: '/a', path: `/${index}` }));
    expect(() => applyJsonPatch({ a: 'x'.repeat(500_000) }, copies)).toThrow(StatusError);
    expect(() => applyJsonPatch({ a: 'x'.repeat(500_000) }, copies.slice(0, 6))).not.toThrow();
  });

  it('brings any document to any other by its differences', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('a', 'b~', 'c/d'), fc.jsonValue()),
        fc.dictionary(fc.constantFrom('a', 'b~', 'e'), fc.jsonValue()),
        (from, to) => {
          const pointer = (name: string): string => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
          const patch = [
            ...Object.keys(from).map((name) => ({ op: 'remove', path: pointer(name) })),
            ...Object.entries(to).map(([name, value]) => ({ op: 'add', path: pointer(name), value })),
          ];
          expect(applyJsonPatch(from, patch)).toEqual(to);
        },
      ),
    );
  });

  it('leaves the original alone', () => {
    const document = { a: { b: [1] } };
    applyJsonPatch(document, [{ op: 'add', path: '/a/b/-', value: 2 }]);
    expect(document).toEqual({ a: { b: [1] } });
  });
});

describe('merge patch', () => {
  it('merges objects, replaces lists and deletes with null', () => {
    expect(applyMergePatch({ a: { b: 1, c: 2 }, l: [1, 2] }, { a: { b: null, d: 3 }, l: [3] })).toEqual({
      a: { c: 2, d: 3 },
      l: [3],
    });
  });

  it('brings any document without nulls to any other by their difference', () => {
    const document = fc.letrec<{ value: unknown; object: JsonObject }>((tie) => ({
      value: fc.oneof({ depthSize: 'small' }, fc.integer(), fc.string(), fc.array(fc.integer()), tie('object')),
      object: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value')) as fc.Arbitrary<JsonObject>,
    })).object;
    const difference = (from: JsonObject, to: JsonObject): JsonObject => ({
      ...Object.fromEntries(
        Object.keys(from)
          .filter((name) => !Object.hasOwn(to, name))
          .map((name) => [name, null]),
      ),
      ...Object.fromEntries(
        Object.entries(to).map(([name, value]) => {
          const before = from[name];
          return [name, isObject(before) && isObject(value) ? difference(before, value) : value];
        }),
      ),
    });
    fc.assert(
      fc.property(document, document, (from, to) => {
        expect(applyMergePatch(from, difference(from, to))).toEqual(to);
      }),
    );
  });

  it('drops null members of what it puts in whole, and keeps null items', () => {
    expect(applyMergePatch({}, { a: { b: null, c: 1 }, l: [{ d: null, e: 2 }, null] })).toEqual({
      a: { c: 1 },
      l: [{ e: 2 }, null],
    });
  });

  it('is idempotent', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (document, patch) => {
        const once = applyMergePatch(document, patch);
        expect(applyMergePatch(once, patch)).toEqual(once);
      }),
    );
  });
});

describe('strategic merge patch', () => {
  const types = builtInTypes();
  const podSpec = typeOf(types, 'PodSpec');
  const merge = (live: unknown, patch: JsonObject): unknown => applyStrategicMerge(live, patch, podSpec);

  it('merges containers by name and their variables too', () => {
    const live = {
      containers: [
        { name: 'a', image: 'x', env: [{ name: 'E', value: '1' }] },
        { name: 'b', image: 'y' },
      ],
    };
    expect(merge(live, { containers: [{ name: 'a', env: [{ name: 'F', value: '2' }] }] })).toEqual({
      containers: [
        {
          name: 'a',
          image: 'x',
          env: [
            { name: 'F', value: '2' },
            { name: 'E', value: '1' },
          ],
        },
        { name: 'b', image: 'y' },
      ],
    });
  });

  it('deletes an item with $patch, and replaces a list with it', () => {
    const live = { containers: [{ name: 'a' }, { name: 'b' }] };
    expect(merge(live, { containers: [{ $patch: 'delete', name: 'a' }] })).toEqual({ containers: [{ name: 'b' }] });
    expect(merge(live, { containers: [{ $patch: 'replace' }, { name: 'c' }] })).toEqual({
      containers: [{ name: 'c' }],
    });
  });

  it('replaces lists that have no key', () => {
    expect(merge({ tolerations: [{ key: 'a' }] }, { tolerations: [{ key: 'b' }] })).toEqual({
      tolerations: [{ key: 'b' }],
    });
  });

  it('follows $setElementOrder', () => {
    const live = { containers: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] };
    const patch = {
      '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }],
      containers: [{ name: 'c', image: 'z' }],
    };
    expect(merge(live, patch)).toEqual({ containers: [{ name: 'b' }, { name: 'c', image: 'z' }, { name: 'a' }] });
  });

  it('puts new items first, as a real server does', () => {
    const live = { containers: [{ name: 'a' }, { name: 'b' }] };
    expect(merge(live, { containers: [{ name: 'new' }] })).toEqual({
      containers: [{ name: 'new' }, { name: 'a' }, { name: 'b' }],
    });
  });

  it('keeps only what $retainKeys names', () => {
    const strategy = typeOf(types, 'DeploymentStrategy');
    const live = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } };
    expect(applyStrategicMerge(live, { $retainKeys: ['type'], type: 'Recreate' }, strategy)).toEqual({
      type: 'Recreate',
    });
  });

  it('adds to and takes from sets of words', () => {
    const metadata = typeOf(types, 'ObjectMeta');
    const live = { finalizers: ['a', 'b'] };
    expect(applyStrategicMerge(live, { finalizers: ['b', 'c'] }, metadata)).toEqual({ finalizers: ['a', 'b', 'c'] });
    expect(applyStrategicMerge(live, { '$deleteFromPrimitiveList/finalizers': ['a'] }, metadata)).toEqual({
      finalizers: ['b'],
    });
  });

  it('refuses an item without its key and a directive that it does not know', () => {
    expect(() => merge({ containers: [] }, { containers: [{ image: 'x' }] })).toThrow(
      'does not contain declared merge key: name',
    );
    expect(() => merge({}, { $patch: 'explode' })).toThrow('unknown patch type: explode in map: map[$patch:explode]');
    expect(() => merge({}, { $patch: 'merge' })).toThrow('unknown patch type: merge in map: map[$patch:merge]');
    expect(() => merge({ containers: [{ name: 'a' }] }, { containers: [{ $patch: 'merge', name: 'a' }] })).toThrow(
      'merging lists cannot yet be specified in the patch',
    );
  });

  it('leaves out items that are directives where there was no list', () => {
    expect(merge({}, { containers: [{ $patch: 'delete', name: 'a' }, { name: 'b' }] })).toEqual({
      containers: [{ name: 'b' }],
    });
  });

  it('refuses to set what $retainKeys does not name', () => {
    const strategy = typeOf(types, 'DeploymentStrategy');
    expect(() => applyStrategicMerge({}, { $retainKeys: [], type: 'Recreate' }, strategy)).toThrow(
      'invalid patch format of retainKeys',
    );
  });

  it('refuses a list whose order contradicts $setElementOrder', () => {
    const patch = {
      '$setElementOrder/containers': [{ name: 'a' }, { name: 'b' }],
      containers: [{ name: 'b' }, { name: 'a' }],
    };
    expect(() => merge({ containers: [] }, patch)).toThrow("doesn't match $setElementOrder list");
  });
});
