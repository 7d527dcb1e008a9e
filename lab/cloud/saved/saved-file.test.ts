import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { createSaver, readSavedFile, requireWritable, writeSavedFile } from './saved-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saved-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('a file is replaced whole, is its owner’s alone, and leaves nothing beside it', async () => {
  const file = join(folder, 'cloud.json');
  await writeSavedFile(file, 'old');
  await writeSavedFile(file, 'new');
  expect(await readFile(file, 'utf8')).toBe('new');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(['cloud.json']);
});

test('a file that cannot be replaced is named, and nothing is left beside it', async () => {
  const file = join(folder, 'taken');
  await mkdir(join(file, 'inner'), { recursive: true });
  await expect(writeSavedFile(file, 'text')).rejects.toThrow(`${file}: cannot be written: `);
  expect(await readdir(folder)).toEqual(['taken']);
});

test('one save follows the other, each of its moment', async () => {
  const file = join(folder, 'cloud.json');
  let moment = 0;
  const save = createSaver(file, () => `moment ${(moment += 1)}`);
  await Promise.all([save(), save(), save()]);
  expect(await readFile(file, 'utf8')).toBe('moment 3');
});

test('a save that fails does not end the next one', async () => {
  const file = join(folder, 'later', 'cloud.json');
  const save = createSaver(file, () => 'text');
  await expect(save()).rejects.toThrow('cannot be written');
  await mkdir(join(folder, 'later'));
  await save();
  expect(await readFile(file, 'utf8')).toBe('text');
});

test('a folder that is not there is told before anything is saved', async () => {
  await expect(requireWritable(join(folder, 'nowhere', 'cloud.json'))).rejects.toThrow('cannot be written');
  await requireWritable(join(folder, 'cloud.json'));
});

test('a file that is not there, or is none, is named', async () => {
  await expect(readSavedFile(join(folder, 'nowhere'))).rejects.toThrow(/nowhere: cannot be read: /);
  await writeSavedFile(join(folder, 'half'), '{"format":');
  await expect(readSavedFile(join(folder, 'half'))).rejects.toThrow(/half: not a whole saved cloud/);
});
