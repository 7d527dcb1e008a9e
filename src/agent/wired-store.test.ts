// Records of what is wired: both kinds survive a restart, and so do those of releases that knew one kind only.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
});
