// Records of what is wired: both kinds survive a restart, and so do those of releases that knew one kind only.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import { sharedWiringOf, wiringOf } from './testing/wirings.ts';
import { createWiredStore, type Wired } from './wired-store.ts';

let directory: string;
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'tke-wired-')), 'wired');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = () => createWiredStore({ directory, logger: silentLogger });
const recordOf = (wiring: Wired['wiring']): Wired => ({
  sequence: 1,
  phase: 'wired',
  containerId: 'c1',
  pod: { namespace: 'ns', name: 'web', uid: 'uid-web' },
  ...(wiring.kind === 'shared' ? {} : { linkDriver: 'veth' }),
  wiring,
});

describe('a record of a wiring', () => {
  it.each([
    ['a sub-ENI', wiringOf()],
    ['a shared address', sharedWiringOf()],
  ])('of %s is read again as it was written', async (_, wiring) => {
    await open().put(recordOf(wiring));
    const again = open();
    await again.load();
    expect(again.list()).toEqual([recordOf(wiring)]);
  });

  it('of a release without shared addresses is one of a sub-ENI', async () => {
    const { kind: _, ...old } = wiringOf();
    mkdirSync(directory);
    writeFileSync(join(directory, 'c1.json'), JSON.stringify({ ...recordOf(wiringOf()), wiring: old }));
    const store = open();
    await store.load();
    expect(store.get('c1')).toEqual(recordOf(wiringOf()));
  });

  it.each(['before', 'after'] as const)(
    'that is not finished is told as what it is by the next run, %s its Pod was wired',
    async (when) => {
      const record = recordOf(sharedWiringOf());
      const first = open();
      await first.put({ ...record, phase: 'wiring' });
      if (when === 'after') await first.put(record);
      const second = open();
      await second.load();
      expect(second.list()).toEqual([when === 'after' ? record : { ...record, phase: 'wiring' }]);
      await second.remove('c1');
      expect(readdirSync(directory)).toEqual([]);
    },
  );

  it('that was cut off while it was written tells of nothing, and is not kept', async () => {
    const text = JSON.stringify(recordOf(sharedWiringOf()));
    mkdirSync(directory);
    writeFileSync(join(directory, 'c1.wiring'), text.slice(0, 100));
    const store = open();
    await store.load();
    expect(store.list()).toEqual([]);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('that an older release left unfinished is taken back, file and all', async () => {
    mkdirSync(directory);
    writeFileSync(join(directory, 'c1.json'), JSON.stringify({ ...recordOf(sharedWiringOf()), phase: 'wiring' }));
    const store = open();
    await store.load();
    expect(store.get('c1')?.phase).toBe('wiring');
    await store.remove('c1');
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is found by its Pod, oldest first, until it is removed', async () => {
    const store = open();
    const of = (containerId: string, sequence: number): Wired => ({
      ...recordOf(sharedWiringOf()),
      containerId,
      sequence,
    });
    for (const record of [of('c2', 2), of('c1', 1), of('c2', 2)]) await store.put(record);
    expect(store.ofPod('uid-web').map(({ containerId }) => containerId)).toEqual(['c1', 'c2']);
    await store.remove('c1');
    expect(store.ofPod('uid-web').map(({ containerId }) => containerId)).toEqual(['c2']);
    await store.remove('c2');
    expect(store.ofPod('uid-web')).toEqual([]);
  });
});
