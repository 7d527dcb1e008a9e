// VpcIP.status.agent: what is told of a static address, for which Pod, and above all when TornDown may be told.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VpcIp } from '../api/vpc-ip.ts';
import type { KubeClient } from '../kube/types.ts';
import { apiFailure } from '../kube/testing/memory-objects.ts';
import { reportStatic } from './report-static.ts';
import { createStaticAddresses } from './static-addresses.ts';
import { createFakeKernel } from './testing/fake-kernel.ts';
import { createServiceWorld, podOf, type ServiceWorld } from './testing/service-world.ts';
import { vpcIpOf } from './testing/static-addresses.ts';
import { sharedWiringOf } from './testing/wirings.ts';

const IP = '10.0.35.21';
const web = podOf('web-0', { networks: null });
const again = podOf('web-0', { networks: null, uid: 'uid-again' });
const never = new AbortController().signal;
const observedAt = '2026-01-01T00:00:00Z';

let world: ServiceWorld;
let written: unknown[];
let failure: Error | undefined;

beforeEach(() => {
  world = createServiceWorld(createFakeKernel(), { name: 'veth', ensure: () => Promise.reject(new Error('unused')) });
  written = [];
  failure = undefined;
});
afterEach(() => world.close());

const client = (): Pick<KubeClient, 'get' | 'patch'> => ({
  get: (...call) => world.deps.client.get(...call),
  patch: <T>(_resource: unknown, name: string, { body }: { body: unknown }) => {
    if (failure !== undefined) return Promise.reject(failure);
    const { metadata, status } = body as VpcIp;
    written.push({ name, uid: metadata.uid, ...status?.agent });
    return Promise.resolve(body as T);
  },
});
const report = (): Promise<void> => reportStatic({ ...world.deps, client: client() }, IP, never);
const wire = (containerId: string, uid = 'uid-web-0'): Promise<void> =>
  world.deps.store.put({
    sequence: world.deps.store.nextSequence(),
    phase: 'wired',
    containerId,
    pod: { namespace: 'ns', name: 'web-0', uid },
    wiring: sharedWiringOf({ podIp: IP, vpcIpUID: `uid-of-${IP}` }),
  });

describe('the report of a static address', () => {
  it('names the newest sandbox, once, on this very object', async () => {
    world.addPod(web);
    world.ips.put(vpcIpOf(IP, web));
    await wire('c1');
    await wire('c2');
    await report();
    const agent = { state: 'Wired' as const, podUID: 'uid-web-0', containerID: 'c2', observedAt };
    expect(written).toEqual([{ name: IP, uid: `uid-of-${IP}`, ...agent }]);
    world.ips.put(vpcIpOf(IP, web, { agent }));
    await report();
    expect(written).toHaveLength(1);
  });

  it.each(['Attaching', 'Assigned'] as const)(
    'is TornDown for a Pod that is gone by the server and was never wired, also while it is %s',
    async (phase) => {
      world.ips.put(vpcIpOf(IP, web, { phase }));
      await report();
      expect(written).toEqual([{ name: IP, uid: `uid-of-${IP}`, state: 'TornDown', podUID: 'uid-web-0', observedAt }]);
      expect(world.tornDown.has('uid-web-0')).toBe(true);
    },
  );

  it('says nothing while the Pod lives, and Wired while a sandbox of a Pod that is gone is still there', async () => {
    world.addPod(web);
    world.ips.put(vpcIpOf(IP, web));
    await report();
    expect(written).toEqual([]);
    world.pods.remove('ns/web-0');
    await wire('c1');
    await report();
    expect(written).toMatchObject([{ state: 'Wired', containerID: 'c1' }]);
  });

  it('is about the Pod that has the address now, whatever was told of the one before', async () => {
    world.addPod(again);
    const agent = { state: 'TornDown' as const, podUID: 'uid-web-0', observedAt };
    world.ips.put(vpcIpOf(IP, again, { agent }));
    await report();
    expect([written, world.tornDown.has('uid-web-0')]).toEqual([[], false]);
    await wire('c3', 'uid-again');
    await report();
    expect(written).toMatchObject([{ state: 'Wired', podUID: 'uid-again' }]);
  });

  it('remembers after a restart what was told before it', async () => {
    const agent = { state: 'TornDown' as const, podUID: 'uid-web-0', observedAt };
    world.ips.put(vpcIpOf(IP, web, { agent }));
    await report();
    expect([written, world.tornDown.has('uid-web-0')]).toEqual([[], true]);
  });

  it("says nothing of another node's address, nor of one that no Pod has", async () => {
    for (const changes of [{ nodeName: '10.0.32.99' }, { podUID: undefined }]) {
      world.ips.put(vpcIpOf(IP, web, changes));
      await report();
    }
    expect(written).toEqual([]);
  });

  it('is not missed when the address is gone meanwhile, and is tried again when the API refuses', async () => {
    world.ips.put(vpcIpOf(IP, web));
    failure = apiFailure(404, 'NotFound');
    await report();
    failure = apiFailure(503, 'ServiceUnavailable');
    await expect(report()).rejects.toThrow();
  });

  it('forgets a Pod that was torn down once its address is for another one', async () => {
    createStaticAddresses({ ...world.deps, client: client(), pods: world.pods, ips: world.ips });
    world.ips.put(vpcIpOf(IP, web));
    await report();
    world.ips.put(vpcIpOf(IP, again));
    expect(world.tornDown.has('uid-web-0')).toBe(false);
  });
});
