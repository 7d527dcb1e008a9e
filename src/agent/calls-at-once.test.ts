// Calls of a runtime that come at once, late, twice, or for what is gone: the real entry and the real agent, over its socket, on a real kernel.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { untilGone, untilObject } from '../../lab/kube/testing/until-object.ts';
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import { cniErrorResultSchema } from '../cni/error.ts';
import { addResultSchema } from '../cni/result.ts';
import { apiFailure } from '../kube/testing/memory-objects.ts';
import { type Pod, pods } from '../kube/resources.ts';
import type { KubeClient } from '../kube/types.ts';
import { CONFLIST_NAME } from './conflist.ts';
import { agentErrors } from './errors.ts';
import { canMakeNamespaces } from './testing/netns-world.ts';
import { cniArgsOf, type CniOutcome, createProgramWorld, type ProgramWorld } from './testing/program-world.ts';
import { NODE } from './testing/service-world.ts';
import { eniInfoOf } from './testing/shared-enis.ts';

const IPS = [21, 22, 23, 24].map((last) => `10.0.35.${last}`);
/** What changes on disk is seen as soon as the kernel tells. */
const SOON = { timeout: 20_000, interval: 10 };

describe.skipIf(!canMakeNamespaces())('calls of a runtime', () => {
  let program: ProgramWorld;
  let web: Pod;
  let other: Pod;
  let clean: string;
  const api = { isAway: false };
  const between = (outer: KubeClient): KubeClient => {
    // What lists by pages would go past `list`.
    const client = { ...outer };
    delete client.listPages;
    const reach = (): Promise<void> =>
      api.isAway ? Promise.reject(apiFailure(503, 'ServiceUnavailable')) : Promise.resolve();
    return {
      ...client,
      get: (...call) => reach().then(() => client.get(...call)) as never,
      list: (...call) => reach().then(() => outer.list(...call)) as never,
    };
  };

  beforeAll(async () => {
    program = await createProgramWorld('r');
    await program.shareEni(IPS);
    await plugIn([1]);
    await program.startAgent(between);
    await untilReady(true);
    web = await program.createPod('web', { networks: null });
    other = await program.createPod('other', { networks: null });
    clean = state();
  });
  afterAll(() => program.close());
  beforeEach(() => expect(state()).toBe(clean));

  const plugIn = (indexes: readonly number[]) =>
    program.setStatus(nodeEniConfigs, NODE, { eniInfos: indexes.map((index) => eniInfoOf(index)) });
  const untilReady = (ready: boolean) =>
    untilObject(program.client, nodeEniConfigs, {}, ({ status }) => status?.node?.ready === ready);
  /** What is wired: devices, rules and routes of the node, and the records. */
  const state = (): string => {
    const look = 'ip -br link; ip rule; ip -4 route show table all';
    const lines = program.world.run('node', ['sh', '-c', look]).stdout.split('\n');
    return [...lines.map((line) => line.replaceAll(/ linkdown|@\S+|UP .*|DOWN .*| +$/g, '')), ...records()].join('\n');
  };
  const records = (): readonly string[] => {
    const directory = join(program.base, 'state', 'wired');
    return existsSync(directory) ? readdirSync(directory) : [];
  };
  const add = (pod: Pod, container: string, netns = pod.metadata.name): Promise<CniOutcome> =>
    program.cni('ADD', pod, container, program.world.netns(netns));
  const del = (pod: Pod, container: string, netns = program.world.netns(pod.metadata.name)): Promise<CniOutcome> =>
    program.cni('DEL', pod, container, netns);
  const addressIn = ({ stdout }: CniOutcome): string =>
    addResultSchema.parse(JSON.parse(stdout)).ips[0]?.address.replace('/32', '') ?? '';
  const devices = (): number => (state().match(/^tke/gm) ?? []).length;
  const answersPing = (ip: string): boolean =>
    program.world.run('client', ['busybox', 'ping', '-c', '1', '-W', '2', ip]).code === 0;
  const FINE = { code: 0, stdout: '' };

  it('ADD of one sandbox, eight times at once: one answer, one device', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => add(web, 'c1')));
    expect(new Set(answers.map(({ stdout }) => stdout)).size).toBe(1);
    expect(answers.map(({ code }) => code)).toEqual(Array.from({ length: 8 }, () => 0));
    expect([devices(), records()]).toEqual([1, ['c1.json']]);
    expect(await del(web, 'c1')).toEqual(FINE);
  });

  it('ADD of two sandboxes of one Pod at once: one after the other, and the one that came last serves', async () => {
    const [first, second] = await Promise.all([add(web, 'c1'), add(web, 'c2', 'web-2')]);
    const ip = addressIn(first);
    expect(addressIn(second)).toBe(ip);
    expect(devices()).toBe(1);
    const [record = ''] = records();
    const [served, replaced] = record === 'c1.json' ? (['web', 'c2'] as const) : (['web-2', 'c1'] as const);
    expect(program.world.run(served, ['ip', 'address', 'show', 'eth0']).stdout).toContain(`inet ${ip}/32`);
    expect(answersPing(ip)).toBe(true);
    // Late: nothing of it is there any more, and the other one has its rules.
    expect(await del(web, replaced)).toEqual(FINE);
    expect(answersPing(ip)).toBe(true);
    expect(await del(web, record.replace('.json', ''))).toEqual(FINE);
  });

  it('ADD and DEL of one sandbox at once: wired or not, and never half', async () => {
    for (let round = 0; round < 8; round += 1) {
      const [added, deleted] = await Promise.all([add(web, 'c1'), del(web, 'c1')]);
      expect([added.code, deleted]).toEqual([0, FINE]);
      expect(records().length).toBe(devices());
      if (devices() === 1) expect(answersPing(addressIn(added))).toBe(true);
      expect(await del(web, 'c1')).toEqual(FINE);
      expect(state()).toBe(clean);
    }
  });

  it('ADD of a Pod that has to wait does not hold up another Pod', async () => {
    const waits = await program.createPod('waits');
    const waiting = add(waits, 'c-waits');
    let ended = false;
    void waiting.then(() => (ended = true));
    expect((await add(other, 'c-other')).code).toBe(0);
    expect(await del(other, 'c-other')).toEqual(FINE);
    expect(ended).toBe(false);
    // The one that waits ends with the agent, and is told to come again.
    await program.stopAgent();
    expect(cniErrorResultSchema.parse(JSON.parse((await waiting).stdout))).toMatchObject({ code: 11 });
    await program.startAgent(between);
    await untilReady(true);
  });

  it('DEL twice, of a container that nobody knows, without a namespace, with a namespace that is none, and with garbage', async () => {
    await add(web, 'c1');
    expect(await del(web, 'c-unknown')).toEqual(FINE);
    const variables = { CNI_COMMAND: 'DEL', CNI_CONTAINERID: 'c1', CNI_IFNAME: 'eth0', CNI_ARGS: cniArgsOf(web) };
    expect(await program.entry({ ...variables, CNI_NETNS: '/etc/passwd' }, '{garbage')).toEqual(FINE);
    expect(state()).toBe(clean);
    expect(await del(web, 'c1', '')).toEqual(FINE);
    await add(web, 'c1');
    expect(await program.entry({ ...variables, CNI_ARGS: 'nonsense' }, '')).toEqual(FINE);
  });

  it('DEL of a sandbox of a Pod that is gone, when the next Pod of its name has one: it keeps its network', async () => {
    const first = await program.createPod('again', { networks: null });
    const before = addressIn(await add(first, 'c1'));
    await program.client.delete(pods, 'again', { namespace: 'ns', gracePeriodSeconds: 0 });
    await untilGone(program.client, pods, 'again', 'ns');
    const second = await program.createPod('again', { networks: null });
    const ip = addressIn(await add(second, 'c2', 'again-2'));
    expect(ip).not.toBe(before);
    // As an old runtime says it, which names no UID; and as the entry recorded it.
    const args = `K8S_POD_NAMESPACE=ns;K8S_POD_NAME=again`;
    const variables = { CNI_COMMAND: 'DEL', CNI_CONTAINERID: 'c1', CNI_NETNS: '', CNI_IFNAME: 'eth0', CNI_ARGS: args };
    for (let time = 0; time < 2; time += 1) expect(await program.entry(variables, '{}')).toEqual(FINE);
    expect(records()).toEqual(['c2.json']);
    expect(answersPing(ip)).toBe(true);
    await program.stopAgent();
    expect(await program.entry(variables, '{}')).toEqual(FINE);
    await program.startAgent(between);
    expect(readdirSync(join(program.base, 'state', 'tombstones'))).toEqual([]);
    expect(answersPing(ip)).toBe(true);
    expect(await del(second, 'c2')).toEqual(FINE);
    await untilReady(true);
  });

  it('DEL of a sandbox whose namespace is gone', async () => {
    const name = `tk${process.pid}gone`;
    spawnSync('ip', ['netns', 'add', name]);
    expect((await program.cni('ADD', web, 'c1', `/run/netns/${name}`)).code).toBe(0);
    spawnSync('ip', ['netns', 'delete', name]);
    expect(await del(web, 'c1', `/run/netns/${name}`)).toEqual(FINE);
    await vi.waitUntil(() => state() === clean, SOON);
  });

  it('while the API has been away since before the agent started: DEL works, STATUS and CHECK too, and ADD says what it waits for', async () => {
    await add(web, 'c1');
    await program.stopAgent();
    api.isAway = true;
    await program.startAgent(between, { addTimeoutMs: 200 });
    expect((await program.cni('CHECK', web, 'c1', program.world.netns('web'), { cniVersion: '1.0.0' })).code).toBe(0);
    expect(cniErrorResultSchema.parse(JSON.parse((await add(other, 'c-other')).stdout))).toMatchObject({
      code: 11,
      msg: 'Pod ns/other: no network within 0.2 s: the first answer of the Kubernetes API',
    });
    expect(await del(web, 'c1')).toEqual(FINE);
    expect(state()).toBe(clean);
    api.isAway = false;
    await program.stopAgent();
    await program.startAgent(between);
  });

  it('meet a network configuration exactly while the node is ready: put back, withdrawn, and left when the agent ends', async () => {
    const path = join(program.base, 'net.d', CONFLIST_NAME);
    const isOurs = (): boolean => existsSync(path) && readFileSync(path, 'utf8').includes('tke-route-eni');
    await vi.waitUntil(isOurs, SOON);
    rmSync(path);
    await vi.waitUntil(isOurs, SOON);
    writeFileSync(path, '{"name":"theirs"}');
    await vi.waitUntil(isOurs, SOON);
    await plugIn([]);
    await vi.waitUntil(() => !existsSync(path), SOON);
    const status = await program.cni('STATUS', web, '', '', { cniVersion: '1.1.0' });
    expect(cniErrorResultSchema.parse(JSON.parse(status.stdout))).toMatchObject({
      code: 50,
      msg: expect.stringContaining('lists no ENI yet'),
    });
    writeFileSync(path, '{"name":"theirs"}');
    await vi.waitUntil(() => !existsSync(path), SOON);
    await plugIn([1]);
    await vi.waitUntil(isOurs, SOON);
    // An agent that ends comes back, as in an upgrade: a node that fell NotReady meanwhile would lose its Pods' endpoints.
    await program.stopAgent();
    expect(isOurs()).toBe(true);
  });

  it('are not served by an agent that was told to chain a plugin which the node does not have', async () => {
    const starting = program.startAgent(between, { chained: ['bandwidth'] }).catch(() => undefined);
    await expect(program.stopAgent()).rejects.toMatchObject({ code: agentErrors.pluginMissing.code });
    void starting;
    await program.startAgent(between);
  });
});
