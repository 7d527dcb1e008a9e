// Volumes as programs see them while their sources change.
import { mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { writeVolume } from './volume-writer.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trunkline-volume-'));
});
afterEach(async () => await rm(directory, { recursive: true, force: true }));

const file = (path: string, text: string, mode = 0o644) => ({ path, content: Buffer.from(text), mode });
const read = async (path: string): Promise<string> => await readFile(join(directory, path), 'utf8');

it('shows every file under its name, in its folder and with its mode', async () => {
  await writeVolume(directory, [file('key', 'a', 0o400), file('folder/inner', 'b')]);
  expect([await read('key'), await read('folder/inner')]).toEqual(['a', 'b']);
  expect((await stat(join(directory, 'key'))).mode & 0o777).toBe(0o400);
  expect(await readlink(join(directory, 'key'))).toBe('..data/key');
});

it('changes all files at one moment, and takes away what is no longer there', async () => {
  await writeVolume(directory, [file('a', '1'), file('gone', '1')]);
  const first = await readlink(join(directory, '..data'));
  await writeVolume(directory, [file('a', '2'), file('new', '2')]);
  const second = await readlink(join(directory, '..data'));
  expect(second).not.toBe(first);
  expect((await readdir(directory)).toSorted()).toEqual([second, '..data', 'a', 'new'].toSorted());
  expect([await read('a'), await read('new')]).toEqual(['2', '2']);
});

it('leaves what is right already alone', async () => {
  await writeVolume(directory, [file('a', '1')]);
  const before = await readlink(join(directory, '..data'));
  await writeVolume(directory, [file('a', '1')]);
  expect(await readlink(join(directory, '..data'))).toBe(before);
});
