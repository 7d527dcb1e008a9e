// Through which address a Pod leaves: SNAT, routes and EIPs in the order of the documents, compared with a plain reading of them.
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import type { EgressPod, EgressRoute, EgressWorld } from './egress.ts';
import { egressOf } from './egress.ts';
import { defaultMasqConfig } from './masq-config.ts';
import { decideMasquerade } from './masq-decision.ts';
import { isMasqueraded } from './testing/masq-reading.ts';

const OUTSIDE = '198.51.100.7';
const nat = (destination = '0.0.0.0/0'): EgressRoute => ({
  destination,
  gatewayType: 'NAT',
  gatewayId: 'nat-1',
  publicIps: ['203.0.113.254'],
});
const byEip = (destination = '0.0.0.0/0'): EgressRoute => ({ destination, gatewayType: 'EIP', gatewayId: '0' });
const subnet = (...routes: readonly EgressRoute[]) => ({ subnetId: 'subnet-1', routeTableId: 'rtb-1', routes });
const pod = (over: Partial<EgressPod> = {}): EgressPod => ({
  kind: 'shared',
  address: '10.0.1.5',
  eip: '203.0.113.5',
  subnet: subnet(),
  ...over,
});
const world = (over: Partial<EgressWorld> = {}, sources: readonly string[] = []): EgressWorld => ({
  vpcCidrs: ['10.0.0.0/16'],
  masquerade: { kind: 'configured', config: { ...defaultMasqConfig, nonMasqueradeSrcCIDRs: sources } },
  node: {
    address: '10.0.0.2',
    eip: '203.0.113.2',
    subnet: { subnetId: 'subnet-0', routeTableId: 'rtb-0', routes: [] },
  },
  ...over,
});

describe('the way of a Pod out of the VPC', () => {
  it('is the node, past its own EIP, and says which line would change that', () => {
    const found = egressOf(pod(), OUTSIDE, world());
    expect(found).toMatchObject({ address: '203.0.113.2', via: 'node', masqueraded: true, certain: true });
    expect(found.cures).toEqual([
      'add 10.0.1.5/32 to NonMasqueradeSrcCIDRs in ConfigMap kube-system/ip-masq-agent-config',
    ]);
  });

  it('is its own EIP once its address is exempt, and needs no cure', () => {
    const found = egressOf(pod(), OUTSIDE, world({}, ['10.0.1.5/32']));
    expect(found).toMatchObject({ address: '203.0.113.5', via: 'eip', masqueraded: false, cures: [] });
  });

  it('is its own EIP where ip-masq-agent is not installed', () => {
    expect(egressOf(pod(), OUTSIDE, world({ masquerade: { kind: 'absent' } }))).toMatchObject({ via: 'eip' });
  });

  it("is the NAT gateway of the Pod's subnet, not of the node's, and says what puts the EIP before it", () => {
    const found = egressOf(pod({ subnet: subnet(nat()) }), OUTSIDE, world({}, ['10.0.1.0/24']));
    expect(found).toMatchObject({ address: '203.0.113.254', via: 'nat-gateway' });
    expect(found.cures).toEqual([expect.stringContaining('a route to 0.0.0.0/0 of type EIP')]);
    expect(egressOf(pod({ subnet: subnet(nat()) }), OUTSIDE, world())).toMatchObject({ via: 'node' });
  });

  it('is the EIP again by a route of the same destination to the own public address, and the gateway for who has none', () => {
    const both = subnet(nat(), byEip());
    const exempt = world({}, ['10.0.1.0/24']);
    expect(egressOf(pod({ subnet: both }), OUTSIDE, exempt)).toMatchObject({ via: 'eip' });
    expect(egressOf(pod({ subnet: both, eip: undefined }), OUTSIDE, exempt)).toMatchObject({ via: 'nat-gateway' });
  });

  it('is nothing without an EIP and without a gateway', () => {
    const found = egressOf(pod({ eip: undefined }), OUTSIDE, world({}, ['10.0.1.0/24']));
    expect(found).toMatchObject({ via: 'none', address: undefined });
    expect(found.why.at(-1)).toContain('no route of the route table rtb-1 of subnet-1 leads to a NAT gateway');
  });

  it('is nothing for a masqueraded Pod with strict routing, and says that it must be exempt', () => {
    const found = egressOf(pod({ kind: 'strict' }), OUTSIDE, world());
    expect(found).toMatchObject({ via: 'none', masqueraded: true });
    expect(found.cures).toHaveLength(1);
  });

  it("is the Pod's own on a super node, and the node's on the network of the host", () => {
    expect(egressOf(pod({ kind: 'super-node' }), OUTSIDE, world({ node: undefined }))).toMatchObject({ via: 'eip' });
    expect(egressOf(pod({ kind: 'host' }), OUTSIDE, world())).toMatchObject({ via: 'node', masqueraded: false });
  });

  it('keeps private addresses inside the VPC and beyond private next hops', () => {
    expect(egressOf(pod(), '10.0.9.9', world())).toMatchObject({ address: '10.0.1.5', via: 'pod' });
    const vpn = subnet({ destination: '198.51.100.0/24', gatewayType: 'VPN', gatewayId: 'vpngw-1' }, nat());
    expect(egressOf(pod({ subnet: vpn }), OUTSIDE, world({}, ['10.0.1.5/32']))).toMatchObject({ via: 'pod' });
    const far = egressOf(
      pod(),
      '10.0.9.9',
      world({ masquerade: { kind: 'configured', config: { ...defaultMasqConfig, nonMasqueradeCIDRs: [] } } }),
    );
    expect(far).toMatchObject({ address: '10.0.0.2', via: 'node', cures: [] });
  });

  it('is not certain when the route table is not known', () => {
    const unknown = { subnetId: 'subnet-1', routeTableId: undefined, routes: undefined };
    expect(egressOf(pod({ subnet: unknown }), OUTSIDE, world({}, ['10.0.1.5/32']))).toMatchObject({
      via: 'eip',
      certain: false,
    });
  });
});

const octet = fc.integer({ min: 0, max: 3 });
const address = fc
  .tuple(fc.constantFrom(10, 11, 169), fc.constantFrom(0, 254), octet, octet)
  .map((parts) => parts.join('.'));
const cidr = fc.tuple(address, fc.constantFrom(0, 8, 16, 24, 30, 32)).map(([text, length]) => {
  const network = ipaddr.IPv4.networkAddressFromCIDR(`${text}/${length}`);
  return `${network.toString()}/${length}`;
});
const config = fc
  .record({
    nonMasqueradeCIDRs: fc.array(cidr, { maxLength: 4 }),
    nonMasqueradeSrcCIDRs: fc.array(cidr, { maxLength: 4 }),
    masqLinkLocal: fc.boolean(),
  })
  .map((some) => ({ ...defaultMasqConfig, ...some }));

it('SNAT is decided as the lists are plainly read', () => {
  fc.assert(
    fc.property(config, address, address, (some, from, to) => {
      expect(decideMasquerade(some, from, to).masqueraded).toBe(isMasqueraded(some, from, to));
    }),
  );
});

describe('for any routes, addresses and lists', () => {
  const route = fc.oneof(
    cidr.map(nat),
    cidr.map(byEip),
    cidr.map((to) => ({ ...nat(to), publicIps: [] })),
  );
  const routes = fc.array(route, { maxLength: 5 });
  const eip = fc.option(fc.constantFrom('203.0.113.5', '203.0.113.6'), { nil: undefined });
  const kind = fc.constantFrom<EgressPod['kind']>('shared', 'sub-eni', 'strict', 'super-node', 'host');

  /** Read from the most exact length down, each length asked for its EIP route and then for its gateway. */
  const plainly = (list: readonly EgressRoute[], own: string | undefined, to: string): string | undefined => {
    for (let length = 32; length >= 0; length -= 1) {
      const here = list.filter(
        ({ destination }) =>
          destination.endsWith(`/${length}`) && ipaddr.parse(to).match(ipaddr.parseCIDR(destination)),
      );
      if (own !== undefined && here.some(({ gatewayType }) => gatewayType === 'EIP')) return own;
      const gateway = here.find(({ publicIps }) => (publicIps ?? []).length > 0);
      if (gateway !== undefined) return gateway.publicIps?.[0];
    }
    return own;
  };

  it('the destination sees what a plain reading of the documents says, and a reason is always given', () => {
    fc.assert(
      fc.property(config, routes, routes, eip, eip, kind, address, (some, ofPod, ofNode, own, nodeEip, what, to) => {
        const one = pod({ kind: what, eip: own, subnet: subnet(...ofPod) });
        const node = { address: '10.0.0.2', eip: nodeEip, subnet: subnet(...ofNode) };
        const all = { vpcCidrs: ['10.0.0.0/16'], masquerade: { kind: 'configured' as const, config: some }, node };
        const found = egressOf(one, to, all);
        const snat = what !== 'super-node' && what !== 'host' && isMasqueraded(some, one.address, to);
        const asNode = snat || what === 'host';
        const inside = to.startsWith('10.0.') || to.startsWith('169.254.');
        const outer = asNode ? plainly(ofNode, nodeEip, to) : plainly(ofPod, own, to);
        const expected = snat && what === 'strict' ? undefined : inside ? (asNode ? '10.0.0.2' : '10.0.1.5') : outer;
        expect(found.address).toBe(expected);
        expect(found.why.length).toBeGreaterThan(0);
        expect(found.via === 'none').toBe(found.address === undefined);
      }),
    );
  });

  it('who follows every cure leaves by the own EIP', () => {
    fc.assert(
      fc.property(config, routes, address, (some, ofPod, to) => {
        const one = pod({ subnet: subnet(...ofPod) });
        const before = egressOf(one, to, { ...world(), masquerade: { kind: 'configured', config: some } });
        fc.pre(before.cures.length > 0);
        const eipRoutes = before.cures.flatMap((cure) => /a route to (\S+) of type EIP/.exec(cure)?.[1] ?? []);
        const sources = before.cures.some((cure) => cure.includes('NonMasqueradeSrcCIDRs')) ? ['10.0.1.5/32'] : [];
        const after = egressOf({ ...one, subnet: subnet(...ofPod, ...eipRoutes.map(byEip)) }, to, {
          ...world(),
          masquerade: {
            kind: 'configured',
            config: { ...some, nonMasqueradeSrcCIDRs: [...some.nonMasqueradeSrcCIDRs, ...sources] },
          },
        });
        expect(after).toMatchObject({ via: 'eip', address: '203.0.113.5', cures: [] });
      }),
    );
  });
});
