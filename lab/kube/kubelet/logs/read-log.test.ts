// Logs read from files that grow, are replaced, and end.
import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/base/clock.ts';
import { createLogStore } from './log-store.ts';
import { readLog } from './read-log.ts';
import type { ReadLogOptions } from './read-log.ts';

const line = (text: string): string => `2026-01-02T03:04:05.000000000Z stdout F ${text}\n`;

describe('reading a log', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trunkline-log-'));
    file = join(folder, '0.log');
  });
  afterEach(async () => await rm(folder, { recursive: true }));

  const open = (options: Partial<ReadLogOptions> = {}, signal = new AbortController().signal) =>
    readLog(systemClock, file, { timestamps: false, ...options }, signal);
  const all = async (log: AsyncIterable<Buffer>): Promise<string> => {
    let text = '';
    for await (const chunk of log) text += chunk.toString();
    return text;
  };

  it('gives what is there', async () => {
    await writeFile(file, line('one') + line('two'));
    expect(await all(open())).toBe('one\ntwo\n');
  });

  it.each([
    [0, ''],
    [1, 'c\n'],
    [2, 'b\nc\n'],
    [9, 'a\nb\nc\n'],
  ])('gives the last %i lines', async (tailLines, text) => {
    await writeFile(file, line('a') + line('b') + line('c'));
    expect(await all(open({ tailLines }))).toBe(text);
  });

  it('finds the last lines of a file far larger than what is read at once', async () => {
    await writeFile(file, line('x'.repeat(1_000)).repeat(500) + line('last'));
    expect(await all(open({ tailLines: 2 }))).toBe(`${'x'.repeat(1_000)}\nlast\n`);
  });

  it('follows until the container has ended, to its last line', async () => {
    const ended = Promise.withResolvers<void>();
    await writeFile(file, line('one'));
    const log = open({ until: ended.promise })[Symbol.asyncIterator]();
    expect(String((await log.next()).value)).toBe('one\n');
    const next = log.next();
    await appendFile(file, line('two'));
    expect(String((await next).value)).toBe('two\n');
    await appendFile(file, line('three'));
    ended.resolve();
    expect(String((await log.next()).value)).toBe('three\n');
    expect((await log.next()).done).toBe(true);
  });

  it('goes on in the new file when the log is rotated', async () => {
    const ended = Promise.withResolvers<void>();
    await writeFile(file, line('old'));
    const log = open({ until: ended.promise })[Symbol.asyncIterator]();
    await log.next();
    const next = log.next();
    await appendFile(file, line('last of the old'));
    await rename(file, `${file}.1`);
    await writeFile(file, line('new'));
    ended.resolve();
    const seen = [String((await next).value)];
    for (let more = await log.next(); more.done !== true; more = await log.next()) seen.push(String(more.value));
    expect(seen.join('')).toBe('last of the old\nnew\n');
  });

  it('ends when the reader goes away', async () => {
    const stop = new AbortController();
    await writeFile(file, '');
    const reading = all(open({ until: new Promise(() => undefined) }, stop.signal));
    stop.abort();
    expect(await reading).toBe('');
  });
});

describe('the store of logs', () => {
  const pod = { metadata: { name: 'p', namespace: 'ns', uid: 'u' } };
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trunkline-logs-'));
  });
  afterEach(async () => await rm(folder, { recursive: true }));

  it('keeps the present run and the one before, and nothing of a Pod that is gone', async () => {
    const store = createLogStore(folder);
    const files: string[] = [];
    for (const id of ['a', 'b', 'c']) {
      const file = await store.begin(pod, 'main', id);
      await writeFile(file, id);
      await writeFile(`${file}.20260102-030405`, id);
      files.push(file);
    }
    expect(['a', 'b', 'c'].map((id) => store.find(id))).toEqual([undefined, files[1], files[2]]);
    expect(files.map((file) => file.slice(folder.length))).toEqual(
      [0, 1, 2].map((number) => `/logs/pods/ns_p_u/main/${number}.log`),
    );
    await store.forget(pod);
    expect(store.find('c')).toBeUndefined();
    await expect(writeFile(`${files[2]}.probe`, '')).rejects.toThrow('ENOENT');
  });
});
