// The documents' YAML: what is kept with the suite is readable, and its copies without comments say the same.
import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { objectsOf, readDocument } from './read-document.ts';

const names = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.yaml'));

describe('the YAML of the documents', () => {
  it.each(names)('%s can be read', async (name) => {
    for (const text of objectsOf(await readDocument(name))) expect(parse(text)).toBeTruthy();
  });

  it.each(names.filter((name) => name.endsWith('.plain.yaml')))('%s says what the document says', async (name) => {
    const plain = await readDocument(name);
    expect(parse(plain)).toEqual(parse(await readDocument(name.replace('.plain', ''))));
    expect(plain).not.toContain('#');
  });
});
