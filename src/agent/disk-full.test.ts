// A disk that is full under the whole agent: what is told, what is left behind, and what works again once there is room.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untilObject } from '../../lab/kube/testing/until-object.ts';
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import { vpcEnis } from '../api/vpc-eni.ts';
import { cniErrorResultSchema } from '../cni/error.ts';
import { addResultSchema } from '../cni/result.ts';
import type { Pod } from '../kube/resources.ts';
import { canMakeNamespaces } from './testing/netns-world.ts';
import { type CniOutcome, createProgramWorld, type ProgramWorld } from './testing/program-world.ts';
import { NODE } from './testing/service-world.ts';
import { eniInfoOf } from './testing/shared-enis.ts';

const IPS = ['10.0.35.21', '10.0.35.22', '10.0.35.23'];

describe.skipIf(!canMakeNamespaces())('a full disk', () => {
  let program: ProgramWorld;
  let state: string;
  const pods = new Map<string, Pod>();
  const call = (command: string, name: string, container = `c-${name}`): Promise<CniOutcome> =>
    program.cni(command, pods.get(name) as Pod, container, program.world.netns(name));
  const reaches = (name: string): boolean =>
    program.world.run('client', ['busybox', 'ping', '-c', '1', '-W', '2', ipOf.get(name) ?? '']).code === 0;
  const ipOf = new Map<string, string>();
  const added = (name: string, { code, stdout }: CniOutcome): void => {
    expect([name, code, stdout]).toEqual([name, 0, stdout]);
    ipOf.set(name, addResultSchema.parse(JSON.parse(stdout)).ips[0]?.address.replace('/32', '') ?? '');
  };
  const onNode = (): string =>
    program.world.run('node', ['sh', '-c', 'ip -br link; ip rule; ip -4 route show table all']).stdout;
  const PAGE = 4096;
  let ballast = 0;
  /** What is there stays, and as much more can be written as pages are left. */
  const fill = (pagesLeft = 0): void => {
    try {
      for (;;) writeFileSync(join(state, `ballast-${ballast++}`), Buffer.alloc(PAGE));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    }
    for (const name of ballastFiles().slice(0, pagesLeft)) rmSync(join(state, name));
  };
  const ballastFiles = (): readonly string[] => readdirSync(state).filter((name) => name.startsWith('ballast-'));
  const free = (): void => {
    for (const name of ballastFiles()) rmSync(join(state, name));
  };
  const records = (): readonly string[] => readdirSync(join(state, 'wired')).toSorted();

  beforeAll(async () => {
    program = await createProgramWorld('f');
    state = join(program.base, 'state');
    mkdirSync(state);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', state]);
    await program.shareEni(IPS);
    await program.setStatus(nodeEniConfigs, NODE, { eniInfos: [eniInfoOf(1)] });
    for (const name of ['web', 'db', 'late']) pods.set(name, await program.createPod(name, { networks: null }));
    await program.startAgent();
    await untilObject(program.client, nodeEniConfigs, {}, (object) => object.status?.node?.ready === true);
    for (const name of ['web', 'db']) added(name, await call('ADD', name));
    // The address book is written beside and renamed: until both are told, that may give a page back.
    await untilObject(program.client, vpcEnis, {}, ({ status }) => status?.use?.inUse.length === 2);
  });
  afterAll(async () => {
    await program.stopAgent();
    execFileSync('umount', [state]);
    await program.close();
  });

  it('refuses an ADD with an error that says so, wires nothing, and leaves the Pods that are there alone', async () => {
    fill();
    const before = [onNode(), records()];
    const { code, stdout } = await call('ADD', 'late');
    expect(code).toBe(1);
    expect(cniErrorResultSchema.parse(JSON.parse(stdout))).toMatchObject({
      code: 5,
      msg: expect.stringContaining('ENOSPC: no space left on device') as string,
    });
    expect([onNode(), records()]).toEqual(before);
    expect([reaches('web'), reaches('db')]).toEqual([true, true]);
  });

  it('is no trap for an ADD for which there is room in part: it is served, or nothing is left of it', async () => {
    const before = [onNode(), records()];
    for (const pagesLeft of [1, 2, 3]) {
      fill(pagesLeft);
      const { code, stdout } = await call('ADD', 'late');
      if (code === 0) await call('DEL', 'late');
      else expect(cniErrorResultSchema.parse(JSON.parse(stdout)).msg).toContain('ENOSPC');
      expect([pagesLeft, onNode(), records()]).toEqual([pagesLeft, ...before]);
    }
  });

  it('does not keep the agent from coming back, nor a Pod from going', async () => {
    fill();
    await program.stopAgent();
    await program.startAgent();
    expect(reaches('db')).toBe(true);
    fill();
    expect((await call('DEL', 'db')).code).toBe(0);
    expect(onNode()).not.toContain(ipOf.get('db'));
    expect(records()).toEqual(['c-web.json']);
    expect(reaches('web')).toBe(true);
  });

  it('is forgotten once there is room: the same calls succeed, and nobody has the address of another', async () => {
    free();
    added('late', await call('ADD', 'late'));
    added('db', await call('ADD', 'db', 'c-db-2'));
    expect(new Set(ipOf.values()).size).toBe(3);
    expect([...ipOf.keys()].filter((name) => !reaches(name))).toEqual([]);
    await program.stopAgent();
    await program.startAgent();
    const { book } = JSON.parse(readFileSync(join(state, 'addresses.json'), 'utf8')) as {
      book: { allocations: object };
    };
    expect(Object.keys(book.allocations).toSorted()).toEqual([...ipOf.values()].toSorted());
    expect(records()).toEqual(['c-db-2.json', 'c-late.json', 'c-web.json']);
  });
});
