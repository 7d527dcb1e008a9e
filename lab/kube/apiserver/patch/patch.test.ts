// JSON patch, merge patch and strategic merge patch.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builtInTypes, typeOf } from '../builtin/schemas.ts';
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
    ['replaces the whole', { a: 1 }, [{ op: 'replace', path: '', value: 2 }], 2],
  ])('%s', (_what, document, patch, expected) => {
    expect(applyJsonPatch(document, patch)).toEqual(expected);
  });

  it.each<[string, unknown, unknown]>([
    ['a failed test', { a: 1 }, [{ op: 'test', path: '/a', value: 2 }]],
    ['a missing parent', {}, [{ op: 'add', path: '/a/b', value: 1 }]],
    ['replacing what is not there', {}, [{ op: 'replace', path: '/a', value: 1 }]],
    ['an index beyond the end', [1], [{ op: 'add', path: '/3', value: 1 }]],
    ['an unknown operation', {}, [{ op: 'twist', path: '/a' }]],
    ['a patch that is no list', {}, {}],
  ])('refuses %s', (_what, document, patch) => {
    expect(() => applyJsonPatch(document, patch)).toThrow(StatusError);
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
  const merge = (live: unknown, patch: unknown): unknown => applyStrategicMerge(live, patch, podSpec);

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
    expect(() => merge({}, { $patch: 'explode' })).toThrow('unknown $patch directive');
  });
});
