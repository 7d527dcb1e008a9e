// The text that wires a Pod, word by word and by its properties.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planUnwire, planWire, tableRoutes } from './plan-wire.ts';
import { createModelKernel } from './testing/model-kernel.ts';
import { coexistingWirings, sharedWiringOf, wiringOf } from './testing/wirings.ts';
import { eniTable, hostVethName, podMac, subEniLinkName, type Wiring } from './wiring.ts';

/** Things in the kernel that a wiring adds. */
const lines = (wiring: Wiring): number => (wiring.kind === 'shared' ? 4 : wiring.mode === 'strict' ? 7 : 8);

describe('wiring a Pod', () => {
  it('is this text in the node', () => {
    const wiring = wiringOf({ hostVeth: 'tke0a', podMac: '02:00:00:00:00:05' });
    expect(planWire(wiring).node).toEqual([
      'link add tke0a mtu 1500 address ee:ee:ee:ee:ee:ee type veth peer name eth0 mtu 1500 address 02:00:00:00:00:05 netns /run/netns/cni-1',
      'link set tke0a up',
      'route replace 10.0.36.21/32 dev tke0a scope link',
      'route replace 10.0.36.21/32 dev tke0a scope link table 20101',
      'route replace 10.0.36.1/32 dev eth1.101 scope link table 20101',
      'route replace default via 10.0.36.1 dev eth1.101 table 20101',
      'rule add pref 10 iif eth1.101 lookup 20101',
      'rule add pref 512 to 10.0.36.21 lookup main',
      'rule add pref 1536 from 10.0.36.21 lookup 20101',
    ]);
  });

  it('is this text in the node for strict routing: no way inside the node, in either direction', () => {
    const wiring = wiringOf({ hostVeth: 'tke0a', podMac: '02:00:00:00:00:05', mode: 'strict' });
    expect(planWire(wiring).node.slice(1)).toEqual([
      'link set tke0a up',
      'route replace 10.0.36.21/32 dev tke0a scope link table 20101',
      'route replace 10.0.36.1/32 dev eth1.101 scope link table 20101',
      'route replace default via 10.0.36.1 dev eth1.101 table 20101',
      'rule add pref 10 iif eth1.101 lookup 20101',
      'rule add pref 10 from 10.0.36.21 iif tke0a lookup 20101',
      'rule add pref 11 iif tke0a blackhole',
    ]);
    expect(planUnwire(wiring)).toEqual([
      'rule del pref 10 iif eth1.101 lookup 20101',
      'rule del pref 10 from 10.0.36.21 iif tke0a lookup 20101',
      'rule del pref 11 iif tke0a blackhole',
      'link delete tke0a',
      'route flush table 20101',
    ]);
  });

  it('is this text in the node for a shared address, whose ENI serves other Pods too', () => {
    const wiring = sharedWiringOf({ hostVeth: 'tke0a', podMac: '02:00:00:00:00:05' });
    expect(planWire(wiring).node).toEqual([
      'link add tke0a mtu 1500 address ee:ee:ee:ee:ee:ee type veth peer name eth0 mtu 1500 address 02:00:00:00:00:05 netns /run/netns/cni-1',
      'link set tke0a up',
      'route replace 10.0.35.21/32 dev tke0a scope link',
      'route replace 10.0.35.1/32 dev eth2 scope link table 10002',
      'route replace default via 10.0.35.1 dev eth2 table 10002',
      'rule add pref 512 to 10.0.35.21 lookup main',
      'rule add pref 1536 from 10.0.35.21 lookup 10002',
    ]);
    expect(planUnwire(wiring)).toEqual([
      'rule del pref 512 to 10.0.35.21 lookup main',
      'rule del pref 1536 from 10.0.35.21 lookup 10002',
      'link delete tke0a',
    ]);
  });

  it('is this text in the Pod', () => {
    expect(planWire(wiringOf()).pod).toEqual([
      'link set lo up',
      'link set eth0 up',
      'address replace 10.0.36.21/32 dev eth0',
      'neighbour replace 169.254.1.1 lladdr ee:ee:ee:ee:ee:ee dev eth0 nud permanent',
      'route replace 169.254.1.1 dev eth0 scope link',
      'route replace default via 169.254.1.1 dev eth0',
    ]);
  });

  it('lets only what has the address of the Pod out of it: by the reverse path, and by rule where that leads elsewhere', () => {
    const { hostVeth, link } = wiringOf();
    expect(planWire(wiringOf())).toMatchObject({ filtered: [hostVeth], unfiltered: [link] });
    expect(planWire(sharedWiringOf())).toMatchObject({ filtered: [hostVeth], unfiltered: ['eth2'] });
    expect(planWire(wiringOf({ mode: 'strict' }))).toMatchObject({ filtered: [], unfiltered: [link, hostVeth] });
  });

  it('leaves the size of packets to the kernel when the configuration names none', () => {
    const { mtu: _unset, ...wiring } = wiringOf();
    expect(planWire(wiring).node[0]).not.toContain('mtu');
  });

  it('leaves nothing behind when it is taken back, whatever else is wired', () => {
    fc.assert(
      fc.property(coexistingWirings, fc.nat(), (wirings, at) => {
        fc.pre(wirings.length > 0);
        const subject = wirings[at % wirings.length] ?? wiringOf();
        const others = wirings.filter((wiring) => wiring !== subject);
        const kernel = createModelKernel(['eth1', 'eth2', ...wirings.map(({ link }) => link)]);
        // The agent prepares the tables of the node's ENIs, which outlive their Pods.
        for (const index of [1, 2]) kernel.apply(tableRoutes(eniTable(index), '10.0.35.1', `eth${index}`));
        for (const wiring of others) kernel.apply(planWire(wiring).node);
        const before = kernel.snapshot();
        kernel.apply(planWire(subject).node);
        expect(kernel.snapshot().length).toBe(before.length + lines(subject));
        kernel.apply(planUnwire(subject), true);
        expect(kernel.snapshot()).toEqual(before);
      }),
    );
  });

  it('is taken back from wherever a crash has left it', () => {
    fc.assert(
      fc.property(fc.nat({ max: 9 }), (done) => {
        const wiring = wiringOf();
        const kernel = createModelKernel(['eth1', wiring.link]);
        const before = kernel.snapshot();
        kernel.apply(planWire(wiring).node.slice(0, done));
        kernel.apply(planUnwire(wiring), true);
        kernel.apply(planUnwire(wiring), true);
        expect(kernel.snapshot()).toEqual(before);
      }),
    );
  });
});

describe('names', () => {
  const ids = fc.stringMatching(/^[0-9a-f]{64}$/);

  it('fit the kernel and are the same for the same container', () => {
    fc.assert(
      fc.property(ids, (id) => {
        expect(hostVethName(id, 'eth0')).toMatch(/^tke[0-9a-f]{11}$/);
        expect(hostVethName(id, 'eth0')).toBe(hostVethName(id, 'eth0'));
      }),
    );
  });

  it('differ between the sandboxes of one Pod, so that a late DEL meets its own device', () => {
    fc.assert(fc.property(ids, ids, (a, b) => a === b || hostVethName(a, 'eth0') !== hostVethName(b, 'eth0')));
  });

  it('give the Pod a unicast MAC that no manufacturer owns', () => {
    fc.assert(fc.property(ids, (id) => /^02(:[0-9a-f]{2}){5}$/.test(podMac(id, 'eth0'))));
  });

  it.each([
    ['eth1', 101, 'eth1.101'],
    ['eth1', 4094, 'eth1.4094'],
    ['enp0s31f6np', 101, 'enp0s31f6np.101'],
    ['enp0s31f6np', 4094, 'sub.4094'],
  ])('of a link on %s with VLAN %i is %s', (trunk, vlanId, name) => {
    expect(subEniLinkName(trunk, vlanId)).toBe(name);
    expect(name.length).toBeLessThanOrEqual(15);
  });
});
