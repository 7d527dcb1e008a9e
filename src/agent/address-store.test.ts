// The address book on disk: what survives a restart, how many writes a burst takes, what a broken file costs.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import { allocate, answer, freed } from './address-book.ts';
import type { AddressOffers } from './address-offers.ts';
import { type AddressStore, createAddressStore } from './address-store.ts';
import { NODE } from './testing/service-world.ts';
import { pluggedOf, poolOfIps, sharedEniOf } from './testing/shared-enis.ts';
import { sharedWiringOf, wiringOf } from './testing/wirings.ts';
import type { Wired } from './wired-store.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tke-addresses-'));
  path = join(directory, 'addresses.json');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = (): AddressStore => createAddressStore({ path, logger: silentLogger });
const take = (store: AddressStore, ip: string, uid: string): void => {
  store.setName(uid, { namespace: 'ns', name: uid });
  store.change((book) => allocate(book, 'eni-uid', ip, uid));
};
const wired = (uid: string, wiring: Wired['wiring']): Wired => ({
  sequence: 1,
  phase: 'wired',
  containerId: `c-${uid}`,
  pod: { namespace: 'ns', name: uid, uid },
  wiring,
});

describe('the address book on disk', () => {
  it('is there after a restart, with the names of its Pods', async () => {
    const store = open();
    take(store, '10.0.35.21', 'uid-a');
    await store.saved();
    const again = open();
    await again.load([]);
    expect(again.book).toEqual(store.book);
    expect(again.nameOf('uid-a')).toEqual({ namespace: 'ns', name: 'uid-a' });
  });

  it('is on disk when `saved` resolves, also for what came while a write ran', async () => {
    const store = open();
    take(store, '10.0.35.21', 'uid-a');
    const first = store.saved();
    take(store, '10.0.35.22', 'uid-b');
    await store.saved();
    expect(Object.keys(read().book.allocations)).toEqual(['10.0.35.21', '10.0.35.22']);
    await first;
  });

  it('takes two writes for thirty changes that come while one runs', async () => {
    const store = open();
    const saved = Array.from({ length: 30 }, (_, at) => {
      take(store, `10.0.35.${at + 20}`, `uid-${at}`);
      return store.saved();
    });
    expect(new Set(saved).size).toBe(2);
    await Promise.all(saved);
    expect(Object.keys(read().book.allocations)).toHaveLength(30);
  });

  it('tries again after a write that failed, and tells those who asked', async () => {
    const store = open();
    // A directory of that name cannot be replaced by a file.
    mkdirSync(path);
    take(store, '10.0.35.21', 'uid-a');
    await expect(store.saved()).rejects.toThrow();
    rmdirSync(path);
    await store.saved();
    expect(read().book.allocations).toHaveProperty(['10.0.35.21']);
  });

  it('forgets the names of Pods without an address', async () => {
    const store = open();
    take(store, '10.0.35.21', 'uid-a');
    store.change((book) => freed(book, 'uid-a', 5));
    await store.saved();
    expect(read().pods).toEqual({});
  });

  it('does not write, and wakes nobody, for what changes nothing', async () => {
    const store = open();
    let told = 0;
    store.onChange(() => (told += 1));
    store.change((book) => book);
    await store.saved();
    expect([existsSync(path), told]).toEqual([false, 0]);
  });

  it('wakes those who wait for a free address only when there are fewer taken', () => {
    const store = open();
    let woken = 0;
    store.onFreed(() => (woken += 1));
    take(store, '10.0.35.21', 'uid-a');
    expect(woken).toBe(0);
    store.change((book) => freed(book, 'uid-a', 5));
    expect(woken).toBe(1);
  });

  it('sets a broken file aside, and knows again what is wired', async () => {
    writeFileSync(path, '{"book":');
    const store = open();
    await store.load([
      wired('uid-a', sharedWiringOf({ podIp: '10.0.35.21' })),
      wired('uid-b', wiringOf({ podIp: '10.0.36.21' })),
    ]);
    expect(existsSync(`${path}.unreadable`)).toBe(true);
    expect(store.book.allocations).toEqual({ '10.0.35.21': { eni: 'uid-shared-2', podUID: 'uid-a' } });
    expect(store.nameOf('uid-a')).toEqual({ namespace: 'ns', name: 'uid-a' });
  });

  it('believes the file where a wiring claims the address of another Pod', async () => {
    const store = open();
    take(store, '10.0.35.21', 'uid-a');
    await store.saved();
    const again = open();
    await again.load([wired('uid-z', sharedWiringOf({ podIp: '10.0.35.21' }))]);
    expect(again.book.allocations).toEqual({ '10.0.35.21': { eni: 'eni-uid', podUID: 'uid-a' } });
  });

  it('knows the address of a Pod after every change', async () => {
    const store = open();
    take(store, '10.0.35.21', 'uid-a');
    expect(store.holders.ofPod('uid-a')).toEqual({ ip: '10.0.35.21', eni: 'eni-uid' });
    expect(store.holders.enis).toEqual(new Set(['eni-uid']));
    store.change((book) => freed(book, 'uid-a', 1));
    expect(store.holders.ofPod('uid-a')).toBeUndefined();
    expect(store.holders.enis).toEqual(new Set());
  });

  it('reads the pools anew when one, its device, or what was given back is another, and for no allocation', () => {
    const store = open();
    const [eni, plugged] = [sharedEniOf(1, poolOfIps('10.0.35.21', '10.0.35.22')), [pluggedOf(1)]];
    const ipsOf = ({ views }: AddressOffers): readonly string[] =>
      views.flatMap(({ pool }) => pool.addresses.map(({ ip }) => ip));
    const first = store.offers([eni], plugged, NODE);
    expect(ipsOf(first)).toEqual(['10.0.35.21', '10.0.35.22']);
    take(store, '10.0.35.21', 'uid-a');
    expect(store.offers([eni], plugged, NODE)).toBe(first);
    expect(store.offers([eni], [], NODE).views).toEqual([]);
    expect(ipsOf(store.offers([sharedEniOf(1, poolOfIps('10.0.35.23'))], plugged, NODE))).toEqual(['10.0.35.23']);
    // Listed twice, and so by neither; once given back, by the other alone.
    const two = [eni, sharedEniOf(2, poolOfIps('10.0.35.22'))];
    const devices = [pluggedOf(1), pluggedOf(2)];
    expect(ipsOf(store.offers(two, devices, NODE))).toEqual(['10.0.35.21']);
    const asked = {
      generation: 2,
      addresses: [{ ip: '10.0.35.22', since: 1 }],
      release: { generation: 2, addresses: ['10.0.35.22'] },
    };
    store.change((book) => answer({ eni: 'uid-shared-1', pool: asked }, book).book);
    expect(ipsOf(store.offers(two, devices, NODE))).toContain('10.0.35.22');
  });
});

function read(): { book: AddressStore['book']; pods: object } {
  return JSON.parse(readFileSync(path, 'utf8')) as { book: AddressStore['book']; pods: object };
}
