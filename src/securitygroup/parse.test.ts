// Rules from the API's shape: leniency where the API is lenient, a path and a cure for everything else.
import { describe, expect, it } from 'vitest';
import { parseSecurityGroup, type RuleProblem } from './parse.ts';
import type { Rule } from './rule.ts';

const ingressOf = (...rules: unknown[]): readonly Rule[] => {
  const result = parseSecurityGroup('sg-aaaaaaaa', { Version: '3', Ingress: rules });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value.ingress;
};

const problemsOf = (...rules: unknown[]): readonly RuleProblem[] => {
  const result = parseSecurityGroup('sg-aaaaaaaa', { Ingress: rules });
  return result.ok ? [] : result.problems;
};

describe('a rule of the API', () => {
  it('with ALL and ALL and no peer, as spec 001 writes it, is any IPv4', () => {
    expect(ingressOf({ Protocol: 'ALL', Port: 'ALL', Action: 'ACCEPT' })).toEqual([
      { protocol: 'ALL', ports: 'ALL', peer: { kind: 'any' }, action: 'ACCEPT', description: '' },
    ]);
  });

  it('is read without regard to case, and empty fields are absent ones', () => {
    const [rule] = ingressOf({
      Protocol: 'tcp',
      Port: '80,8000-8010',
      CidrBlock: '',
      SecurityGroupId: 'sg-bbbbbbbb',
      Action: 'Accept',
      AddressTemplate: { AddressId: '', AddressGroupId: '' },
      PolicyDescription: 'web',
    });
    expect(rule).toEqual({
      protocol: 'TCP',
      ports: [
        { from: 80, to: 80 },
        { from: 8000, to: 8010 },
      ],
      peer: { kind: 'group', groupId: 'sg-bbbbbbbb' },
      action: 'ACCEPT',
      description: 'web',
    });
  });

  it('stands where its PolicyIndex says, also when that is text', () => {
    const rules = ingressOf(
      { PolicyIndex: '1', Protocol: 'UDP', Action: 'DROP' },
      { PolicyIndex: 0, Protocol: 'TCP', Action: 'ACCEPT' },
    );
    expect(rules.map(({ protocol }) => protocol)).toEqual(['TCP', 'UDP']);
  });

  it.each([
    [
      'a number as port of a protocol without ports',
      { Protocol: 'ICMP', Port: '80', Action: 'ACCEPT' },
      'Ingress[0].Port',
    ],
    ['a port with protocol ALL', { Protocol: 'ALL', Port: '80', Action: 'ACCEPT' }, 'Ingress[0].Port'],
    ['a descending range', { Protocol: 'TCP', Port: '90-80', Action: 'ACCEPT' }, 'Ingress[0].Port'],
    ['port 0', { Protocol: 'TCP', Port: '0', Action: 'ACCEPT' }, 'Ingress[0].Port'],
    ['an unknown protocol', { Protocol: 'SCTP', Action: 'ACCEPT' }, 'Ingress[0].Protocol'],
    ['an unknown action', { Protocol: 'TCP', Action: 'ALLOW' }, 'Ingress[0].Action'],
    ['a short address', { Protocol: 'TCP', CidrBlock: '10.1', Action: 'DROP' }, 'Ingress[0].CidrBlock'],
    ['IPv6 in the IPv4 field', { Protocol: 'TCP', CidrBlock: '::/0', Action: 'DROP' }, 'Ingress[0].CidrBlock'],
    [
      'two peers',
      { Protocol: 'TCP', CidrBlock: '10.0.0.0/8', SecurityGroupId: 'sg-bbbbbbbb', Action: 'DROP' },
      'Ingress[0].SecurityGroupId',
    ],
    ['ICMP with an IPv6 peer', { Protocol: 'ICMP', Ipv6CidrBlock: '::/0', Action: 'DROP' }, 'Ingress[0].Ipv6CidrBlock'],
    ['a template', { ServiceTemplate: { ServiceId: 'ppm-12345678' }, Action: 'DROP' }, 'Ingress[0].ServiceTemplate'],
    ['a rule that is no object', 'ACCEPT', 'Ingress[0]'],
  ])('%s is refused with its path', (_name, rule, path) => {
    expect(problemsOf(rule).map((problem) => problem.path)).toEqual([path]);
  });

  it('that is bad fails the whole group, since leaving it out would change verdicts', () => {
    expect(problemsOf({ Protocol: 'TCP', Action: 'ACCEPT' }, { Protocol: 'nonsense', Action: 'ACCEPT' })).toHaveLength(
      1,
    );
  });
});
