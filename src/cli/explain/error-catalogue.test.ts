// Every catalogue of the sources is in the list that `explain CODE` reads.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { expect, it } from 'vitest';

import { allErrors } from './error-catalogue.ts';

const src = resolve(import.meta.dirname, '../..');

it('knows every code that a catalogue of the sources defines, each once', () => {
  const written = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('errors.ts'))
    .flatMap((name) => [...readFileSync(join(src, name), 'utf8').matchAll(/\bcode: '([A-Z]+(?:-[A-Z]+)+)'/g)])
    .flatMap((match) => match[1] ?? []);
  const known = allErrors().map(({ code }) => code);
  expect(written.length).toBeGreaterThan(40);
  expect(known.toSorted()).toEqual(written.toSorted());
  expect(new Set(known).size).toBe(known.length);
});

it('tells of each a cause and a cure', () => {
  for (const { code, title, cause, cure } of allErrors())
    for (const text of [title, cause, cure]) expect(text.length, code).toBeGreaterThan(5);
});
