// For tests: wirings as ADD makes them, one or any number.
import fc from 'fast-check';
import { hostVethName, podMac, type SharedWiring, subEniLinkName, type SubEniWiring, type Wiring } from '../wiring.ts';

/** A plausible wiring of VLAN 101. */
export function wiringOf(changes: Partial<SubEniWiring> = {}): SubEniWiring {
  return {
    kind: 'sub-eni',
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
    mode: 'standard',
    ...changes,
  };
}

/** A plausible wiring on the ENI of index 2. */
export function sharedWiringOf(changes: Partial<SharedWiring> = {}): SharedWiring {
  return {
    kind: 'shared',
    podIp: '10.0.35.21',
    ifName: 'eth0',
    netns: '/run/netns/cni-1',
    hostVeth: hostVethName('c1', 'eth0'),
    podMac: podMac('c1', 'eth0'),
    mtu: 1500,
    eniMac: '20:90:6f:00:02:01',
    gateway: '10.0.35.1',
    vpcEniUID: 'uid-shared-2',
    index: 2,
    link: 'eth2',
    ...changes,
  };
}

/** Wirings of both kinds and both modes that can be on one node together: VLAN ids, addresses and containers differ, two shared ENIs serve several Pods. */
export const coexistingWirings: fc.Arbitrary<readonly Wiring[]> = fc
  .uniqueArray(fc.integer({ min: 1, max: 4094 }), { maxLength: 6 })
  .chain((numbers) =>
    fc
      .array(fc.constantFrom('sub-eni', 'strict', 'first', 'second'), {
        minLength: numbers.length,
        maxLength: numbers.length,
      })
      .map((kinds) => numbers.map((number, at) => numberedWiring(number, kinds[at]))),
  );

function numberedWiring(number: number, kind: string | undefined): Wiring {
  const own = {
    podIp: `10.0.${number >> 8}.${number & 255}`,
    hostVeth: hostVethName(`container-${number}`, 'eth0'),
    podMac: podMac(`container-${number}`, 'eth0'),
    netns: `/run/netns/cni-${number}`,
  };
  if (kind === 'sub-eni' || kind === 'strict')
    return wiringOf({
      ...own,
      vlanId: number,
      link: subEniLinkName('eth1', number),
      mode: kind === 'strict' ? 'strict' : 'standard',
    });
  // The trunk carries shared addresses too.
  return sharedWiringOf({ ...own, ...(kind === 'first' ? { index: 1, link: 'eth1' } : { index: 2, link: 'eth2' }) });
}
