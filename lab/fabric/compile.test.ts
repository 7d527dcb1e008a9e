// What compiled security groups let through, asked of the text itself and compared with a plain reading of the rules.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FabricEni, FabricSecurityGroup } from '../cloud/read-model.ts';
import { compile } from './compile.ts';
import { portName } from './names.ts';
import type { Ruleset } from './ruleset.ts';
import { arbitraryPacketCase, plainVerdict } from './testing/plain-reading.ts';
import type { Packet } from './testing/interpret.ts';
import { passes } from './testing/interpret.ts';
import { eni, group } from './testing/snapshots.ts';

const OPEN = group('sg-open', ['ACCEPT ALL ALL']);

function compiled(enis: readonly FabricEni[], securityGroups: readonly FabricSecurityGroup[]): Ruleset {
  return compile({ enis, securityGroups }, new Map(enis.map(({ eniId }) => [eniId, portName(eniId)])));
}

/** From ENI 1 to ENI 2, whose groups are given. */
function toReceiver(
  groups: readonly FabricSecurityGroup[],
  packet: Partial<Packet> = {},
  ids = groups.map((g) => g.securityGroupId),
): boolean {
  const enis = [eni(1, { securityGroupIds: ['sg-open'] }), eni(2, { securityGroupIds: ids })];
  return passes(compiled(enis, [OPEN, ...groups]), { ...packetFrom1To2, ...packet });
}

const packetFrom1To2: Packet = {
  fromPort: portName(eni(1).eniId),
  toPort: portName(eni(2).eniId),
  source: '10.0.0.1',
  destination: '10.0.0.2',
  protocol: 'tcp',
  port: 80,
};

describe('one group', () => {
  it('drops what no rule names, also when it has no rules at all', () => {
    expect(toReceiver([group('sg-a', ['ACCEPT TCP 81'])])).toBe(false);
    expect(toReceiver([group('sg-a', [])])).toBe(false);
  });

  it('decides by its first matching rule', () => {
    expect(toReceiver([group('sg-a', ['DROP TCP 80 10.0.0.1', 'ACCEPT TCP 80'])])).toBe(false);
    expect(toReceiver([group('sg-a', ['ACCEPT TCP 80', 'DROP TCP 80 10.0.0.1'])])).toBe(true);
  });

  it.each([
    ['ACCEPT TCP 80,8000-8010', 'tcp', 8010, true],
    ['ACCEPT TCP 80,8000-8010', 'tcp', 8011, false],
    ['ACCEPT TCP ALL', 'tcp', 1, true],
    ['ACCEPT TCP ALL', 'udp', 1, false],
    ['ACCEPT UDP 53', 'udp', 53, true],
    ['ACCEPT ICMP ALL', 'icmp', 0, true],
    ['ACCEPT ICMP ALL', 'tcp', 80, false],
    ['ACCEPT GRE ALL', '47', 0, true],
    ['ACCEPT ALL ALL', 'icmp', 0, true],
    ['ACCEPT ALL ALL 10.0.0.1', 'tcp', 80, true],
    ['ACCEPT ALL ALL 10.0.0.77/24', 'tcp', 80, true],
    ['ACCEPT ALL ALL 0.0.0.0/0', 'tcp', 80, true],
    ['ACCEPT ALL ALL 10.0.1.0/24', 'tcp', 80, false],
  ] as const)('%s for %s %i: %s', (text, protocol, port, expected) => {
    expect(toReceiver([group('sg-a', [text])], { protocol, port })).toBe(expected);
  });

  it('takes group peers as the members of now, all their addresses and themselves only by a rule', () => {
    const enis = [
      eni(1, { securityGroupIds: ['sg-open'], addresses: ['10.0.0.1', '10.0.0.101'] }),
      eni(2, { securityGroupIds: ['sg-a'] }),
      eni(3, { securityGroupIds: ['sg-open'], instanceId: null }),
    ];
    const rules = compiled(enis, [OPEN, group('sg-a', ['ACCEPT ALL ALL sg-open'])]);
    expect(passes(rules, { ...packetFrom1To2, source: '10.0.0.101' })).toBe(true);
    expect(rules.memberSets.get('m_open')).toEqual(new Set(['10.0.0.1', '10.0.0.101', '10.0.0.3']));
    expect(toReceiver([group('sg-a', ['ACCEPT ALL ALL sg-a'])])).toBe(false);
  });

  it('knows a peer that nobody is bound to, or that does not exist, as empty', () => {
    expect(toReceiver([group('sg-a', ['ACCEPT ALL ALL sg-nobody'])])).toBe(false);
  });
});

describe('several groups', () => {
  const drops = group('sg-drops', ['DROP TCP 80']);
  const accepts = group('sg-accepts', ['ACCEPT TCP 80']);

  it('are read in the order of binding: a DROP in an earlier one beats an ACCEPT in a later one', () => {
    expect(toReceiver([drops, accepts])).toBe(false);
    expect(toReceiver([drops, accepts], {}, ['sg-accepts', 'sg-drops'])).toBe(true);
  });

  it('drop by default only after the last', () => {
    expect(toReceiver([group('sg-other', ['ACCEPT UDP ALL']), accepts])).toBe(true);
  });

  it('share one chain per ordered list', () => {
    const enis = [eni(1), eni(2), eni(3)].map((each, index) => ({
      ...each,
      securityGroupIds: index === 2 ? ['sg-accepts', 'sg-drops'] : ['sg-drops', 'sg-accepts'],
    }));
    expect([...compiled(enis, [drops, accepts]).listChains.keys()]).toEqual([
      'l_drops_accepts_in',
      'l_drops_accepts_out',
      'l_accepts_drops_in',
      'l_accepts_drops_out',
    ]);
  });
});

describe('an ENI', () => {
  it('without groups passes everything, while the other side is still asked', () => {
    const rules = compiled([eni(1), eni(2, { securityGroupIds: ['sg-a'] })], [group('sg-a', ['ACCEPT TCP 80'])]);
    expect(passes(rules, packetFrom1To2)).toBe(true);
    expect(passes(rules, { ...packetFrom1To2, port: 81 })).toBe(false);
  });

  it('of a group that the snapshot does not know passes nothing', () => {
    expect(toReceiver([], {}, ['sg-unknown'])).toBe(false);
  });

  it('sends only from its own addresses', () => {
    expect(toReceiver([OPEN], { source: '10.0.0.3' })).toBe(false);
  });

  it('without a port has no filters and needs none', () => {
    const rules = compile({ enis: [eni(1, { securityGroupIds: ['sg-open'] })], securityGroups: [OPEN] }, new Map());
    expect([rules.sources.size, rules.verdicts.in.size, rules.listChains.size]).toEqual([0, 0, 0]);
  });

  it('is asked for egress as well as for ingress', () => {
    const enis = [eni(1, { securityGroupIds: ['sg-shut'] }), eni(2)];
    expect(
      passes(compiled(enis, [group('sg-shut', [], ['DROP ALL ALL 10.0.0.2', 'ACCEPT ALL ALL'])]), packetFrom1To2),
    ).toBe(false);
  });
});

describe('what cannot be compiled', () => {
  it('is noted when it is IPv6, and has no effect', () => {
    const enis = [eni(1), eni(2, { securityGroupIds: ['sg-a'] })];
    const rules = compiled(enis, [group('sg-a', ['ACCEPT TCP 80 ::/0', 'ACCEPT ICMPV6 ALL', 'ACCEPT TCP 81'])]);
    expect(rules.notes).toHaveLength(2);
    expect(rules.notes[0]).toMatch(/^sg-a ingress rule 0: IPv6 peer ::\/0 has no effect/);
    expect(passes(rules, packetFrom1To2)).toBe(false);
  });

  it.each([
    'ACCEPT TCP 80-70',
    'ACCEPT TCP 70000',
    'ACCEPT TCP http',
    'ACCEPT ICMP 8',
    'ACCEPT TCP 80 10.0.0.0/33',
    'ACCEPT TCP 80 all',
  ])('is refused with the place of the rule: %s', (text) => {
    const compiling = (): boolean => toReceiver([group('sg-a', ['ACCEPT ALL ALL', text])]);
    expect(compiling).toThrow(expect.objectContaining({ code: 'FABRIC-RULE' }));
    expect(compiling).toThrow(/^sg-a ingress rule 1: /);
  });
});

describe('any groups, bindings and packets', () => {
  it('decide as a plain reading of the rules does', () => {
    fc.assert(
      fc.property(arbitraryPacketCase, ({ enis, securityGroups, packet }) => {
        expect(passes(compiled(enis, securityGroups), packet)).toBe(plainVerdict(enis, securityGroups, packet));
      }),
      { numRuns: 2_000 },
    );
  });
});
