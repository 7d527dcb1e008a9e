// Short ways to write ENIs, rules and groups in tests of the fabric.
import type { FabricEni, FabricRule, FabricSecurityGroup } from '../../cloud/read-model.ts';

/** A primary ENI of `ins-<n>` with address 10.0.0.<n>, unless told otherwise. */
export function eni(n: number, changes: Partial<FabricEni> = {}): FabricEni {
  return {
    eniId: `eni-${n.toString(16).padStart(8, '0')}`,
    kind: 'primary',
    mac: `02:00:00:00:00:${n.toString(16).padStart(2, '0')}`,
    instanceId: `ins-${n}`,
    deviceIndex: 0,
    trunkEniId: null,
    vlanId: null,
    subnetId: 'subnet-1',
    subnetCidr: '10.0.0.0/24',
    gateway: '10.0.0.254',
    addresses: [`10.0.0.${n}`],
    securityGroupIds: [],
    ...changes,
  };
}

/** A sub-ENI with address 10.0.0.<n> on the instance. */
export function subEni(n: number, instanceId: string, vlanId: number, changes: Partial<FabricEni> = {}): FabricEni {
  return eni(n, { kind: 'sub', instanceId, deviceIndex: null, trunkEniId: 'eni-trunk', vlanId, ...changes });
}

/** `rule('ACCEPT TCP 80')`, `rule('DROP ALL ALL 10.0.0.0/8')`, `rule('ACCEPT ICMP ALL sg-peer')`. */
export function rule(text: string): FabricRule {
  const [action, protocol, port = 'ALL', peer] = text.split(' ');
  return {
    action: action === 'ACCEPT' ? 'ACCEPT' : 'DROP',
    protocol: PROTOCOLS.find((known) => known === protocol) ?? 'ALL',
    port,
    peer: toPeer(peer),
  };
}

/** A group with ingress and egress rules as text. */
export function group(
  id: string,
  ingress: readonly string[],
  egress: readonly string[] = ['ACCEPT ALL ALL'],
): FabricSecurityGroup {
  return { securityGroupId: id, ingress: ingress.map(rule), egress: egress.map(rule) };
}

const PROTOCOLS = ['TCP', 'UDP', 'ICMP', 'ICMPV6', 'GRE', 'ALL'] as const;

function toPeer(text: string | undefined): FabricRule['peer'] {
  if (text === undefined) return { kind: 'any' };
  if (text.startsWith('sg-')) return { kind: 'group', securityGroupId: text };
  return text.includes(':') ? { kind: 'cidr6', cidr: text } : { kind: 'cidr', cidr: text };
}
