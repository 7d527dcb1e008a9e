// Two independent readings of the cloud's rules check each other: the product's parser and evaluator, and the lab fabric's nftables compiler.
import fc from 'fast-check';
import { expect, it } from 'vitest';

import type { FabricEni, FabricRule, FabricSecurityGroup } from '../lab/cloud/read-model.ts';
import { compile } from '../lab/fabric/compile.ts';
import { portName } from '../lab/fabric/names.ts';
import { type Packet, passes } from '../lab/fabric/testing/interpret.ts';
import { arbitraryPacketCase } from '../lab/fabric/testing/plain-reading.ts';
import { parseAddress, type Address } from '../src/securitygroup/address.ts';
import { evaluate } from '../src/securitygroup/evaluate.ts';
import { parseSecurityGroup } from '../src/securitygroup/parse.ts';
import type { Protocol, SecurityGroup } from '../src/securitygroup/rule.ts';

const protocols: Readonly<Record<Packet['protocol'], Protocol>> = { tcp: 'TCP', udp: 'UDP', icmp: 'ICMP', '47': 'GRE' };

/** The rule as the API would carry it. */
function apiRule({ protocol, port, peer, action }: FabricRule): Record<string, string> {
  const source =
    peer.kind === 'cidr'
      ? { CidrBlock: peer.cidr }
      : peer.kind === 'cidr6'
        ? { Ipv6CidrBlock: peer.cidr }
        : peer.kind === 'group'
          ? { SecurityGroupId: peer.securityGroupId }
          : {};
  return { Protocol: protocol, Port: port, Action: action, ...source };
}

function parsed(groupId: string, group: FabricSecurityGroup | undefined): SecurityGroup {
  const policySet = { Ingress: group?.ingress.map(apiRule) ?? [], Egress: group?.egress.map(apiRule) ?? [] };
  const result = parseSecurityGroup(groupId, policySet);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

function address(text: string): Address {
  const found = parseAddress(text);
  if (found === undefined) throw new Error(`${text} is no address`);
  return found;
}

/** Sender's egress, then receiver's ingress, as the product's evaluator decides them. */
function productPasses(enis: readonly FabricEni[], groups: readonly FabricSecurityGroup[], packet: Packet): boolean {
  const membership = (groupId: string): Address[] =>
    enis.filter((eni) => eni.securityGroupIds.includes(groupId)).flatMap((eni) => eni.addresses.map(address));
  const side = (port: string, direction: 'ingress' | 'egress', peer: string): boolean => {
    const bound = enis.find((eni) => portName(eni.eniId) === port)?.securityGroupIds ?? [];
    const ordered = bound.map((id) =>
      parsed(
        id,
        groups.find((group) => group.securityGroupId === id),
      ),
    );
    const flow = { protocol: protocols[packet.protocol], peer: address(peer), direction };
    const withPort = packet.protocol === 'tcp' || packet.protocol === 'udp' ? { ...flow, port: packet.port } : flow;
    return evaluate({ ...withPort, groups: ordered, membership }).verdict === 'ACCEPT';
  };
  return side(packet.fromPort, 'egress', packet.destination) && side(packet.toPort, 'ingress', packet.source);
}

/** ICMP and an IPv6 peer exclude each other in the API, so no account can have such a rule. */
const exists = ({ protocol, peer }: FabricRule): boolean => !(protocol === 'ICMP' && peer.kind === 'cidr6');

it('the evaluator and the fabric decide every packet the same', () => {
  const seen = { passed: 0, dropped: 0 };
  fc.assert(
    fc.property(arbitraryPacketCase, ({ enis, securityGroups, packet }) => {
      fc.pre(securityGroups.every((group) => [...group.ingress, ...group.egress].every(exists)));
      // The fabric drops spoofed sources before any group is asked.
      fc.pre(enis.some((eni) => portName(eni.eniId) === packet.fromPort && eni.addresses.includes(packet.source)));
      const ports = new Map(enis.map((eni) => [eni.eniId, portName(eni.eniId)]));
      const decided = productPasses(enis, securityGroups, packet);
      seen[decided ? 'passed' : 'dropped'] += 1;
      expect(passes(compile({ enis, securityGroups }, ports), packet)).toBe(decided);
    }),
    { numRuns: 2_000 },
  );
  // Both verdicts were really compared.
  expect(Math.min(seen.passed, seen.dropped)).toBeGreaterThan(100);
});
