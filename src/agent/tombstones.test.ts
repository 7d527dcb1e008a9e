// Deletions that the entry recorded.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import type { CniCall } from '../cni/call.ts';
import { createTombstones, type Tombstones } from './tombstones.ts';

const text = (containerId: string, command = 'DEL'): string =>
  `X-CNI-Command: ${command}\r\nX-CNI-ContainerID: ${containerId}\r\nX-CNI-IfName: eth0\r\nX-CNI-Args: K8S_POD_NAME=p\r\n\r\n{"a":\r\n\r\n1}\n`;

describe('recorded deletions', () => {
  let directory: string;
  let tombstones: Tombstones;
  beforeEach(() => {
    directory = join(mkdtempSync(join(tmpdir(), 'tke-tombs-')), 'tombstones');
    tombstones = createTombstones({ directory, logger: silentLogger });
  });
  afterEach(() => rmSync(join(directory, '..'), { recursive: true }));
  /** As the entry does it: whole, or not there. */
  const record = (name: string, content = text(name)): void => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `.${name}.7`), content);
    renameSync(join(directory, `.${name}.7`), join(directory, name));
  };

  it('are none where there is no directory', async () => {
    await tombstones.process(() => Promise.reject(new Error('not asked for')));
  });

  it('are carried out with what the runtime said, and forgotten', async () => {
    record('c1');
    const calls: CniCall[] = [];
    await tombstones.process((call) => Promise.resolve(void calls.push(call)));
    expect(calls).toEqual([
      {
        command: 'DEL',
        containerId: 'c1',
        netns: '',
        ifName: 'eth0',
        args: 'K8S_POD_NAME=p',
        stdin: '{"a":\r\n\r\n1}\n',
      },
    ]);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('stay recorded when they cannot be carried out', async () => {
    record('c1');
    await expect(tombstones.process(() => Promise.reject(new Error('kernel says no')))).rejects.toThrow(
      'kernel says no',
    );
    expect(readdirSync(directory)).toEqual(['c1']);
    const done: string[] = [];
    await tombstones.process(({ containerId }) => Promise.resolve(void done.push(containerId)));
    expect(done).toEqual(['c1']);
  });

  it.each([
    ['is cut off', 'X-CNI-Command: DEL'],
    ['is no deletion', text('c1', 'ADD')],
    ['names no container', text('')],
  ])('are set aside when a file %s, and the others are carried out', async (_what, content) => {
    record('a-bad', content);
    record('b-good');
    const done: string[] = [];
    await tombstones.process(({ containerId }) => Promise.resolve(void done.push(containerId)));
    expect(done).toEqual(['b-good']);
    expect(readdirSync(directory)).toEqual(['a-bad.unreadable']);
    await tombstones.process(() => Promise.reject(new Error('set aside')));
  });

  it('are left alone while the entry still writes them', async () => {
    mkdirSync(directory);
    writeFileSync(join(directory, '.c1.7'), 'X-CNI-Com');
    await tombstones.process(() => Promise.reject(new Error('half written')));
    expect(readdirSync(directory)).toEqual(['.c1.7']);
  });

  it('are carried out as they come while the agent runs, those that were there first', async () => {
    record('before');
    const stop = new AbortController();
    const waiting = new Map<string, () => void>();
    const seen = (id: string): Promise<void> => new Promise((resolve) => waiting.set(id, resolve));
    const [before, later] = [seen('before'), seen('later')];
    const watching = tombstones.watch(
      () => tombstones.process(({ containerId }) => Promise.resolve(waiting.get(containerId)?.())),
      stop.signal,
    );
    await before;
    record('later');
    await later;
    stop.abort();
    await watching;
    await tombstones.process(() => Promise.resolve());
    expect(existsSync(join(directory, 'later'))).toBe(false);
  });
});
