// Verdicts: the documented table, and a property against a slow reference that works on the API's texts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, parseAddress } from './address.ts';
import { evaluate, type Verdict } from './evaluate.ts';
import { parseSecurityGroup } from './parse.ts';
import type { Direction, Protocol, SecurityGroup } from './rule.ts';

interface ApiRule {
  Protocol: string;
  Port: string;
  CidrBlock?: string;
  SecurityGroupId?: string;
  Action: 'ACCEPT' | 'DROP';
}

const address = (text: string): Address => {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};

const group = (groupId: string, ingress: readonly ApiRule[], egress: readonly ApiRule[] = []): SecurityGroup => {
  const result = parseSecurityGroup(groupId, { Ingress: ingress, Egress: egress });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
};

const accept = (port: string, peer: Partial<ApiRule> = {}): ApiRule => ({
  Protocol: 'TCP',
  Port: port,
  Action: 'ACCEPT',
  ...peer,
});
const drop = (port: string, peer: Partial<ApiRule> = {}): ApiRule => ({
  Protocol: 'TCP',
  Port: port,
  Action: 'DROP',
  ...peer,
});

interface Question {
  readonly direction?: Direction;
  readonly protocol?: Protocol;
  readonly port?: number;
  readonly peer?: string;
  readonly members?: Readonly<Record<string, readonly string[]>>;
}

const ask = (groups: readonly SecurityGroup[], question: Question = {}): Verdict =>
  evaluate({
    groups,
    direction: question.direction ?? 'ingress',
    protocol: question.protocol ?? 'TCP',
    ...(question.protocol === undefined || question.port !== undefined ? { port: question.port ?? 80 } : {}),
    peer: address(question.peer ?? '10.0.1.5'),
    membership: (id) => (question.members?.[id] ?? []).map(address),
  });

const decidedBy = (verdict: Verdict): string =>
  typeof verdict.decidedBy === 'string'
    ? verdict.decidedBy
    : `${verdict.decidedBy.groupId}/${verdict.decidedBy.direction}/${verdict.decidedBy.index}`;

describe('several groups', () => {
  it('drop what no rule names, in and out', () => {
    const groups = [group('sg-a', [accept('443')])];
    expect(ask(groups)).toEqual({ verdict: 'DROP', decidedBy: 'default-drop' });
    expect(ask(groups, { direction: 'egress', port: 443 })).toEqual({ verdict: 'DROP', decidedBy: 'default-drop' });
  });

  it('of which there are none filter nothing', () => {
    expect(ask([])).toEqual({ verdict: 'ACCEPT', decidedBy: 'no-group' });
  });

  it('let the first matching rule decide and do not read the rest', () => {
    const verdict = ask([group('sg-a', [drop('80-90'), accept('80')])]);
    expect([verdict.verdict, decidedBy(verdict)]).toEqual(['DROP', 'sg-a/ingress/0']);
  });

  it('are one long list: a drop in an earlier group beats an accept in a later one', () => {
    const [first, second] = [group('sg-a', [drop('80')]), group('sg-b', [accept('80')])];
    expect(ask([first, second]).verdict).toBe('DROP');
    expect(ask([second, first]).verdict).toBe('ACCEPT');
  });

  it('with nothing but accepts are a union, since the implicit drop comes after the last', () => {
    const groups = [group('sg-a', [accept('443')]), group('sg-b', [accept('80')])];
    expect(decidedBy(ask(groups))).toBe('sg-b/ingress/0');
    expect(decidedBy(ask(groups, { port: 443 }))).toBe('sg-a/ingress/0');
  });
});

describe('a peer', () => {
  it('that is a group means its members of this moment, also those of the group itself', () => {
    const groups = [group('sg-a', [accept('ALL', { SecurityGroupId: 'sg-a' })])];
    expect(ask(groups, { members: { 'sg-a': ['10.0.1.5'] } }).verdict).toBe('ACCEPT');
    expect(ask(groups, { members: { 'sg-a': ['10.0.1.6'] } }).verdict).toBe('DROP');
  });

  it('left out is any IPv4 address and no IPv6 one', () => {
    const groups = [group('sg-a', [{ Protocol: 'ALL', Port: 'ALL', Action: 'ACCEPT' }])];
    expect(ask(groups, { peer: '203.0.113.9' }).verdict).toBe('ACCEPT');
    expect(ask(groups, { peer: '2402:4e00::1' }).verdict).toBe('DROP');
  });
});

describe('a protocol', () => {
  it('without ports is matched by ALL and by itself, never by a rule with ports', () => {
    const groups = [group('sg-a', [accept('80'), { Protocol: 'ICMP', Port: 'ALL', Action: 'ACCEPT' }])];
    expect(decidedBy(ask(groups, { protocol: 'ICMP' }))).toBe('sg-a/ingress/1');
    expect(ask(groups, { protocol: 'GRE' }).verdict).toBe('DROP');
  });

  it('is matched exactly: a TCP rule says nothing about UDP', () => {
    expect(ask([group('sg-a', [accept('53')])], { protocol: 'UDP', port: 53 }).verdict).toBe('DROP');
  });
});

describe('any groups, rules and flows', () => {
  const ids = ['sg-a', 'sg-b', 'sg-c'] as const;
  const hosts = ['10.0.0.1', '10.0.0.2', '10.0.1.1', '192.168.0.1'] as const;
  const port = fc.integer({ min: 1, max: 6 });
  const portText = fc.oneof(
    fc.constant('ALL'),
    port.map(String),
    fc.tuple(port, port).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    fc.tuple(port, port).map(([a, b]) => `${a},${b}`),
  );
  const peer: fc.Arbitrary<Partial<ApiRule>> = fc.oneof(
    fc.constant({}),
    fc.constantFrom('10.0.0.0/24', '10.0.0.1', '0.0.0.0/0', '192.168.0.0/16').map((CidrBlock) => ({ CidrBlock })),
    fc.constantFrom(...ids).map((SecurityGroupId) => ({ SecurityGroupId })),
  );
  const rule: fc.Arbitrary<ApiRule> = fc
    .tuple(
      fc.constantFrom('TCP', 'UDP', 'ICMP', 'ALL'),
      portText,
      peer,
      fc.constantFrom('ACCEPT' as const, 'DROP' as const),
    )
    .map(([Protocol, Port, who, Action]) => ({
      Protocol,
      Port: Protocol === 'TCP' || Protocol === 'UDP' ? Port : 'ALL',
      ...who,
      Action,
    }));
  const rules = fc.array(rule, { maxLength: 5 });
  const members = fc.record({
    'sg-a': fc.subarray([...hosts]),
    'sg-b': fc.subarray([...hosts]),
    'sg-c': fc.subarray([...hosts]),
  });

  const binary = (ip: string): string =>
    ip
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('');

  function slowMatch(
    r: ApiRule,
    protocol: string,
    wanted: number,
    host: string,
    membersOf: Record<string, readonly string[]>,
  ): boolean {
    if (r.Protocol !== 'ALL' && r.Protocol !== protocol) return false;
    const named = new Set<number>();
    for (const part of r.Port === 'ALL' ? [] : r.Port.split(',')) {
      const [from, to] = part.split('-').map(Number);
      for (let p = from ?? 0; p <= (to ?? from ?? 0); p += 1) named.add(p);
    }
    if (r.Port !== 'ALL' && !named.has(wanted)) return false;
    if (r.SecurityGroupId !== undefined) return (membersOf[r.SecurityGroupId] ?? []).includes(host);
    const [network, prefix] = (r.CidrBlock ?? '0.0.0.0/0').split('/');
    return binary(host).startsWith(binary(network ?? '').slice(0, Number(prefix ?? '32')));
  }

  it('get the verdict of the slow reference, from the same rule', () => {
    const bound = fc.array(fc.tuple(fc.constantFrom(...ids), rules), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(
        bound,
        members,
        fc.constantFrom('TCP' as const, 'UDP' as const, 'ICMP' as const),
        port,
        fc.constantFrom(...hosts),
        (list, who, protocol, wanted, host) => {
          const flat = list.flatMap(([, own]) => own);
          const expected = flat.find((r) => slowMatch(r, protocol, wanted, host, who))?.Action ?? 'DROP';
          const groups = list.map(([id, own]) => group(id, own));
          const question = { protocol, peer: host, members: who, ...(protocol === 'ICMP' ? {} : { port: wanted }) };
          expect(ask(groups, question).verdict).toBe(expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('never change by rules put behind the one that decided', () => {
    fc.assert(
      fc.property(rules, rules, members, port, (before, behind, who, wanted) => {
        const now = ask([group('sg-a', before)], { port: wanted, members: who });
        fc.pre(typeof now.decidedBy !== 'string');
        const later = ask([group('sg-a', [...before, ...behind])], { port: wanted, members: who });
        expect(decidedBy(later)).toBe(decidedBy(now));
      }),
    );
  });

  it('are the same whether rules stand in one group or are split over several', () => {
    fc.assert(
      fc.property(rules, rules, members, port, (first, second, who, wanted) => {
        const question = { port: wanted, members: who };
        const whole = ask([group('sg-a', [...first, ...second])], question).verdict;
        expect(ask([group('sg-a', first), group('sg-b', second)], question).verdict).toBe(whole);
      }),
    );
  });
});
