// One security group rule as lines of nftables; an own reading of how the cloud decides.
import ipaddr from 'ipaddr.js';
import { TrunklineError } from '../../src/base/errors.ts';
import type { FabricRule } from '../cloud/read-model.ts';
import { FABRIC_ERRORS } from './errors.ts';
import { groupName } from './names.ts';
import type { Direction } from './ruleset.ts';

const MAX_PORT = 65_535;
const GRE_PROTOCOL = 47;

/** The rule's lines, in order; none, and a note, for a rule that IPv4 packets can never match. */
export interface CompiledRule {
  readonly lines: readonly string[];
  readonly note?: string;
}

/** Throws `FABRIC-RULE` for what the API would not have accepted; `where` names the rule in the message. */
export function compileRule(rule: FabricRule, direction: Direction, where: string): CompiledRule {
  if (rule.peer.kind === 'cidr6')
    return { lines: [], note: `${where}: IPv6 peer ${rule.peer.cidr} has no effect (no IPv6 data path)` };
  if (rule.protocol === 'ICMPV6') return { lines: [], note: `${where}: ICMPV6 has no effect (no IPv6 data path)` };
  const peer = peerMatch(rule.peer, direction, where);
  const verdict = rule.action === 'ACCEPT' ? 'accept' : 'drop';
  const lines = protocolMatches(rule, where).map((match) =>
    [peer, match, verdict].filter((part) => part !== '').join(' '),
  );
  return { lines };
}

/** The name of the set that holds a group's members. */
export function memberSetName(securityGroupId: string): string {
  return `m_${groupName(securityGroupId)}`;
}

function peerMatch(peer: Exclude<FabricRule['peer'], { kind: 'cidr6' }>, direction: Direction, where: string): string {
  const field = direction === 'in' ? 'ip saddr' : 'ip daddr';
  switch (peer.kind) {
    case 'any':
      return '';
    case 'group':
      return `${field} @${memberSetName(peer.securityGroupId)}`;
    case 'cidr': {
      const cidr = ipv4Network(peer.cidr);
      if (cidr === undefined)
        throw new TrunklineError(FABRIC_ERRORS.rule, `${where}: "${peer.cidr}" is not an IPv4 address or CIDR`);
      return cidr.endsWith('/0') ? '' : `${field} ${cidr}`;
    }
  }
}

function protocolMatches(rule: FabricRule, where: string): string[] {
  const allPorts = rule.port.toUpperCase() === 'ALL' || rule.port === '';
  if (rule.protocol === 'TCP' || rule.protocol === 'UDP') {
    const name = rule.protocol.toLowerCase();
    if (allPorts) return [`ip protocol ${name}`];
    // One line per item: sets without a name make loading slow (facts, data plane, section 2).
    return rule.port.split(',').map((item) => `${name} dport ${portRange(item.trim(), where)}`);
  }
  if (!allPorts)
    throw new TrunklineError(
      FABRIC_ERRORS.rule,
      `${where}: protocol ${rule.protocol} takes port ALL, not "${rule.port}"`,
    );
  switch (rule.protocol) {
    case 'ICMP':
      return ['ip protocol icmp'];
    case 'GRE':
      return [`ip protocol ${GRE_PROTOCOL}`];
    case 'ALL':
      return [''];
    case 'ICMPV6':
      return [];
  }
}

function portRange(item: string, where: string): string {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(item);
  const low = Number(match?.[1]);
  const high = Number(match?.[2] ?? match?.[1]);
  if (match === null || low > high || high > MAX_PORT) {
    throw new TrunklineError(FABRIC_ERRORS.rule, `${where}: "${item}" is not a port or a range from 0 to ${MAX_PORT}`);
  }
  return low === high ? String(low) : `${low}-${high}`;
}

/** Network form, as nftables wants it (no host bits); a bare address is a /32. */
function ipv4Network(text: string): string | undefined {
  const cidr = text.includes('/') ? text : `${text}/32`;
  if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(cidr)) return undefined;
  const [, prefix] = ipaddr.IPv4.parseCIDR(cidr);
  return `${ipaddr.IPv4.networkAddressFromCIDR(cidr).toString()}/${prefix}`;
}
