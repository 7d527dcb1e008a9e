// Persistence: what a restart keeps, what an unclean stop loses, and files that are refused by name.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../src/base/logger.ts';
import type { FakeClock } from '../../../../test/fake-clock.ts';
import { createFakeClock } from '../../../../test/fake-clock.ts';
import { openPersistence, SAVE_EVERY_MS } from './persistence.ts';
import type { Persistence } from './persistence.ts';
import { createStore } from './store.ts';
import type { Store } from './store.ts';

let dataDir: string;
let clock: FakeClock;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'apiserver-state-'));
  clock = createFakeClock();
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

interface Opened {
  readonly store: Store;
  readonly persistence: Persistence;
}

async function openStore(): Promise<Opened> {
  const store = createStore({ historyLimit: 10 });
  return { store, persistence: await openPersistence({ dataDir, store, clock, logger: silentLogger }) };
}

const create = (store: Store, name: string): void => {
  store.collection('/things').create(`ns/${name}`, {
    apiVersion: 'v1',
    kind: 'Thing',
    metadata: { name, namespace: 'ns', uid: `uid-${name}` },
  });
};
const namesIn = (store: Store): string[] =>
  store
    .collection('/things')
    .list()
    .map((entry) => entry.object.metadata.name);
const stateFile = (): string => join(dataDir, 'state.jsonl');

/** What a process leaves behind that was killed at this moment. */
async function killed(): Promise<void> {
  const left = await readFile(stateFile());
  await rm(dataDir, { recursive: true });
  dataDir = await mkdtemp(join(tmpdir(), 'apiserver-state-'));
  await writeFile(stateFile(), left);
}

describe('persistence', () => {
  it('brings back every object with its uid and version, and counts on from the last revision', async () => {
    const before = await openStore();
    create(before.store, 'a');
    create(before.store, 'b');
    const { revision } = before.store;
    const kept = before.store.collection('/things').get('ns/b')?.object;
    await before.persistence.close();
    const { store, persistence } = await openStore();
    expect(persistence.restored).toBe(2);
    expect(store.collection('/things').get('ns/b')?.object).toEqual(kept);
    expect(store.revision).toBe(revision);
    create(store, 'c');
    expect(store.revision).toBe(revision + 1);
    await persistence.close();
  });

  it('tells subscribers of restored objects, and lets nobody watch from before', async () => {
    const before = await openStore();
    create(before.store, 'a');
    await before.persistence.close();
    const store = createStore({ historyLimit: 10 });
    const seen: string[] = [];
    store.collection('/things').subscribe(({ type, key }) => seen.push(`${type} ${key}`));
    const persistence = await openPersistence({ dataDir, store, clock, logger: silentLogger });
    expect(seen).toEqual(['ADDED ns/a']);
    expect(store.collection('/things').eventsAfter(1)).toBeUndefined();
    expect(store.collection('/things').eventsAfter(store.revision)).toEqual([]);
    await persistence.close();
  });

  it('saves at intervals, so that a killed process loses only what came after', async () => {
    const { store } = await openStore();
    create(store, 'saved');
    await clock.advance(SAVE_EVERY_MS);
    await expect.poll(() => readFile(stateFile(), 'utf8')).toContain('"saved"');
    create(store, 'lost');
    const shown = store.revision;
    await killed();
    const after = await openStore();
    expect(namesIn(after.store)).toEqual(['saved']);
    expect(after.store.revision).toBeGreaterThan(shown);
    await after.persistence.close();
  });

  it('writes nothing while nothing changes, and leaves no half-written file behind', async () => {
    const { store, persistence } = await openStore();
    create(store, 'a');
    await clock.advance(SAVE_EVERY_MS);
    await expect.poll(() => readFile(stateFile(), 'utf8')).toContain('"uid-a"');
    await writeFile(stateFile(), 'touched');
    await clock.advance(SAVE_EVERY_MS * 3);
    expect(await readFile(stateFile(), 'utf8')).toBe('touched');
    await persistence.close();
    expect((await readdir(dataDir)).toSorted()).toEqual(['state.jsonl']);
  });

  it('refuses a file that is not its own, by name and with what to do', async () => {
    await writeFile(stateFile(), '{"some":"json"}\n');
    await expect(openStore()).rejects.toThrow(
      `${stateFile()} is not a state file of the embedded API server; give another data directory, or move the file away`,
    );
  });

  it.each([
    ['a changed byte', (text: string) => text.replace('uid-a', 'uid-x'), 'its checksum does not match'],
    ['a missing end', (text: string) => text.slice(0, -20), 'its end is missing'],
  ])('refuses %s', async (_what, damage, why) => {
    const before = await openStore();
    create(before.store, 'a');
    await before.persistence.close();
    await writeFile(stateFile(), damage(await readFile(stateFile(), 'utf8')));
    await expect(openStore()).rejects.toThrow(
      `${stateFile()} is damaged (${why}); put a copy back, or move it away to start with an empty cluster`,
    );
  });

  it('refuses a file of a newer format', async () => {
    await writeFile(stateFile(), '{"format":"trunkline-kube-apiserver-state","version":2}\n');
    await expect(openStore()).rejects.toThrow('has format 2, and this program reads format 1');
  });

  it('lets one server only have a directory, and takes over the lock of one that is gone', async () => {
    const { persistence } = await openStore();
    await expect(openStore()).rejects.toThrow(`${dataDir} is in use by process ${process.pid}`);
    await persistence.close();
    await writeFile(join(dataDir, 'lock'), '999999999 12345\n');
    await (await openStore()).persistence.close();
  });
});
