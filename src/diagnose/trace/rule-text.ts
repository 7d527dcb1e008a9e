// A rule of a security group in one line, as people read rules.
import type { Direction, Rule } from '../../securitygroup/rule.ts';

/** `ACCEPT TCP 80,443 from 10.0.0.0/16 (web)`. */
export function ruleText(rule: Rule, direction: Direction): string {
  const ports =
    rule.ports === 'ALL'
      ? rule.protocol === 'TCP' || rule.protocol === 'UDP'
        ? ' all ports'
        : ''
      : ` ${rule.ports.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(',')}`;
  const templates = [rule.templates?.address, rule.templates?.service].filter((id) => id !== undefined);
  const by = templates.length === 0 ? '' : `, by template ${templates.join(' and ')}`;
  const remark = rule.description === '' ? '' : ` (${rule.description})`;
  return `${rule.action} ${rule.protocol}${ports} ${direction === 'ingress' ? 'from' : 'to'} ${peerText(rule)}${by}${remark}`;
}

function peerText({ peer }: Rule): string {
  switch (peer.kind) {
    case 'any':
      return 'anywhere';
    case 'cidr':
      return peer.text;
    case 'group':
      return `members of ${peer.groupId}`;
  }
}
