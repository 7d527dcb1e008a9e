// The index and the question about all pairs give the answers of the plain evaluator, whatever the rules, members and addresses.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, parseAddress, parseCidr } from './address.ts';
import { evaluate, type Flow } from './evaluate.ts';
import { type GroupIndex, indexGroups } from './indexed-groups.ts';
import { allPairs, type PairCount, type Party } from './many-flows.ts';
import type { Peer, Rule, SecurityGroup } from './rule.ts';

const groupIds = ['sg-1', 'sg-2', 'sg-3', 'sg-4'];
const addresses = [
  '10.0.0.0',
  '10.0.0.1',
  '10.0.0.2',
  '10.0.0.255',
  '10.0.1.0',
  '255.255.255.255',
  '::',
  '2402::1',
  '2402::2',
];
const cidrs = [
  '10.0.0.1',
  '10.0.0.0/31',
  '10.0.0.0/24',
  '10.0.0.0/8',
  '0.0.0.0/0',
  '255.255.255.255/32',
  '::/0',
  '2402::/127',
  '::/128',
];

function address(text: string): Address {
  const found = parseAddress(text);
  if (found === undefined) throw new Error(text);
  return found;
}

const peer: fc.Arbitrary<Peer> = fc.oneof(
  fc.constant<Peer>({ kind: 'any' }),
  fc.constantFrom(...cidrs).map((text): Peer => {
    const cidr = parseCidr(text);
    return cidr === undefined ? { kind: 'any' } : { kind: 'cidr', cidr, text };
  }),
  fc.constantFrom(...groupIds).map((groupId): Peer => ({ kind: 'group', groupId })),
);
const ports = fc.oneof(
  fc.constant('ALL' as const),
  fc.array(
    fc.constantFrom({ from: 80, to: 80 }, { from: 81, to: 90 }, { from: 1, to: 65_535 }, { from: 65_535, to: 65_535 }),
    { minLength: 1, maxLength: 2 },
  ),
);
const rule: fc.Arbitrary<Rule> = fc
  .record({
    protocol: fc.constantFrom('TCP' as const, 'TCP' as const, 'UDP' as const, 'ICMP' as const, 'ALL' as const),
    ports,
    peer,
    action: fc.constantFrom('ACCEPT' as const, 'DROP' as const),
    description: fc.constant(''),
  })
  .map((made) => (made.protocol === 'TCP' || made.protocol === 'UDP' ? made : { ...made, ports: 'ALL' as const }));
const groups: fc.Arbitrary<SecurityGroup[]> = fc.tuple(
  ...groupIds.map((groupId) =>
    fc.record({
      groupId: fc.constant(groupId),
      ingress: fc.array(rule, { maxLength: 6 }),
      egress: fc.array(rule, { maxLength: 6 }),
    }),
  ),
);
const parties: fc.Arbitrary<Party[]> = fc.array(
  fc.record({
    workload: fc.constantFrom('web', 'db', 'job'),
    address: fc.constantFrom(...addresses).map(address),
    groups: fc.shuffledSubarray(groupIds),
  }),
  { maxLength: 8 },
);
const question = fc.constantFrom(
  { protocol: 'TCP' as const, port: 80 },
  { protocol: 'TCP' as const, port: 65_535 },
  { protocol: 'UDP' as const, port: 85 },
  { protocol: 'ICMP' as const },
);

const membersOf = (list: readonly Party[]): { groupId: string; address: Address }[] =>
  list.flatMap((party) => party.groups.map((groupId) => ({ groupId, address: party.address })));
const indexOf = (list: readonly SecurityGroup[], members: readonly Party[]): GroupIndex =>
  indexGroups({ groups: list, members: membersOf(members) });

describe('the index of groups', () => {
  it('decides every flow as the plain evaluator does, and names the same rule', () => {
    fc.assert(
      fc.property(
        groups,
        parties,
        question,
        fc.constantFrom(...addresses),
        fc.shuffledSubarray(groupIds),
        fc.boolean(),
        (list, all, what, from, bound, inwards) => {
          const flow: Flow = { ...what, direction: inwards ? 'ingress' : 'egress', peer: address(from) };
          const plain = evaluate({
            ...flow,
            groups: bound.flatMap((id) => list.filter(({ groupId }) => groupId === id)),
            membership: (id) => membersOf(all).flatMap((member) => (member.groupId === id ? [member.address] : [])),
          });
          expect(indexOf(list, all).verdict(bound, flow)).toEqual(plain);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('refuses to decide by a group whose rules it was not given', () => {
    const flow: Flow = { direction: 'ingress', protocol: 'ICMP', peer: address('10.0.0.1') };
    expect(() => indexGroups({ groups: [], members: [] }).verdict(['sg-9'], flow)).toThrow(
      'the rules of sg-9 are not in the index',
    );
  });
});

describe('all pairs', () => {
  /** One flow after the other. */
  const plainCount = (
    index: GroupIndex,
    all: readonly Party[],
    what: { protocol: 'TCP' | 'UDP' | 'ICMP'; port?: number },
    from: string,
    to: string,
  ): PairCount => {
    const pairs = all
      .filter(({ workload }) => workload === from)
      .flatMap((a) =>
        all.filter((b) => b !== a && b.workload === to && b.address.family === a.address.family).map((b) => ({ a, b })),
      );
    const open = pairs.filter(
      ({ a, b }) =>
        index.verdict(a.groups, { ...what, direction: 'egress', peer: b.address }).verdict === 'ACCEPT' &&
        index.verdict(b.groups, { ...what, direction: 'ingress', peer: a.address }).verdict === 'ACCEPT',
    );
    return { open: open.length, of: pairs.length };
  };

  it('count what flow after flow gives, for every pair of workloads', () => {
    fc.assert(
      fc.property(groups, parties, question, (list, all, what) => {
        const index = indexOf(list, all);
        const matrix = allPairs(index, all, what);
        for (const from of matrix.workloads)
          for (const to of matrix.workloads) {
            const plain = plainCount(index, all, what, from, to);
            expect(matrix.flows(from, to)).toEqual(plain);
            expect(matrix.open(from, to)).toBe(plain.open === 0 ? 'none' : plain.open === plain.of ? 'all' : 'some');
          }
      }),
      { numRuns: 500 },
    );
  });

  it('differ in the pairs that a change opens or closes, and in no other', () => {
    const all: Party[] = [
      { workload: 'web', address: address('10.0.0.1'), groups: ['sg-1'] },
      { workload: 'db', address: address('10.0.0.2'), groups: ['sg-2'] },
    ];
    const accept: Rule = {
      protocol: 'TCP',
      ports: [{ from: 80, to: 80 }],
      peer: { kind: 'group', groupId: 'sg-1' },
      action: 'ACCEPT',
      description: '',
    };
    const everything: Rule = { ...accept, ports: 'ALL', peer: { kind: 'any' } };
    const account = (ingress: readonly Rule[]): SecurityGroup[] => [
      { groupId: 'sg-1', ingress: [], egress: [everything] },
      { groupId: 'sg-2', ingress, egress: [everything] },
    ];
    const at = (ingress: readonly Rule[]) =>
      allPairs(indexOf(account(ingress), all), all, { protocol: 'TCP', port: 80 });
    const [before, after] = [at([]), at([accept])];
    expect(before.flows('web', 'db')).toEqual({ open: 0, of: 1 });
    expect(after.flows('web', 'db')).toEqual({ open: 1, of: 1 });
    expect(after.flows('db', 'web')).toEqual(before.flows('db', 'web'));
  });
});
