// The text of wiring, and that everything wired is unwired.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRuleRepair } from './plan-rules.ts';
import { planUnwire, planWire, rulesOf } from './plan-wire.ts';
import { createFakeKernel } from './testing/fake-kernel.ts';
import { hostVethName, podMac, subEniLinkName, type Wiring } from './wiring.ts';

const wiring: Wiring = {
  podIp: '10.0.36.21',
  ifName: 'eth0',
  netns: '/run/netns/pod-a',
  hostVeth: 'tke0123456789a',
  podMac: '02:11:22:33:44:55',
  mtu: 1500,
  eniMac: '20:90:6f:00:00:01',
  vlanId: 101,
  gateway: '10.0.36.1',
  trunk: 'eth1',
  link: 'eth1.101',
};

const anyWiring = fc
  .record({ vlan: fc.integer({ min: 1, max: 4094 }), host: fc.integer({ min: 2, max: 250 }), id: fc.uuid() })
  .map(({ vlan, host, id }): Wiring => ({
    ...wiring,
    vlanId: vlan,
    podIp: `10.0.${vlan % 250}.${host}`,
    link: subEniLinkName('eth1', vlan),
    hostVeth: hostVethName(id, 'eth0'),
  }));

describe('planWire', () => {
  it('is the table of standard routing, word for word', () => {
    expect(planWire(wiring)).toEqual({
      node: [
        'link add tke0123456789a mtu 1500 address ee:ee:ee:ee:ee:ee type veth peer name eth0 mtu 1500 address 02:11:22:33:44:55 netns /run/netns/pod-a',
        'link set tke0123456789a up',
        'route replace 10.0.36.21/32 dev tke0123456789a scope link',
        'route replace 10.0.36.21/32 dev tke0123456789a scope link table 20101',
        'route replace 10.0.36.1/32 dev eth1.101 scope link table 20101',
        'route replace default via 10.0.36.1 dev eth1.101 table 20101',
        'rule add pref 10 iif eth1.101 lookup 20101',
        'rule add pref 512 to 10.0.36.21 lookup main',
        'rule add pref 1536 from 10.0.36.21 lookup 20101',
      ],
      pod: [
        'link set lo up',
        'link set eth0 up',
        'address replace 10.0.36.21/32 dev eth0',
        'neighbour replace 169.254.1.1 lladdr ee:ee:ee:ee:ee:ee dev eth0 nud permanent',
        'route replace 169.254.1.1 dev eth0 scope link',
        'route replace default via 169.254.1.1 dev eth0',
      ],
      unfiltered: ['eth1.101', 'tke0123456789a'],
    });
  });

  it('leaves nothing once it is unwired, and touches nobody else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(anyWiring, { minLength: 2, maxLength: 5, selector: (w) => w.vlanId }), async (all) => {
        const kernel = createFakeKernel();
        for (const each of all) kernel.plug({ name: each.link, mac: each.eniMac });
        const [first, ...others] = all as [Wiring, ...Wiring[]];
        for (const each of others) await kernel.ipBatch(planWire(each).node);
        const before = [[...kernel.rulesNow], [...kernel.deviceNames]];
        await kernel.ipBatch(planWire(first).node);
        expect(kernel.rulesNow.size).toBe(before[0]!.length + 3);
        await kernel.ipBatch(planUnwire(first));
        expect([[...kernel.rulesNow], [...kernel.deviceNames]]).toEqual(before);
      }),
      { numRuns: 50 },
    );
  });
});

describe('planRuleRepair', () => {
  const observe = (rules: readonly string[]) =>
    rules.map((rule) => {
      const [, pref, selector = '', value = '', , table = ''] = rule.split(' ');
      return { priority: Number(pref), table, [{ from: 'src', to: 'dst', iif: 'iif' }[selector] ?? '']: value };
    });

  it('makes any mixture of our rules what is wanted', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyWiring, { maxLength: 6, selector: (w) => w.vlanId }), fc.infiniteStream(fc.boolean()), (all, coin) => {
        const wanted = all.filter(() => coin.next().value);
        const present = all.flatMap((each) => rulesOf(each).filter((rule) => rule.startsWith('pref 1536') || coin.next().value));
        const { missing, leftOver } = planRuleRepair(wanted, observe(present));
        const after = new Set([...present.filter((rule) => !leftOver.includes(rule)), ...missing]);
        expect(after).toEqual(new Set(wanted.flatMap(rulesOf)));
      }),
    );
  });

  it('leaves the rules of others alone', () => {
    const others = ['pref 0 from all lookup local', 'pref 10 iif eth0 lookup 100', 'pref 512 to 10.1.2.3 lookup main', 'pref 1536 from 10.1.2.3 lookup 2005'];
    expect(planRuleRepair([], observe(others))).toEqual({ missing: [], leftOver: [] });
  });
});

describe('names', () => {
  it('fit into an interface name and differ by container', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), (a, b) => {
        expect(hostVethName(a, 'eth0').length).toBeLessThanOrEqual(15);
        expect(hostVethName(a, 'eth0') === hostVethName(b, 'eth0')).toBe(a === b);
        expect(podMac(a, 'eth0')).toMatch(/^02(:[0-9a-f]{2}){5}$/);
      }),
    );
    expect(subEniLinkName('enp0s31f6abc', 4094)).toBe('sub.4094');
  });
});
