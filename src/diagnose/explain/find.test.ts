// From what a person types to the one object that is meant.
import { describe, expect, it } from 'vitest';

import { findClusterWide, findNamespaced } from './find.ts';

const object = (namespace: string, name: string) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name } });
const all = [object('a', 'web-1'), object('a', 'web-2'), object('b', 'db-1'), object('b', 'web-1')];
const find = (text: string, namespace = 'a', elsewhere = true) => findNamespaced(all, { text, namespace, elsewhere });

describe('a name', () => {
  it('is looked for in its namespace first', () => {
    expect(find('web-1')).toEqual({ kind: 'found', object: all[0] });
    expect(find('b/web-1')).toEqual({ kind: 'found', object: all[3] });
  });

  it('may be the beginning of one, also of another namespace unless one was given', () => {
    expect(find('db')).toEqual({ kind: 'found', object: all[2] });
    expect(find('db', 'a', false)).toEqual({ kind: 'unknown', near: [] });
  });

  it('that fits several is not guessed', () => {
    expect(find('web')).toEqual({ kind: 'ambiguous', candidates: ['a/web-1', 'a/web-2'] });
  });

  it('that fits none lists what is near', () => {
    expect(find('web-9')).toEqual({ kind: 'unknown', near: ['a/web-1', 'a/web-2', 'b/web-1'] });
  });
});

it('a node is found by what else names it', () => {
  const nodes = [object('', 'n1'), object('', 'n2')];
  expect(findClusterWide(nodes, 'ins-2', ({ metadata }) => [metadata.name === 'n2' ? 'ins-2' : ''])).toEqual({
    kind: 'found',
    object: nodes[1],
  });
});
