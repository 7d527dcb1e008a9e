// Sub-ENI links: how each driver comes to its device, and which driver is chosen.
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../../test/fake-clock.ts';
import { silentLogger } from '../base/logger.ts';
import { agentErrors } from './errors.ts';
import {
  chooseLinkDriver,
  createVethDriver,
  createVlanDriver,
  linkByMac,
  type LinkDriver,
  planRemoveLink,
} from './link-driver.ts';
import { createLinkWatch } from './link-watch.ts';
import { createFakeKernel, type FakeKernel } from './testing/fake-kernel.ts';

const SUB_ENI = { mac: '20:90:6f:00:01:01', vlanId: 101, trunk: 'eth1' };
const TRUNK = { name: 'eth1', mac: '20:90:6f:00:00:01' };
const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});

function setUp(options: { readonly vlan?: boolean } = {}) {
  const kernel: FakeKernel = createFakeKernel(options);
  const clock: FakeClock = createFakeClock();
  const watch = createLinkWatch({ kernel, clock, logger: silentLogger });
  const stop = new AbortController();
  stops.push(stop);
  void watch.run(stop.signal);
  kernel.plug(TRUNK);
  return { kernel, clock, deps: { kernel, watch } };
}
const never = (): AbortSignal => new AbortController().signal;
const macOf = async (kernel: FakeKernel, name: string): Promise<string | undefined> =>
  (await kernel.links()).find((link) => link.ifname === name)?.address;
const isUp = async (kernel: FakeKernel, name: string): Promise<boolean | undefined> =>
  (await kernel.links()).find((link) => link.ifname === name)?.flags.includes('UP');

describe('the vlan driver', () => {
  it('makes an 802.1Q device on the trunk with the MAC of the sub-ENI', async () => {
    const { kernel, deps } = setUp({ vlan: true });
    expect(await createVlanDriver(deps).ensure(SUB_ENI, never())).toBe('eth1.101');
    expect(kernel.lines).toEqual([
      'link add link eth1 name eth1.101 address 20:90:6f:00:01:01 type vlan id 101',
      'link set eth1.101 up',
    ]);
  });

  it('keeps the device that is there already', async () => {
    const { kernel, deps } = setUp({ vlan: true });
    const driver = createVlanDriver(deps);
    await driver.ensure(SUB_ENI, never());
    await driver.ensure(SUB_ENI, never());
    expect(kernel.lines.filter((line) => line.startsWith('link add'))).toHaveLength(1);
  });

  it('replaces the device of an earlier sub-ENI with the same VLAN id', async () => {
    const { kernel, deps } = setUp({ vlan: true });
    kernel.plug({ name: 'eth1.101', mac: '20:90:6f:00:09:09' });
    await createVlanDriver(deps).ensure(SUB_ENI, never());
    expect(await macOf(kernel, 'eth1.101')).toBe(SUB_ENI.mac);
  });
});

describe('the veth driver', () => {
  it('takes the device with the MAC of the sub-ENI, whatever the platform calls it', async () => {
    const { kernel, deps } = setUp();
    kernel.plug({ name: 'sub101x7', mac: SUB_ENI.mac.toUpperCase() });
    expect(await createVethDriver(deps).ensure(SUB_ENI, never())).toBe('eth1.101');
    expect(kernel.deviceNames).toEqual(['eth1', 'eth1.101']);
    expect(await isUp(kernel, 'eth1.101')).toBe(true);
  });

  it('waits until the platform plugs it, woken by the kernel and not by the clock', async () => {
    const { kernel, clock, deps } = setUp();
    const ensured = createVethDriver(deps).ensure(SUB_ENI, never());
    await clock.settle();
    kernel.plug({ name: 'sub101x7', mac: SUB_ENI.mac });
    expect(await ensured).toBe('eth1.101');
    expect(clock.monotonicMs()).toBe(0);
  });

  it('waits while the device of an earlier sub-ENI still holds the name', async () => {
    const { kernel, clock, deps } = setUp();
    kernel.plug({ name: 'eth1.101', mac: '20:90:6f:00:09:09' });
    kernel.plug({ name: 'sub101x8', mac: SUB_ENI.mac });
    const ensured = createVethDriver(deps).ensure(SUB_ENI, never());
    await clock.settle();
    expect(await macOf(kernel, 'sub101x8')).toBe(SUB_ENI.mac);
    kernel.unplug('eth1.101');
    expect(await ensured).toBe('eth1.101');
    expect(await macOf(kernel, 'eth1.101')).toBe(SUB_ENI.mac);
  });

  it('stops waiting when it is told to', async () => {
    const { clock, deps } = setUp();
    const stop = new AbortController();
    const ensured = createVethDriver(deps).ensure(SUB_ENI, stop.signal);
    await clock.settle();
    stop.abort(new Error('enough'));
    await expect(ensured).rejects.toThrow('enough');
  });

  it('leaves the device to the platform when the Pod goes, and deletes its own with vlan', () => {
    expect(planRemoveLink('veth', 'eth1.101')).toEqual(['link set eth1.101 down']);
    expect(planRemoveLink('vlan', 'eth1.101')).toEqual(['link delete eth1.101']);
  });
});

describe('the choice of a driver', () => {
  it.each([
    ['auto', true, 'vlan'],
    ['auto', false, 'veth'],
    ['vlan', true, 'vlan'],
    ['veth', true, 'veth'],
  ] as const)('%s on a kernel where 802.1Q is %s is %s, and leaves nothing behind', async (choice, vlan, name) => {
    const { kernel, deps } = setUp({ vlan });
    expect((await chooseLinkDriver(deps, choice)).name).toBe(name);
    // The kernel deletes a VLAN device with its parent; this double does not know that.
    expect(kernel.deviceNames.filter((device) => device !== 'tkeprobe2')).toEqual(['eth1']);
  });

  it('names every refusal when no driver works', async () => {
    const { kernel, deps } = setUp();
    kernel.intercept((line) => {
      if (line.startsWith('link add')) throw new Error('Operation not permitted');
    });
    await expect(chooseLinkDriver(deps, 'auto')).rejects.toThrow(
      expect.objectContaining({
        code: agentErrors.linkUnavailable.code,
        message: 'no link driver works on this node: vlan: Operation not permitted; veth: Operation not permitted',
      }),
    );
  });

  it('does not fall back when one was asked for by name', async () => {
    const chosen: Promise<LinkDriver> = chooseLinkDriver(setUp().deps, 'vlan');
    await expect(chosen).rejects.toThrow('vlan: ');
  });
});

describe('a device found by its MAC', () => {
  const link = (ifname: string, address: string) => ({ ifname, address, flags: [] });

  it('is the trunk rather than a VLAN device on it that has the same MAC', () => {
    const links = [link('eth1.5', TRUNK.mac), link('eth1', TRUNK.mac)];
    expect(linkByMac(links, TRUNK.mac)?.ifname).toBe('eth1');
  });

  it('is found in any spelling, and not at all when it is not there', () => {
    expect(linkByMac([link('eth1', TRUNK.mac.toUpperCase())], TRUNK.mac)?.ifname).toBe('eth1');
    expect(linkByMac([link('eth0', TRUNK.mac)], SUB_ENI.mac)).toBeUndefined();
  });
});
