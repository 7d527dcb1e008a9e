// The rules of the cloud read as plainly as possible, and random cases to compare with; shares nothing with the compiler.
import fc from 'fast-check';
import type { FabricEni, FabricRule, FabricSecurityGroup } from '../../cloud/read-model.ts';
import { portName } from '../names.ts';
import type { Packet } from './interpret.ts';
import { eni } from './snapshots.ts';

/** Groups, their bindings, and a packet to ask about. */
export interface PacketCase {
  readonly enis: readonly FabricEni[];
  readonly securityGroups: readonly FabricSecurityGroup[];
  readonly packet: Packet;
}

/** First match over all groups in order, sender's egress then receiver's ingress, no match drops, no groups pass. */
export function plainVerdict(
  enis: readonly FabricEni[],
  groups: readonly FabricSecurityGroup[],
  packet: Packet,
): boolean {
  const sender = enis.find((each) => portName(each.eniId) === packet.fromPort);
  const receiver = enis.find((each) => portName(each.eniId) === packet.toPort);
  if (sender === undefined || receiver === undefined || !sender.addresses.includes(packet.source)) return false;
  const decide = (
    side: FabricEni,
    rulesOf: (group: FabricSecurityGroup) => readonly FabricRule[],
    peerAddress: string,
  ): boolean => {
    if (side.securityGroupIds.length === 0) return true;
    const rules = side.securityGroupIds.flatMap((id) =>
      groups.filter((g) => g.securityGroupId === id).flatMap(rulesOf),
    );
    return rules.find((rule) => matches(rule, peerAddress, packet, enis))?.action === 'ACCEPT';
  };
  return (
    decide(sender, (group) => group.egress, packet.destination) &&
    decide(receiver, (group) => group.ingress, packet.source)
  );
}

function matches(rule: FabricRule, peerAddress: string, packet: Packet, enis: readonly FabricEni[]): boolean {
  const protocols: Record<FabricRule['protocol'], readonly string[]> = {
    TCP: ['tcp'],
    UDP: ['udp'],
    ICMP: ['icmp'],
    GRE: ['47'],
    ICMPV6: [],
    ALL: ['tcp', 'udp', 'icmp', '47'],
  };
  if (!protocols[rule.protocol].includes(packet.protocol)) return false;
  const named = rule.port.split(',').some((item) => {
    const [low = 0, high = low] = item.split('-').map(Number);
    return packet.port >= low && packet.port <= high;
  });
  if (rule.port !== 'ALL' && !named) return false;
  const { peer } = rule;
  switch (peer.kind) {
    case 'any':
      return true;
    case 'cidr6':
      return false;
    case 'group':
      return enis.some(
        (each) => each.securityGroupIds.includes(peer.securityGroupId) && each.addresses.includes(peerAddress),
      );
    case 'cidr': {
      const [network = '', prefix = '32'] = peer.cidr.split('/');
      return bits(network).slice(0, Number(prefix)) === bits(peerAddress).slice(0, Number(prefix));
    }
  }
}

function bits(address: string): string {
  return address
    .split('.')
    .map((octet) => Number(octet).toString(2).padStart(8, '0'))
    .join('');
}

const groupIds = ['sg-a', 'sg-b', 'sg-c'];
const hosts = [1, 2, 3];
const ports = [79, 80, 81, 443];

const arbitraryPeer: fc.Arbitrary<FabricRule['peer']> = fc.oneof(
  fc.constant({ kind: 'any' as const }),
  fc.constantFrom(...groupIds).map((securityGroupId) => ({ kind: 'group' as const, securityGroupId })),
  fc
    .constantFrom('10.0.0.1', '10.0.0.2/32', '10.0.0.3/31', '10.0.0.0/24', '0.0.0.0/0', '10.0.1.0/24')
    .map((cidr) => ({ kind: 'cidr' as const, cidr })),
  fc.constant({ kind: 'cidr6' as const, cidr: '::/0' }),
);

const arbitraryRule: fc.Arbitrary<FabricRule> = fc
  .record({
    protocol: fc.constantFrom<FabricRule['protocol']>('TCP', 'UDP', 'ICMP', 'GRE', 'ALL', 'TCP'),
    port: fc.constantFrom('ALL', '80', '80-81', '79,443', '81'),
    peer: arbitraryPeer,
    action: fc.constantFrom('ACCEPT', 'DROP'),
  })
  .map((rule) => (rule.protocol === 'TCP' || rule.protocol === 'UDP' ? rule : { ...rule, port: 'ALL' }));

const arbitraryRules = fc.array(arbitraryRule, { maxLength: 4 });

/** Three groups with a few rules each; the last may be missing from the snapshot. */
export const arbitraryGroups: fc.Arbitrary<FabricSecurityGroup[]> = fc
  .tuple(
    ...groupIds.map((securityGroupId) =>
      fc.record({ securityGroupId: fc.constant(securityGroupId), ingress: arbitraryRules, egress: arbitraryRules }),
    ),
  )
  .chain((groups) => fc.constantFrom(groups, groups.slice(0, 2)));

/** Three ENIs, each bound to some groups in some order. */
export const arbitraryEnis: fc.Arbitrary<FabricEni[]> = fc.tuple(
  ...hosts.map((n) => fc.shuffledSubarray(groupIds).map((securityGroupIds) => eni(n, { securityGroupIds }))),
);

/** Small worlds, so that rules and packets meet often. */
export const arbitraryPacketCase: fc.Arbitrary<PacketCase> = fc.record({
  enis: arbitraryEnis,
  securityGroups: arbitraryGroups,
  packet: fc
    .record({
      from: fc.constantFrom(...hosts),
      to: fc.constantFrom(...hosts),
      spoofed: fc.constantFrom(false, false, false, true),
      protocol: fc.constantFrom<Packet['protocol']>('tcp', 'tcp', 'udp', 'icmp', '47'),
      port: fc.constantFrom(...ports),
    })
    .map(({ from, to, spoofed, protocol, port }) => ({
      fromPort: portName(eni(from).eniId),
      toPort: portName(eni(to).eniId),
      source: spoofed ? '10.0.0.99' : `10.0.0.${from}`,
      destination: `10.0.0.${to}`,
      protocol,
      port,
    })),
});
