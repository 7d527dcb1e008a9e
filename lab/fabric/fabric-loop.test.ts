// The fabric's loop without a kernel: what it runs, when it tries again, and whom it tells.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import type { FabricSnapshot } from '../cloud/read-model.ts';
import type { ExecResult, LabHost } from '../host/types.ts';
import type { Fabric } from './fabric.ts';
import { createFabric } from './fabric.ts';
import { eni, group } from './testing/snapshots.ts';

interface Run {
  readonly program: string;
  readonly stdin: string;
}

const refuse = async (): Promise<never> => await Promise.reject(new Error('not part of this test'));
const OK: ExecResult = { code: 0, stdout: '', stderr: '' };

let runs: Run[];
let sleeps: number[];
let nft: () => ExecResult;
let fabric: Fabric;

const host: LabHost = {
  mode: 'root',
  helperPid: 0,
  ended: new Promise<void>(() => undefined),
  exec: async (argv, options) => {
    const program = argv[0] ?? '';
    runs.push({ program, stdin: options?.stdin ?? '' });
    if (program === 'ls') return await Promise.resolve({ ...OK, stdout: 'n1\n' });
    return await Promise.resolve(program === 'nft' ? nft() : OK);
  },
  addNetns: async () => await Promise.resolve(),
  deleteNetns: async () => await Promise.resolve(),
  spawn: refuse,
  carriesIo: false,
  open: refuse,
  attach: refuse,
  dial: refuse,
  makeRoot: refuse,
  removeRoot: refuse,
  writeFile: refuse,
  readFile: refuse,
  listen: refuse,
  close: refuse,
};

/** Time passes at once, and is written down. */
const clock: Clock = {
  ...systemClock,
  sleep: async (ms) => {
    sleeps.push(ms);
    await Promise.resolve();
  },
};

beforeEach(() => {
  runs = [];
  sleeps = [];
  nft = () => OK;
  fabric = createFabric({ host, clock, logger: silentLogger });
});

function snapshot(version: number, ...rules: readonly string[]): FabricSnapshot {
  return { version, enis: [eni(1, { securityGroupIds: ['sg-a'] })], securityGroups: [group('sg-a', rules)] };
}

function loads(): string[] {
  return runs.filter(({ program }) => program === 'nft').map(({ stdin }) => stdin);
}

/** A tool that fails so many times, then works. */
function failing(times: number): () => ExecResult {
  let left = times;
  return () => (left-- > 0 ? { code: 1, stdout: '', stderr: 'refused' } : OK);
}

describe('the loop', () => {
  it('takes a burst of changes together', async () => {
    const registered = fabric.registerInstance('ins-1', { netns: 'n1' });
    for (let version = 1; version <= 100; version += 1) fabric.changed(snapshot(version, `ACCEPT TCP ${version}`));
    await Promise.all([registered, fabric.settled(50), fabric.settled(100)]);
    expect(fabric.version).toBe(100);
    expect(loads()).toHaveLength(1);
    expect(loads()[0]).toContain('tcp dport 100 accept');
  });

  it('starts no process for a change that packets do not see', async () => {
    await fabric.registerInstance('ins-1', { netns: 'n1' });
    fabric.changed(snapshot(1));
    await fabric.settled(1);
    runs = [];
    fabric.changed(snapshot(2));
    await fabric.settled(2);
    expect(runs).toEqual([]);
  });

  it('runs one process for links and one for filters when a port is added', async () => {
    await fabric.registerInstance('ins-1', { netns: 'n1' });
    fabric.changed({ version: 1, enis: [], securityGroups: [] });
    await fabric.settled(1);
    runs = [];
    fabric.changed({ version: 2, enis: [eni(1, { kind: 'sub', vlanId: 1 })], securityGroups: [] });
    await fabric.settled(2);
    expect(runs.map(({ program }) => program)).toEqual(['/bin/sh', 'nft']);
  });

  it('ignores a snapshot that is older than the last', async () => {
    fabric.changed(snapshot(2));
    fabric.changed(snapshot(1));
    await fabric.settled(2);
    expect(fabric.version).toBe(2);
  });

  it('waits for a version that has not come yet', async () => {
    const settled = fabric.settled(1);
    fabric.changed(snapshot(1));
    await settled;
    expect(fabric.version).toBe(1);
  });
});

describe('after a failure', () => {
  it('tries again with growing pauses, and loads the whole table', async () => {
    await fabric.registerInstance('ins-1', { netns: 'n1' });
    fabric.changed(snapshot(1, 'ACCEPT TCP 80'));
    await fabric.settled(1);
    nft = failing(2);
    fabric.changed(snapshot(2, 'ACCEPT TCP 81'));
    await fabric.settled(2);
    expect(sleeps).toEqual([50, 100]);
    expect(loads().at(-1)).toMatch(/^table ip sg\ndelete table ip sg\n/);
  });

  it('tells who waits after five failures, and goes on trying', async () => {
    nft = failing(7);
    fabric.changed(snapshot(1));
    await expect(fabric.settled(1)).rejects.toMatchObject({ code: 'FABRIC-APPLY', message: 'nft in fabric: refused' });
    await expect.poll(() => fabric.version, { interval: 1 }).toBe(1);
    expect(sleeps).toEqual([50, 100, 200, 400, 800, 1600, 2000]);
  });

  it('does not try bad input again, tells who asks, and goes on with the next snapshot', async () => {
    await fabric.registerInstance('ins-1', { netns: 'n1' });
    fabric.changed(snapshot(1, 'ACCEPT TCP nonsense'));
    const refused = { code: 'FABRIC-RULE', message: expect.stringContaining('sg-a ingress rule 0') };
    await expect(fabric.settled(1)).rejects.toMatchObject(refused);
    await expect(fabric.settled(1)).rejects.toMatchObject(refused);
    expect(sleeps).toEqual([]);
    fabric.changed(snapshot(2, 'ACCEPT TCP 80'));
    await fabric.settled(2);
    expect(fabric.version).toBe(2);
  });
});

describe('close', () => {
  it('rejects who waits and whoever comes', async () => {
    const waiting = fabric.settled(7);
    await Promise.all([expect(waiting).rejects.toMatchObject({ code: 'FABRIC-CLOSED' }), fabric.close()]);
    await expect(fabric.registerInstance('ins-1', { netns: 'n1' })).rejects.toMatchObject({ code: 'FABRIC-CLOSED' });
    await fabric.close();
  });
});
