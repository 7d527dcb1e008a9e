// Rules that name parameter templates: they mean what the entries of the templates mean, and keep their place in the cloud's list.
import { describe, expect, it } from 'vitest';
import { parseAddress } from './address.ts';
import { evaluate, type Verdict } from './evaluate.ts';
import { type ParseResult, parseSecurityGroup } from './parse.ts';
import type { Protocol, SecurityGroup } from './rule.ts';
import type { Templates } from './templates.ts';

const templates: Templates = {
  address: new Map([
    ['ipm-1', ['10.0.0.1', '10.0.1.0/24', '10.0.2.3-10.0.2.9', '2402::/32']],
    ['ipm-empty', []],
    ['ipm-odd', ['10.0.0.0/8', 'everybody']],
  ]),
  service: new Map([
    ['ppm-1', ['TCP:80,443', 'UDP:ALL', 'ICMP']],
    ['ppmg-1', ['TCP:8000-8010']],
  ]),
};
const address = { AddressTemplate: { AddressId: 'ipm-1', AddressGroupId: '' } };
const service = { ServiceTemplate: { ServiceId: 'ppm-1', ServiceGroupId: '' } };
const parse = (...Ingress: readonly object[]): ParseResult<SecurityGroup> =>
  parseSecurityGroup('sg-a', { Ingress }, templates);

function groupOf(...rules: readonly object[]): SecurityGroup {
  const result = parse(...rules);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

function decide(group: SecurityGroup, protocol: Protocol, peer: string, port?: number): Verdict {
  const from = parseAddress(peer);
  if (from === undefined) throw new Error(`${peer} is no address`);
  const flow = { direction: 'ingress', protocol, peer: from, ...(port === undefined ? {} : { port }) } as const;
  return evaluate({ ...flow, groups: [group], membership: () => [] });
}

const verdict = (...args: Parameters<typeof decide>): string => decide(...args).verdict;

describe('a rule that names templates', () => {
  it('is for each address, network and range of an address template, and for nothing beside them', () => {
    const group = groupOf({ Protocol: 'TCP', Port: '80', Action: 'ACCEPT', ...address });
    for (const peer of ['10.0.0.1', '10.0.1.255', '10.0.2.3', '10.0.2.9', '2402::1'])
      expect([peer, verdict(group, 'TCP', peer, 80)]).toEqual([peer, 'ACCEPT']);
    for (const peer of ['10.0.0.2', '10.0.2.2', '10.0.2.10', '2403::1'])
      expect([peer, verdict(group, 'TCP', peer, 80)]).toEqual([peer, 'DROP']);
  });

  it('is for each service of a service template', () => {
    const group = groupOf({ CidrBlock: '10.0.0.0/8', Action: 'ACCEPT', ...service });
    expect(verdict(group, 'TCP', '10.0.0.9', 443)).toBe('ACCEPT');
    expect(verdict(group, 'UDP', '10.0.0.9', 7)).toBe('ACCEPT');
    expect(verdict(group, 'ICMP', '10.0.0.9')).toBe('ACCEPT');
    expect(verdict(group, 'TCP', '10.0.0.9', 444)).toBe('DROP');
  });

  it('takes both at once, but ICMP only for IPv4', () => {
    const group = groupOf({ Action: 'ACCEPT', ...address, ...service });
    expect(verdict(group, 'ICMP', '10.0.1.7')).toBe('ACCEPT');
    expect(
      group.ingress.some(({ protocol, peer }) => protocol === 'ICMP' && peer.kind === 'cidr' && peer.cidr.family === 6),
    ).toBe(false);
  });

  it('is named by its place in the list of the cloud, as are the rules behind it', () => {
    const group = groupOf(
      { Protocol: 'TCP', Port: '22', Action: 'DROP' },
      { Action: 'DROP', AddressTemplate: { AddressId: 'ipm-empty' } },
      { Action: 'ACCEPT', ...address, ...service },
      { Protocol: 'TCP', Port: '22', CidrBlock: '10.9.0.0/16', Action: 'ACCEPT' },
      { Protocol: 'TCP', Port: '23', CidrBlock: '10.9.0.0/16', Action: 'ACCEPT' },
    );
    expect(decide(group, 'UDP', '10.0.2.9', 5).decidedBy).toMatchObject({
      index: 2,
      rule: { templates: { address: 'ipm-1', service: 'ppm-1' } },
    });
    expect(decide(group, 'TCP', '10.9.0.1', 23).decidedBy).toMatchObject({ index: 4 });
    expect(decide(group, 'TCP', '10.9.0.1', 22).decidedBy).toMatchObject({ index: 0 });
  });

  it.each([
    [
      'is not known',
      { AddressTemplate: { AddressId: 'ipm-9' }, Action: 'DROP' },
      'the addresses of ipm-9 are not known',
    ],
    ['is not understood', { AddressTemplate: { AddressId: 'ipm-odd' }, Action: 'DROP' }, '"everybody" of ipm-odd'],
    ['stands beside a peer', { ...address, CidrBlock: '10.0.0.0/8', Action: 'DROP' }, 'excludes AddressTemplate'],
    ['stands beside a port', { ...service, Port: '80', Action: 'DROP' }, 'excludes ServiceTemplate'],
  ])('fails the group when the template %s', (_, rule, message) => {
    expect(parse(rule)).toMatchObject({ ok: false, problems: [{ message: expect.stringContaining(message) }] });
  });
});
