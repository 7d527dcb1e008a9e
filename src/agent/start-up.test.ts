// What the agent does before it serves: nothing that the kernel lost stays recorded, nothing recorded stays unrepaired.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import { add } from './add.ts';
import { type AddressStore, createAddressStore } from './address-store.ts';
import { del } from './commands.ts';
import { createKernelRepair } from './kernel-repair.ts';
import { startUp } from './start-up.ts';
import { createFakeKernel, type FakeKernel } from './testing/fake-kernel.ts';
import { callOf, createServiceWorld, eniOf, podOf, type ServiceWorld } from './testing/service-world.ts';
import { eniInfoOf, pluggedOf, poolOfIps, sharedEniOf } from './testing/shared-enis.ts';
import { createWiredStore, type WiredStore } from './wired-store.ts';
import { hostVethName, type SubEniWiring } from './wiring.ts';

const web = podOf('web');
const WEB = { mac: '20:90:6f:00:01:01', ip: '10.0.36.21', vlanId: 101 };
const VETH = hostVethName('c1', 'eth0');
const never = new AbortController().signal;
const nothing = (): Promise<void> => Promise.resolve();

let kernel: FakeKernel;
let world: ServiceWorld;
/** The state as an agent that starts anew finds it. */
let store: WiredStore;

beforeEach(async () => {
  kernel = createFakeKernel();
  kernel.plug({ name: 'eth1.101', mac: WEB.mac });
  world = createServiceWorld(kernel, { name: 'veth', ensure: () => Promise.resolve('eth1.101') });
  world.addPod(web);
  world.enis.put(eniOf(web, WEB));
  await add(world.deps, callOf('ADD', web, 'c1'), never);
  store = createWiredStore({ directory: join(world.stateDir, 'wired'), logger: silentLogger });
});
afterEach(() => world.close());

const start = (tombstones = nothing): Promise<void> => startUp({ ...world.deps, store }, tombstones);

describe('the start of the agent', () => {
  it('changes nothing where everything is in place', async () => {
    const before = [...kernel.rulesNow];
    await start();
    expect([...kernel.rulesNow]).toEqual(before);
    expect(store.get('c1')).toEqual(world.deps.store.get('c1'));
  });

  it('puts back rules and routes that were lost, and takes away rules of nobody', async () => {
    await kernel.ipBatch([
      'rule del pref 1536 from 10.0.36.21 lookup 20101',
      'rule add pref 1536 from 10.0.36.99 lookup 20109',
    ]);
    const from = kernel.lines.length;
    await start();
    expect(kernel.rulesNow).toContain('pref 1536 from 10.0.36.21 lookup 20101');
    expect(kernel.rulesNow.size).toBe(3);
    expect(kernel.lines.slice(from)).toContain(`route replace 10.0.36.21/32 dev ${VETH} scope link`);
  });

  it('takes back a wiring that a crash left half-done', async () => {
    const record = world.deps.store.get('c1');
    if (record === undefined) throw new Error('nothing is wired');
    await world.deps.store.put({ ...record, phase: 'wiring' });
    await start();
    expect(store.list()).toEqual([]);
    expect(kernel.rulesNow.size).toBe(0);
    expect(kernel.deviceNames).not.toContain(VETH);
  });

  it('drops the record of a sandbox whose device is gone, as after a reboot', async () => {
    kernel.unplug(VETH);
    await start();
    expect(store.list()).toEqual([]);
    expect(kernel.rulesNow.size).toBe(0);
    expect(readdirSync(join(world.stateDir, 'wired'))).toEqual([]);
  });

  it('carries recorded deletions out on what is wired, before it repairs', async () => {
    await kernel.ipBatch(['rule del pref 1536 from 10.0.36.21 lookup 20101']);
    await start(() => del({ ...world.deps, store }, callOf('DEL', web, 'c1')));
    expect(kernel.rulesNow.size).toBe(0);
    expect(kernel.lines.filter((line) => line === 'rule add pref 1536 from 10.0.36.21 lookup 20101')).toHaveLength(1);
  });

  it('sets a state file aside that cannot be read, and keeps the others', async () => {
    writeFileSync(join(world.stateDir, 'wired', 'c9.json'), '{"sequence":');
    await start();
    expect(readdirSync(join(world.stateDir, 'wired')).toSorted()).toEqual(['c1.json', 'c9.json.unreadable']);
    expect(store.list()).toHaveLength(1);
  });

  it('goes on with the records of the first release, which knew neither shared addresses nor strict routing', async () => {
    const record = world.deps.store.get('c1');
    if (record === undefined) throw new Error('nothing is wired');
    const { kind: _kind, mode: _mode, ...wiring } = record.wiring as SubEniWiring;
    const folder = join(world.stateDir, 'wired');
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    writeFileSync(join(folder, 'c1.json'), JSON.stringify({ ...record, wiring }));
    const before = [...kernel.rulesNow];
    const from = kernel.lines.length;
    await start();
    expect(store.get('c1')).toEqual(record);
    expect([...kernel.rulesNow]).toEqual(before);
    expect(kernel.lines.slice(from).filter((line) => / (del|delete|flush) /.test(line))).toEqual([]);
  });

  it('leaves a Pod connected whose record cannot be read, until its sandbox ends', async () => {
    writeFileSync(join(world.stateDir, 'wired', 'c1.json'), '{"sequence":');
    const before = [...kernel.rulesNow];
    await start();
    expect(store.list()).toEqual([]);
    expect([...kernel.rulesNow]).toEqual(before);
    const repair = createKernelRepair({ ...world.deps, store });
    await repair.round(never);
    expect([...kernel.rulesNow]).toEqual(before);
    kernel.unplug(VETH);
    await repair.round(never);
    expect([...kernel.rulesNow]).toEqual([]);
  });

  it('numbers new sandboxes after those of the run before', async () => {
    await start();
    expect(store.nextSequence()).toBe(2);
  });
});

describe('the start of the agent, for shared addresses', () => {
  const db = podOf('db', { networks: null });
  const DB_VETH = hostVethName('c2', 'eth0');

  beforeEach(async () => {
    kernel.plug({ name: 'eth2', mac: eniInfoOf(2).mac });
    world.network.offerNow({ trunk: undefined, enis: [pluggedOf(2)], message: '' });
    world.addPod(db);
    world.enis.put(sharedEniOf(2, poolOfIps('10.0.35.21')));
    await add(world.deps, callOf('ADD', db, 'c2'), never);
  });
  const again = (): AddressStore =>
    createAddressStore({ path: join(world.stateDir, 'addresses.json'), logger: silentLogger });

  it('puts back its rules and routes beside those of sub-ENIs, through the device that has the MAC now', async () => {
    await kernel.ipBatch(['rule del pref 1536 from 10.0.35.21 lookup 10002']);
    kernel.unplug('eth2');
    kernel.plug({ name: 'ens9', mac: eniInfoOf(2).mac });
    const from = kernel.lines.length;
    await start();
    expect(kernel.rulesNow).toContain('pref 1536 from 10.0.35.21 lookup 10002');
    expect(kernel.rulesNow.size).toBe(5);
    expect(kernel.lines.slice(from)).toEqual(
      expect.arrayContaining([
        `route replace 10.0.35.21/32 dev ${DB_VETH} scope link`,
        'route replace default via 10.0.35.1 dev ens9 table 10002',
      ]),
    );
  });

  it('keeps the address of a Pod whose sandbox is gone, as after a reboot', async () => {
    kernel.unplug(DB_VETH);
    const addresses = again();
    await startUp({ ...world.deps, store, addresses }, nothing);
    expect(store.ofPod('uid-db')).toEqual([]);
    expect(addresses.book.allocations).toEqual({ '10.0.35.21': { eni: 'uid-shared-2', podUID: 'uid-db' } });
    expect(world.changes).toContain('uid-db');
  });

  it('serves with a book that it cannot write, as on a full disk, and writes it once it can', async () => {
    const path = join(world.stateDir, 'addresses.json');
    rmSync(path, { force: true });
    // Where the new file would be written first.
    const inTheWay = join(world.stateDir, `.addresses.json.${process.pid}.tmp`);
    mkdirSync(inTheWay);
    const addresses = again();
    await startUp({ ...world.deps, store, addresses }, nothing);
    expect(addresses.book.allocations).toHaveProperty(['10.0.35.21']);
    expect(store.ofPod('uid-db')).toHaveLength(1);
    await expect(addresses.saved()).rejects.toThrow('EISDIR');
    rmSync(inTheWay, { recursive: true });
    await addresses.saved();
    const rerun = again();
    await rerun.load([]);
    expect(rerun.book).toEqual(addresses.book);
  });

  it('knows again who has which address when only the record of the wiring is left', async () => {
    rmSync(join(world.stateDir, 'addresses.json'), { force: true });
    const addresses = again();
    await startUp({ ...world.deps, store, addresses }, nothing);
    expect(addresses.book.allocations).toEqual({ '10.0.35.21': { eni: 'uid-shared-2', podUID: 'uid-db' } });
  });
});
