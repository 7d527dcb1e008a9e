// The archive of a support bundle is one that tar reads.
import { execFileSync } from 'node:child_process';

import { expect, it } from 'vitest';

import { tarOf } from './tar.ts';

const files = [
  { name: 'a.txt', text: 'hello\n' },
  { name: 'logs/b.log', text: 'x'.repeat(1000) },
  { name: 'empty', text: '' },
];

it('lists and gives back every file', () => {
  const archive = tarOf(files, new Date('2026-01-01T00:00:00Z'));
  expect(archive.length % 512).toBe(0);
  const run = (...args: string[]): string => execFileSync('tar', args, { input: archive, encoding: 'utf8' });
  expect(run('-tf', '-').trim().split('\n')).toEqual(files.map(({ name }) => name));
  for (const { name, text } of files) expect(run('-xOf', '-', name)).toBe(text);
});

it('refuses a name that does not fit', () => {
  expect(() => tarOf([{ name: 'n'.repeat(101), text: '' }], new Date(0))).toThrow(RangeError);
});
