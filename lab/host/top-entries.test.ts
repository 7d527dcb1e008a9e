// Which of the machine's top directories a root copies on write, which it shows read-only, and which it has of its own.
import { describe, expect, it } from 'vitest';
import { topEntries } from './top-entries.ts';

const kinds = (targets: readonly string[]): ReadonlyMap<string, string> => {
  const words = topEntries(targets.map((target) => ({ target, flags: [] })));
  return new Map(words.flatMap((word, at) => (at % 3 === 2 ? [[word, words[at - 2] ?? ''] as const] : [])));
};

describe('the top directories of a root', () => {
  it('are copied on write', () => {
    expect(kinds(['/', '/usr']).get('usr')).toBe('copy');
  });

  it('are read-only where something is mounted below, which a layer would hide', () => {
    expect(kinds(['/', '/usr/share/more']).get('usr')).toBe('read');
    expect(kinds([]).get('sys')).toBe('read');
  });

  it('are not those that every root has of its own', () => {
    for (const name of ['etc', 'run', 'tmp', 'var', 'opt', 'dev', 'proc']) expect(kinds([]).has(name)).toBe(false);
  });
});
