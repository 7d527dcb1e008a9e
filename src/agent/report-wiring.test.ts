// VpcENI.status.agent: what is told, and above all when TornDown may be told.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VpcEni } from '../api/vpc-eni.ts';
import type { KubeClient } from '../kube/types.ts';
import { apiFailure } from '../kube/testing/memory-objects.ts';
import { reportWiring } from './report-wiring.ts';
import { createFakeKernel } from './testing/fake-kernel.ts';
import { createServiceWorld, eniOf, podOf, type ServiceWorld } from './testing/service-world.ts';
import type { Wired } from './wired-store.ts';

const web = podOf('web');
const KEY = 'sub-uid-web';
const never = new AbortController().signal;

let world: ServiceWorld;
let written: unknown[];
let gets: number;
let failGet: Error | undefined;

beforeEach(() => {
  world = createServiceWorld(createFakeKernel(), { name: 'veth', ensure: () => Promise.resolve('eth1.101') });
  written = [];
  gets = 0;
  failGet = undefined;
});
afterEach(() => world.close());

const report = (): Promise<void> => {
  const client: Pick<KubeClient, 'get' | 'patch'> = {
    get: (resource, name, options) => {
      gets += 1;
      return failGet === undefined ? world.deps.client.get(resource, name, options) : Promise.reject(failGet);
    },
    patch: <T>(
      _resource: unknown,
      name: string,
      patch: { body: unknown },
      options?: { fieldManager?: string; subresource?: string },
    ) => {
      const { status } = patch.body as { status: unknown };
      written.push({ name, by: options?.fieldManager, subresource: options?.subresource, status });
      return Promise.resolve(patch.body as T);
    },
  };
  return reportWiring({ ...world.deps, client }, KEY, never);
};

const record = (sequence: number, containerId: string): Wired => ({
  sequence,
  phase: 'wired',
  containerId,
  pod: { namespace: 'ns', name: 'web', uid: 'uid-web' },
  linkDriver: 'veth',
  wiring: {
    kind: 'sub-eni',
    podIp: '10.0.36.21',
    ifName: 'eth0',
    netns: '/run/netns/a',
    hostVeth: `tke${containerId}`,
    podMac: '02:00:00:00:00:01',
    eniMac: '20:90:6f:00:01:01',
    vlanId: 101,
    gateway: '10.0.36.1',
    trunk: 'eth1',
    link: 'eth1.101',
    mode: 'standard',
  },
});
const tornDown = (): unknown => ({
  name: KEY,
  by: 'tke-eni-agent',
  subresource: 'status',
  status: { agent: { state: 'TornDown', podUID: 'uid-web', observedAt: '2026-01-01T00:00:00Z' } },
});
const put = (change: Partial<VpcEni> = {}): void => world.enis.put({ ...eniOf(web, undefined), ...change });

describe('the report of a wiring', () => {
  it('names the newest sandbox, once', async () => {
    world.addPod(web);
    put();
    await world.deps.store.put(record(2, 'c2'));
    await world.deps.store.put(record(1, 'c1'));
    await report();
    const agent = { state: 'Wired' as const, podUID: 'uid-web', containerID: 'c2', observedAt: '2026-01-01T00:00:00Z' };
    expect(written).toEqual([{ name: KEY, by: 'tke-eni-agent', subresource: 'status', status: { agent } }]);
    put({ status: { agent } });
    await report();
    expect(written).toHaveLength(1);
  });

  it('is TornDown when the server says that the Pod is gone, also for a Pod that was never wired', async () => {
    put();
    await report();
    expect(written).toEqual([tornDown()]);
    expect(world.tornDown.has('uid-web')).toBe(true);
  });

  it.each(['Succeeded', 'Failed'] as const)('is TornDown when the Pod is %s and nothing is wired', async (phase) => {
    world.addPod(podOf('web', { phase }));
    put();
    await report();
    expect(written).toEqual([tornDown()]);
  });

  it('is TornDown when the name belongs to another Pod now', async () => {
    world.addPod(podOf('web', { uid: 'uid-new' }));
    put();
    await report();
    expect(written).toEqual([tornDown()]);
  });

  it('says nothing, and asks nobody, while the Pod lives', async () => {
    world.addPod(web);
    put();
    await report();
    expect([written, gets]).toEqual([[], 0]);
  });

  it('does not believe the watch alone', async () => {
    world.addPod(web);
    world.pods.remove('ns/web');
    put();
    await report();
    expect([written, gets]).toEqual([[], 1]);
    expect(world.tornDown.has('uid-web')).toBe(false);
  });

  it('does not take a failed call for a Pod that is gone', async () => {
    failGet = apiFailure(503, 'ServiceUnavailable');
    put();
    await expect(report()).rejects.toThrow();
    expect(written).toEqual([]);
    expect(world.tornDown.has('uid-web')).toBe(false);
  });

  it('is not TornDown while something is wired, though the Pod is gone', async () => {
    put();
    await world.deps.store.put(record(1, 'c1'));
    await report();
    expect(written).toMatchObject([{ status: { agent: { state: 'Wired' } } }]);
    expect(world.tornDown.has('uid-web')).toBe(false);
  });

  it('waits for a call of the same Pod that is being served', async () => {
    put();
    const held = Promise.withResolvers<void>();
    const add = world.deps.lock.hold('uid-web', async () => {
      await held.promise;
      await world.deps.store.put({ ...record(1, 'c1'), phase: 'wiring' });
    });
    const reported = report();
    held.resolve();
    await Promise.all([add, reported]);
    expect(written).toEqual([]);
  });

  it('leaves the VpcENIs of other nodes and trunks alone', async () => {
    world.enis.put(eniOf(web, undefined, { nodeName: 'other' }));
    await report();
    world.enis.put(eniOf(web, undefined, { type: 'Trunk' }));
    await report();
    expect([written, gets]).toEqual([[], 0]);
  });

  it('remembers what an earlier run of the agent told', async () => {
    put({ status: { agent: { state: 'TornDown', podUID: 'uid-web', observedAt: '2026-01-01T00:00:00Z' } } });
    await report();
    expect(world.tornDown.has('uid-web')).toBe(true);
    expect(written).toEqual([]);
  });
});
