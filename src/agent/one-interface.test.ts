// One container, one interface of ours: what is asked for another Pod, another interface or another namespace under a container's id.
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import type { CniCall, CniCommand } from '../cni/call.ts';
import { asCniError } from './errors.ts';
import { type CniService, createCniService } from './service.ts';
import { createFakeKernel, type FakeKernel } from './testing/fake-kernel.ts';
import { callOf, createServiceWorld, eniOf, podOf, type ServiceWorld } from './testing/service-world.ts';
import { createTombstones } from './tombstones.ts';

const web = podOf('web');
const WEB = { mac: '20:90:6f:00:01:01', ip: '10.0.36.21', vlanId: 101 };
const never = new AbortController().signal;

describe('the interface of a container', () => {
  let kernel: FakeKernel;
  let world: ServiceWorld;
  let service: CniService;

  beforeEach(async () => {
    kernel = createFakeKernel();
    kernel.plug({ name: 'eth1.101', mac: WEB.mac });
    world = createServiceWorld(kernel, { name: 'veth', ensure: () => Promise.resolve('eth1.101') });
    const tombstones = createTombstones({ directory: join(world.stateDir, 'tombstones'), logger: silentLogger });
    service = createCniService(world.deps, tombstones);
    world.addPod(web);
    world.enis.put(eniOf(web, WEB));
    await ask('ADD');
  });
  afterEach(() => world.close());

  const ask = async (command: CniCommand, changes: Partial<CniCall> = {}, pod = web): Promise<unknown> => {
    try {
      return await service.handle({ ...callOf(command, pod, 'c1', '/run/netns/a'), ...changes }, never);
    } catch (error) {
      const { code, message } = asCniError(error);
      return { code, message };
    }
  };
  const gcOf = (ifname: string): Partial<CniCall> => ({
    stdin: JSON.stringify({
      cniVersion: '1.1.0',
      name: 'tke-eni',
      type: 'tke-route-eni',
      'cni.dev/valid-attachments': [{ containerID: 'c1', ifname }],
    }),
  });

  it('is one: ADD of a second is refused by name, CHECK of it knows none, and DEL of it leaves the first alone', async () => {
    const second = { ifName: 'net1' };
    expect(await ask('ADD', second)).toMatchObject({ code: 100, message: expect.stringContaining('wired as eth0') });
    expect(await ask('CHECK', second)).toMatchObject({ code: 3 });
    expect(await ask('DEL', second)).toBeUndefined();
    expect(kernel.rulesNow.size).toBe(3);
    expect(await ask('DEL')).toBeUndefined();
    expect(kernel.rulesNow.size).toBe(0);
  });

  it('is what GC looks at: a list that names another one of the container does not keep it', async () => {
    await ask('GC', gcOf('eth0'));
    expect(kernel.rulesNow.size).toBe(3);
    await ask('GC', gcOf('net1'));
    expect(kernel.rulesNow.size).toBe(0);
  });

  it('is not given to another Pod under the same id', async () => {
    const other = podOf('other');
    world.addPod(other);
    expect(await ask('ADD', {}, other)).toMatchObject({
      code: 4,
      message: 'CNI_CONTAINERID c1 is a sandbox of Pod ns/web, not of ns/other',
    });
    expect(kernel.rulesNow.size).toBe(3);
  });

  it('is made anew when the container has another namespace now', async () => {
    expect(await ask('ADD', { netns: '/run/netns/b' })).toMatchObject({ ips: [{ address: '10.0.36.21/32' }] });
    expect(world.deps.store.get('c1')?.wiring.netns).toBe('/run/netns/b');
    expect(kernel.rulesNow.size).toBe(3);
  });
});
