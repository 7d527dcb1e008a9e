// For tests: wirings as ADD makes them, one or any number.
import fc from 'fast-check';
import { hostVethName, podMac, subEniLinkName, type Wiring } from '../wiring.ts';

/** A plausible wiring of VLAN 101. */
export function wiringOf(changes: Partial<Wiring> = {}): Wiring {
  return {
    podIp: '10.0.36.21',
    ifName: 'eth0',
    netns: '/run/netns/cni-1',
    hostVeth: hostVethName('c1', 'eth0'),
    podMac: podMac('c1', 'eth0'),
    mtu: 1500,
    eniMac: '20:90:6f:00:01:01',
    vlanId: 101,
    gateway: '10.0.36.1',
    trunk: 'eth1',
    link: 'eth1.101',
    ...changes,
  };
}

/** Wirings that can be on one node together: VLAN ids, addresses and containers differ. */
export const coexistingWirings: fc.Arbitrary<readonly Wiring[]> = fc
  .uniqueArray(fc.integer({ min: 1, max: 4094 }), { maxLength: 6 })
  .map((vlanIds) =>
    vlanIds.map((vlanId) =>
      wiringOf({
        vlanId,
        podIp: `10.0.${vlanId >> 8}.${vlanId & 255}`,
        hostVeth: hostVethName(`container-${vlanId}`, 'eth0'),
        podMac: podMac(`container-${vlanId}`, 'eth0'),
        netns: `/run/netns/cni-${vlanId}`,
        link: subEniLinkName('eth1', vlanId),
      }),
    ),
  );
