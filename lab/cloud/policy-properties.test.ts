import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { ipToNumber } from './addresses.ts';
import { expandPolicy } from './policy-expand.ts';
import { emptyTemplateBook } from './policy-templates.ts';
import { parsePolicy } from './policy.ts';
import { GROUP_ID, NODE_GROUP_ID, openAccount, type TestAccount } from './testing/account.ts';

const list = z.array(z.looseObject({ PolicyIndex: z.number() }));
const policySet = z.looseObject({
  Version: z.string(),
  Ingress: list,
  Egress: list,
  PolicyStatistics: z.record(z.string(), z.number()),
});

const goodRule = fc
  .tuple(
    fc.record({
      Protocol: fc.constantFrom('TCP', 'udp'),
      Port: fc.oneof(fc.constantFrom('443,444', '1-99', 'all'), fc.integer({ min: 1, max: 65_535 })),
    }),
    fc.constantFrom(
      {},
      { SecurityGroupId: GROUP_ID },
      { SecurityGroupId: NODE_GROUP_ID },
      { CidrBlock: '10.0.0.0/8' },
      { Ipv6CidrBlock: '::/0' },
    ),
    fc.record({ Action: fc.constantFrom('ACCEPT', 'drop') }),
  )
  .map((parts) => Object.assign({}, ...parts) as object);
const badRule = fc.constantFrom<object>(
  { Protocol: 'ICMP', Port: '80', Action: 'DROP' },
  { Protocol: 'TCP', Port: '70000', Action: 'DROP' },
  { Protocol: 'TCP', SecurityGroupId: 'sg-absent01', Action: 'DROP' },
  { CidrBlock: '10.0.0.0/40', Action: 'DROP' },
  { Action: 'ALLOW' },
);
const content = fc.oneof({ weight: 12, arbitrary: goodRule }, { weight: 1, arbitrary: badRule });
const place = fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined });
const rules = fc.array(content, { minLength: 1, maxLength: 3 });
const placed = fc
  .tuple(rules, place)
  .map(([given, index]) => given.map((rule) => (index === undefined ? rule : { ...rule, PolicyIndex: index })));
const direction = fc.constantFrom('Ingress', 'Egress');
const oneWay = fc.tuple(direction, fc.oneof(rules, placed)).map(([name, given]) => ({ [name]: given }));
/** Mostly none; `read` is the version just read, `0` is stale or empties everything. */
const version = fc.constantFrom(undefined, undefined, undefined, undefined, 'read', 'read', '0');
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ action: fc.constant('CreateSecurityGroupPolicies'), set: oneWay, version }) },
  fc.record({ action: fc.constant('DeleteSecurityGroupPolicies'), set: oneWay, version }),
  fc.record({
    action: fc.constant('DeleteSecurityGroupPolicies'),
    set: direction.map((name) => ({ [name]: [{ PolicyIndex: 0 }] })),
    version,
  }),
  fc.record({
    action: fc.constantFrom('ReplaceSecurityGroupPolicy', 'ReplaceSecurityGroupPolicies'),
    set: oneWay,
    version,
  }),
  fc.record({
    action: fc.constant('ModifySecurityGroupPolicies'),
    set: fc.record({ Ingress: rules, Egress: rules }),
    version,
  }),
  fc.record({
    action: fc.constant('DeleteSecurityGroup'),
    set: fc.constant(undefined),
    version: fc.constant(undefined),
  }),
);

async function described(account: TestAccount): Promise<z.output<typeof policySet>> {
  const answer = await account.call('vpc', 'DescribeSecurityGroupPolicies', { SecurityGroupId: NODE_GROUP_ID });
  return policySet.parse(answer['SecurityGroupPolicySet']);
}

describe('random calls on the rules of a group', () => {
  test('keep indexes dense, versions rising and counts right, and leave everything as it was when they fail', async () => {
    const account = await openAccount();
    let succeeded = 0;
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
          for (const { action, set, version: given } of steps) {
            const before = await described(account);
            const Version = given === 'read' ? before.Version : given;
            const SecurityGroupPolicySet = { ...set, ...(Version === undefined ? {} : { Version }) };
            const body = set === undefined ? {} : { SecurityGroupPolicySet };
            const code = await account.refusal('vpc', action, { SecurityGroupId: NODE_GROUP_ID, ...body });
            const after = await described(account);
            if (code !== 'none') expect(after).toEqual(before);
            else expect(Number(after.Version)).toBe(Number(before.Version) + 1);
            succeeded += code === 'none' ? 1 : 0;
            checkSet(after);
          }
        }),
        { numRuns: 40, seed: 20_170_312 },
      );
    } finally {
      await account.close();
    }
    expect(succeeded).toBeGreaterThan(60);
  }, 60_000);
});

function checkSet(set: z.output<typeof policySet>): void {
  for (const name of ['Ingress', 'Egress'] as const) {
    expect(set[name].map((shown) => shown.PolicyIndex)).toEqual(set[name].map((_shown, index) => index));
    const counted = set.PolicyStatistics;
    expect((counted[`${name}IPv4TotalCount`] ?? 0) + (counted[`${name}IPv6TotalCount`] ?? 0)).toBe(set[name].length);
  }
}

describe('a range of a template', () => {
  const policy = parsePolicy({ Action: 'ACCEPT', AddressTemplate: { AddressId: 'ipm-aaaaaaaa' } }, new Date(0));
  const expanded = (value: string) => {
    const book = emptyTemplateBook();
    const at = new Date(0);
    const entries = [{ value, description: '', updatedAt: at }];
    const times = { createdAt: at, updatedAt: at };
    book.address.templates.set('ipm-aaaaaaaa', { templateId: 'ipm-aaaaaaaa', name: '', entries, tags: [], ...times });
    return expandPolicy(policy, book);
  };

  test('becomes networks that join up from its first address to its last', () => {
    const number = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    const dotted = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
    fc.assert(
      fc.property(number, number, (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        let next = low;
        for (const { cidr } of expanded(`${dotted(low)}-${dotted(high)}`)) {
          const [base = '', prefix] = cidr.split('/');
          expect(ipToNumber(base)).toBe(next);
          next += 2 ** (32 - Number(prefix));
        }
        expect(next).toBe(high + 1);
      }),
    );
  });

  test('of IPv6 does too', () => {
    expect(expanded('2001:db8::1-2001:db8::4').map((plain) => plain.cidr6)).toEqual([
      '2001:db8:0:0:0:0:0:1/128',
      '2001:db8:0:0:0:0:0:2/127',
      '2001:db8:0:0:0:0:0:4/128',
    ]);
  });
});
