// The whole agent and its pool of shared addresses: bursts, restarts, an API that is away, and the handshake about addresses.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untilGone, untilObject } from '../../lab/kube/testing/until-object.ts';
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import { type VpcEni, vpcEnis } from '../api/vpc-eni.ts';
import { addResultSchema } from '../cni/result.ts';
import { apiFailure } from '../kube/testing/memory-objects.ts';
import { type Pod, pods } from '../kube/resources.ts';
import type { KubeClient } from '../kube/types.ts';
import type { AddressPool } from '../planning/address-pool.ts';
import { canMakeNamespaces } from './testing/netns-world.ts';
import { type CniOutcome, createProgramWorld, type ProgramWorld } from './testing/program-world.ts';
import { NODE } from './testing/service-world.ts';
import { eniInfoOf, sharedEniOf } from './testing/shared-enis.ts';

const FIRST = `shared-${NODE}-1`;
const SECOND = `shared-${NODE}-2`;
const ipsOf = (from: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `10.0.35.${from + at}`);
/** The first ENI has addresses from .50, the second from .100. */
const holderOf = (ip: string): string => (Number(ip.split('.')[3]) < 100 ? FIRST : SECOND);
const poolAt = (generation: number, ips: readonly string[], release: readonly string[] = []): AddressPool => ({
  generation,
  addresses: ips.map((ip) => ({ ip, since: 1 })),
  ...(release.length === 0 ? {} : { release: { generation, addresses: [...release] } }),
});
const addressIn = ({ stdout }: CniOutcome): string =>
  addResultSchema.parse(JSON.parse(stdout)).ips[0]?.address.replace('/32', '') ?? '';

describe.skipIf(!canMakeNamespaces())('the agent and its shared addresses', () => {
  let program: ProgramWorld;
  /** What stands between the agent and the API: nothing, a wall, or a gate for its writes. */
  const api = { isAway: false, gate: Promise.resolve(), writes: [] as string[] };
  const between = (client: KubeClient): KubeClient => {
    const reach = (): Promise<void> =>
      api.isAway ? Promise.reject(apiFailure(503, 'ServiceUnavailable')) : Promise.resolve();
    return {
      ...client,
      get: (...call) => reach().then(() => client.get(...call)) as never,
      list: (...call) => reach().then(() => client.list(...call)) as never,
      patch: async (resource, name, ...rest) => {
        api.writes.push(name);
        await api.gate;
        await reach();
        return client.patch(resource, name, ...rest);
      },
    };
  };
  const start = (): Promise<void> => program.startAgent(between);
  const addOf = (pod: Pod, container = `c-${pod.metadata.name}`): Promise<CniOutcome> =>
    program.cni('ADD', pod, container, program.world.netns(pod.metadata.name));
  const delOf = (pod: Pod, container = `c-${pod.metadata.name}`): Promise<CniOutcome> =>
    program.cni('DEL', pod, container, program.world.netns(pod.metadata.name));
  const setPool = (name: string, pool: AddressPool): Promise<VpcEni> =>
    program.client.patch(vpcEnis, name, { type: 'merge', body: { status: { pool } } }, { subresource: 'status' });
  const untilUse = (
    name: string,
    holds: (use: NonNullable<NonNullable<VpcEni['status']>['use']>) => boolean,
  ): Promise<VpcEni> =>
    untilObject(
      program.client,
      vpcEnis,
      { fieldSelector: `metadata.name=${name}` },
      ({ status }) => status?.use !== undefined && holds(status.use),
    );
  const remove = async (pod: Pod): Promise<void> => {
    await program.client.delete(pods, pod.metadata.name, { namespace: 'ns', gracePeriodSeconds: 0 });
    await untilGone(program.client, pods, pod.metadata.name, 'ns');
  };
  const answersPing = (ip: string): boolean =>
    program.world.run('client', ['busybox', 'ping', '-c', '1', '-W', '1', ip]).code === 0;

  beforeAll(async () => {
    program = await createProgramWorld('q');
    for (const index of [1, 2]) {
      await program.putEni(sharedEniOf(index, poolAt(1, ipsOf(index * 50, 16))));
      const { mac, gateway } = eniInfoOf(index);
      for (const ip of ipsOf(index * 50, 16)) program.world.plug({ mac, gateway, ip });
    }
    await program.setStatus(nodeEniConfigs, NODE, { eniInfos: [eniInfoOf(1), eniInfoOf(2)] });
    await start();
    await untilObject(program.client, nodeEniConfigs, {}, ({ status }) => status?.node?.ready === true);
  });
  afterAll(() => program.close());

  it('serves a burst of thirty Pods before the API takes any write of it, and tells it in few', async () => {
    const burst = await Promise.all(ipsOf(0, 30).map((_, at) => program.createPod(`burst-${at}`, { networks: null })));
    for (const name of [FIRST, SECOND]) await untilUse(name, ({ generation }) => generation === 1);
    for (const { metadata } of burst) program.world.netns(metadata.name);
    api.writes.length = 0;
    const opened = Promise.withResolvers<void>();
    api.gate = opened.promise;
    const answers = await Promise.all(burst.map((pod) => addOf(pod)));
    expect(answers.filter(({ code }) => code !== 0)).toEqual([]);
    const ips = answers.map(addressIn);
    expect(new Set(ips).size).toBe(30);
    expect(ips.filter((ip) => !answersPing(ip))).toEqual([]);
    opened.resolve();
    // A burst on a slow machine is told in parts.
    const countOn = (name: string): number => ips.filter((ip) => holderOf(ip) === name).length;
    const used = await Promise.all(
      [FIRST, SECOND].map((name) => untilUse(name, ({ inUse }) => inUse.length >= countOn(name))),
    );
    expect(
      used
        .flatMap(({ status }) => status?.use?.inUse ?? [])
        .map(({ ip }) => ip)
        .toSorted(),
    ).toEqual(ips.toSorted());
    // Two ENIs; a burst on a slow machine may last longer than the pause between two reports.
    expect(api.writes.length).toBeLessThanOrEqual(10);
    await Promise.all(burst.map((pod) => delOf(pod)));
    await Promise.all(burst.map((pod) => remove(pod)));
    for (const name of [FIRST, SECOND]) await untilUse(name, ({ inUse }) => inUse.length === 0);
  });

  it('keeps the address of a Pod while the agent is away and its sandbox is deleted, and frees it when the Pod is gone', async () => {
    const pod = await program.createPod('web', { networks: null });
    const ip = addressIn(await addOf(pod));
    await untilUse(holderOf(ip), ({ inUse }) => inUse.length === 1);
    await program.stopAgent();
    expect(answersPing(ip)).toBe(true);
    expect(await delOf(pod)).toEqual({ code: 0, stdout: '' });
    expect(readdirSync(join(program.base, 'state', 'tombstones'))).toEqual(['c-web']);
    await start();
    expect(addressIn(await addOf(pod, 'c-web-2'))).toBe(ip);
    expect(readdirSync(join(program.base, 'state', 'tombstones'))).toEqual([]);
    await program.stopAgent();
    await delOf(pod, 'c-web-2');
    await remove(pod);
    await start();
    const eni = await untilUse(holderOf(ip), ({ inUse }) => inUse.length === 0);
    expect(eni.status?.use?.released).toEqual([]);
    expect(program.world.run('node', ['ip', 'rule']).stdout).not.toContain(ip);
  });

  it('frees nothing while the API is away, though the watch says that the Pod is gone; DEL works', async () => {
    const pod = await program.createPod('away', { networks: null });
    const ip = addressIn(await addOf(pod));
    const name = holderOf(ip);
    await untilUse(name, ({ inUse }) => inUse.length === 1);
    api.isAway = true;
    expect(await delOf(pod)).toEqual({ code: 0, stdout: '' });
    await remove(pod);
    const other = await program.createPod('other', { networks: null });
    const answer = await addOf(other);
    expect(addressIn(answer)).not.toBe(ip);
    await delOf(other);
    await remove(other);
    expect(readFileSync(join(program.base, 'state', 'addresses.json'), 'utf8')).toContain(`"${ip}"`);
    api.isAway = false;
    // It would ask again within seconds; a new run asks at once, from what it finds on disk.
    await program.stopAgent();
    await start();
    await untilUse(name, ({ inUse }) => inUse.length === 0);
  });

  it('refuses what is in use, gives back what is not, and never hands that out again until it is listed as new', async () => {
    const pod = await program.createPod('held', { networks: null });
    const ip = addressIn(await addOf(pod));
    const [name, all] = holderOf(ip) === FIRST ? [FIRST, ipsOf(50, 16)] : [SECOND, ipsOf(100, 16)];
    const other = name === FIRST ? SECOND : FIRST;
    await setPool(other, { generation: 5, addresses: [] });
    // Everything is asked back: only what is in use stays.
    await setPool(name, poolAt(5, all, all));
    const { status } = await untilUse(name, ({ generation }) => generation === 5);
    expect(status?.use).toMatchObject({ refused: [ip], inUse: [{ ip, podUID: pod.metadata.uid }] });
    expect(status?.use?.released.map((mark) => mark.ip).toSorted()).toEqual(all.filter((one) => one !== ip).toSorted());

    await program.stopAgent();
    await start();
    const second = await program.createPod('second', { networks: null });
    const adding = addOf(second);
    const relisted = all.find((one) => one !== ip) ?? '';
    const addresses = poolAt(5, all).addresses.map((one) => (one.ip === relisted ? { ip: relisted, since: 6 } : one));
    await setPool(name, { generation: 6, addresses, release: { generation: 5, addresses: [ip] } });
    expect(addressIn(await adding)).toBe(relisted);
    await untilUse(name, ({ generation, inUse }) => generation === 6 && inUse.length === 2);
  });
});
