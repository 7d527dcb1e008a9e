// The table of admission: matched x placement x Trunking x networks x default network x EIP x hostNetwork, every combination in one row.
import { describe, expect, it } from 'vitest';
import { decodeAdmissionDecision } from '../api/admission-decision.ts';
import { annotations as keys, resourceNames, WEBHOOK_EXEMPT_LABEL } from '../api/keys.ts';
import { type DecideInput, type Decision, decide } from './decide.ts';
import { projectPolicy } from '../planning/policy-view.ts';
import { admitted, input, pod, policy } from './testing/decide-input.ts';

const dimensions = {
  matched: ['yes', 'no'],
  placement: ['anywhere', 'nodeSelector eklet', 'affinity eklet'],
  trunking: ['on', 'off'],
  networks: ['-', 'tke-route-eni', 'tke-direct-eni', 'tke-sub-eni', 'tke-bridge'],
  default: ['tke-route-eni', 'tke-direct-eni', 'tke-bridge'],
  eip: ['no', 'yes'],
  hostNetwork: ['no', 'yes'],
} as const;

type Dimension = keyof typeof dimensions;
type Case = { readonly [D in Dimension]: (typeof dimensions)[D][number] };

interface Expected {
  /** `refused`, or the outcome, or `untouched` when nothing of ours is written. */
  readonly is: 'refused' | 'untouched' | 'sub-eni' | 'super-node' | 'trunking-disabled' | 'host-network';
  readonly adds?: string;
  readonly removes?: readonly string[];
  /** It counts against the EIPs of its node, too. */
  readonly eip?: boolean;
  /** A word of each warning, in order. */
  readonly warns?: readonly string[];
  /** A line of the log says that the Pod got nothing. */
  readonly noted?: boolean;
}

interface Row {
  readonly when: { readonly [D in Dimension]?: readonly Case[D][] };
  readonly leads: Expected;
}

const pinned = ['nodeSelector eklet', 'affinity eklet'] as const;
const { eniIp, directEni, subEni, eip } = resourceNames;
const free = { placement: ['anywhere'], hostNetwork: ['no'] } as const;
const off = { ...free, matched: ['yes'], trunking: ['off'] } as const;
const on = { ...free, matched: ['yes'], trunking: ['on'] } as const;
const none = { ...free, matched: ['no'] } as const;
const noEip = { eip: ['no'] } as const;
const withEip = { eip: ['yes'] } as const;
/** A Pod on the nodes' ENIs, by its own word or by default; each leads to the resource that counts it. */
const ordinaryNetworks: readonly { readonly when: Row['when']; readonly leads: Partial<Expected> }[] = [
  { when: { networks: ['tke-route-eni'] }, leads: { adds: eniIp } },
  { when: { networks: ['tke-direct-eni'] }, leads: { adds: directEni } },
  { when: { networks: ['tke-bridge'] }, leads: {} },
  { when: { networks: ['-'], default: ['tke-route-eni'] }, leads: { adds: eniIp } },
  { when: { networks: ['-'], default: ['tke-direct-eni'] }, leads: { adds: directEni } },
  { when: { networks: ['-'], default: ['tke-bridge'] }, leads: { noted: true } },
];

/** What each combination leads to. Exactly one row holds for each. */
const table: readonly Row[] = [
  { when: { hostNetwork: ['yes'], matched: ['no'], ...noEip }, leads: { is: 'untouched' } },
  { when: { hostNetwork: ['yes'], matched: ['no'], ...withEip }, leads: { is: 'untouched', warns: ['EIP'] } },
  {
    when: { hostNetwork: ['yes'], matched: ['yes'], ...noEip },
    leads: { is: 'host-network', warns: ['no security group applies'] },
  },
  {
    when: { hostNetwork: ['yes'], matched: ['yes'], ...withEip },
    leads: { is: 'host-network', warns: ['no security group applies', 'EIP'] },
  },
  { when: { hostNetwork: ['no'], placement: pinned, matched: ['no'] }, leads: { is: 'untouched' } },
  { when: { hostNetwork: ['no'], placement: pinned, matched: ['yes'] }, leads: { is: 'super-node' } },
  {
    when: { ...on, ...noEip, networks: ['-', 'tke-sub-eni'] },
    leads: { is: 'sub-eni', adds: subEni, removes: [eniIp, directEni] },
  },
  {
    when: { ...on, ...withEip, networks: ['-', 'tke-sub-eni'] },
    leads: { is: 'sub-eni', adds: subEni, removes: [eniIp, directEni], eip: true },
  },
  {
    when: { ...on, ...noEip, networks: ['tke-route-eni', 'tke-direct-eni', 'tke-bridge'] },
    leads: { is: 'sub-eni', adds: subEni, removes: [eniIp, directEni], warns: ['replaced'] },
  },
  {
    when: { ...on, ...withEip, networks: ['tke-route-eni', 'tke-direct-eni', 'tke-bridge'] },
    leads: { is: 'sub-eni', adds: subEni, removes: [eniIp, directEni], warns: ['replaced'], eip: true },
  },
  { when: { ...off, networks: ['tke-sub-eni'] }, leads: { is: 'refused' } },
  { when: { ...none, networks: ['tke-sub-eni'] }, leads: { is: 'refused' } },
  ...ordinaryNetworks.flatMap(({ when, leads }): readonly Row[] => [
    {
      when: { ...off, ...noEip, ...when },
      leads: { is: 'trunking-disabled', ...leads, warns: ['Trunking is off'] },
    },
    {
      when: { ...off, ...withEip, ...when },
      leads: {
        is: 'trunking-disabled',
        ...leads,
        ...(leads.adds === undefined
          ? { warns: ['Trunking is off', 'EIP'] }
          : { warns: ['Trunking is off'], eip: true }),
      },
    },
    { when: { ...none, ...noEip, ...when }, leads: { is: 'untouched', ...leads } },
    {
      when: { ...none, ...withEip, ...when },
      leads: { is: 'untouched', ...leads, ...(leads.adds === undefined ? { warns: ['EIP'] } : { eip: true }) },
    },
  ]),
];

const cases: readonly Case[] = dimensions.matched.flatMap((matched) =>
  dimensions.placement.flatMap((placement) =>
    dimensions.trunking.flatMap((trunking) =>
      dimensions.networks.flatMap((networks) =>
        dimensions.default.flatMap((byDefault) =>
          dimensions.eip.flatMap((withAnEip) =>
            dimensions.hostNetwork.map((hostNetwork) => ({
              matched,
              placement,
              trunking,
              networks,
              default: byDefault,
              eip: withAnEip,
              hostNetwork,
            })),
          ),
        ),
      ),
    ),
  ),
);

const holds = ({ when }: Row, one: Case): boolean =>
  Object.entries(when).every(([dimension, values]) =>
    (values as readonly string[]).includes(one[dimension as Dimension]),
  );

const inputOf = (one: Case): DecideInput => {
  const eklet = { matchExpressions: [{ key: 'node.kubernetes.io/instance-type', operator: 'In', values: ['eklet'] }] };
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [eklet] } } };
  return input({
    pod: pod({
      labels: { app: one.matched === 'yes' ? 'my-app' : 'other' },
      annotations: {
        ...(one.networks === '-' ? {} : { [keys.networks]: one.networks }),
        ...(one.eip === 'yes' ? { [keys.eipAttributes]: '' } : {}),
      },
      spec: {
        hostNetwork: one.hostNetwork === 'yes',
        ...(one.placement === 'nodeSelector eklet'
          ? { nodeSelector: { 'node.kubernetes.io/instance-type': 'eklet' } }
          : {}),
        ...(one.placement === 'affinity eklet' ? { affinity } : {}),
      },
    }),
    trunking: one.trunking === 'on',
    defaultNetworks: { ok: true, names: [one.default] },
  });
};

const GROUPS = 'sg-xxxxyyyy,sg-aaaaaaaa';

/** The annotations that belong to an outcome, without the decision itself. */
const marksOf: Record<Exclude<Expected['is'], 'refused'>, Record<string, string>> = {
  untouched: {},
  'host-network': {},
  'sub-eni': { [keys.networks]: 'tke-sub-eni', [keys.securityGroupId]: GROUPS },
  'super-node': { [keys.eksSecurityGroupId]: GROUPS },
  'trunking-disabled': { [keys.eksSecurityGroupId]: GROUPS },
};

describe('the admission table', () => {
  it('has exactly one row for each combination', () => {
    expect(cases).toHaveLength(720);
    expect(cases.filter((one) => table.filter((row) => holds(row, one)).length !== 1)).toEqual([]);
    expect(table.filter((row) => !cases.some((one) => holds(row, one)))).toEqual([]);
  });

  it.each(
    cases.map(
      (one) =>
        [
          Object.entries(one)
            .map(([name, value]) => `${name} ${value}`)
            .join(', '),
          one,
        ] as const,
    ),
  )('%s', (_name, one) => {
    const expected = table.find((row) => holds(row, one))?.leads;
    const decision = decide(inputOf(one));
    if (expected === undefined || expected.is === 'refused' || decision.kind === 'refuse') {
      expect(decision.kind).toBe(expected?.is === 'refused' ? 'refuse' : 'admit');
      return;
    }
    expect(decision.outcome).toBe(expected.is === 'untouched' ? undefined : expected.is);
    const { [keys.admissionDecision]: text, ...marks } = decision.annotations;
    expect(marks).toEqual(marksOf[expected.is]);
    const { exactly, atLeast } = decision.resources;
    expect([exactly?.add, ...(atLeast ?? [])].filter((name) => name !== undefined)).toEqual([
      ...(expected.adds === undefined ? [] : [expected.adds]),
      ...(expected.eip === true ? [eip] : []),
    ]);
    expect(exactly?.remove ?? []).toEqual(expected.removes ?? []);
    expect(decision.note !== undefined).toBe(expected.noted === true);
    const exclusive = expected.adds === directEni ? ['serves no exclusive ENI'] : [];
    const warns = [...(expected.warns ?? []), ...exclusive];
    expect(decision.warnings).toHaveLength(warns.length);
    for (const words of warns) expect(decision.warnings.join('\n')).toContain(words);
    // A decision is recorded whenever a policy matched, and only then.
    expect(text !== undefined).toBe(one.matched === 'yes');
  });
});

const refusal = (decision: Decision): string => (decision.kind === 'refuse' ? decision.message : 'admitted');

describe('a decision', () => {
  it('names its policies with uid and generation, and the groups in order', () => {
    const { annotations } = admitted(decide(input()));
    expect(decodeAdmissionDecision({ [keys.admissionDecision]: String(annotations[keys.admissionDecision]) })).toEqual({
      kind: 'decision',
      decision: {
        policies: [{ name: 'web', uid: 'uid-web', generation: 2 }],
        groups: ['sg-xxxxyyyy', 'sg-aaaaaaaa'],
        outcome: 'sub-eni',
      },
    });
  });

  it('does not depend on the order in which policies are listed', () => {
    const policies = [
      projectPolicy(policy('b', ['sg-bbbbbbbb'], {}, '2026-01-01T00:00:00Z')),
      projectPolicy(policy('late', ['sg-aaaaaaaa', 'sg-cccccccc'], {}, '2026-01-02T00:00:00Z')),
      projectPolicy(policy('a', ['sg-cccccccc', 'sg-bbbbbbbb'], {}, '2026-01-01T00:00:00Z')),
    ];
    for (const given of [policies, policies.toReversed()])
      expect(admitted(decide(input({ policies: given }))).annotations[keys.securityGroupId]).toBe(
        'sg-cccccccc,sg-bbbbbbbb,sg-aaaaaaaa',
      );
  });

  it('removes groups that a person wrote on a Pod without a policy, and says so', () => {
    const decision = admitted(
      decide(input({ policies: [], pod: pod({ annotations: { [keys.securityGroupId]: 'sg-handmade' } }) })),
    );
    expect(decision.annotations).toEqual({ [keys.securityGroupId]: null });
    expect(decision.warnings).toEqual([expect.stringContaining('"sg-handmade" was removed')]);
  });

  it('replaces groups that a person wrote where a policy matches, and says so', () => {
    const decision = admitted(decide(input({ pod: pod({ annotations: { [keys.securityGroupId]: 'sg-handmade' } }) })));
    expect(decision.annotations[keys.securityGroupId]).toBe(GROUPS);
    expect(decision.warnings).toEqual([expect.stringContaining(`replaced by "${GROUPS}"`)]);
  });

  it('is silent when the Pod carries the groups it gets anyway, as a copied manifest does', () => {
    expect(admitted(decide(input({ pod: pod({ annotations: { [keys.securityGroupId]: GROUPS } }) }))).warnings).toEqual(
      [],
    );
  });

  it('removes a decision that a person forged', () => {
    const decision = admitted(
      decide(input({ policies: [], pod: pod({ annotations: { [keys.admissionDecision]: '{}' } }) })),
    );
    expect(decision.annotations).toEqual({ [keys.admissionDecision]: null });
  });

  it('leaves the super-node groups of a person alone when no policy matches, since they are documented', () => {
    const decision = decide(
      input({ policies: [], pod: pod({ annotations: { [keys.eksSecurityGroupId]: 'sg-handmade' } }) }),
    );
    expect(admitted(decision)).toMatchObject({ annotations: {}, warnings: [] });
  });

  it('takes the super-node groups of a person off a Pod that gets a sub-ENI', () => {
    const decision = admitted(
      decide(input({ pod: pod({ annotations: { [keys.eksSecurityGroupId]: 'sg-handmade' } }) })),
    );
    expect(decision.annotations[keys.eksSecurityGroupId]).toBeNull();
    expect(decision.warnings).toHaveLength(1);
  });

  it('touches nothing in an exempt namespace, not even handwritten groups', () => {
    const namespace = { name: 'shop', labels: { [WEBHOOK_EXEMPT_LABEL]: '' } };
    expect(
      decide(input({ namespace, pod: pod({ annotations: { [keys.securityGroupId]: 'sg-handmade' } }) })),
    ).toMatchObject({ annotations: {}, resources: {}, note: undefined });
  });

  it('is a refusal when a stored policy cannot be read, naming the policy and its field', () => {
    const broken = projectPolicy(policy('broken', ['web']));
    expect(refusal(decide(input({ policies: [broken] })))).toMatch(
      /shop\/broken cannot be evaluated.*spec\.securityGroups\.groupIds\.0: a security group id is sg-/,
    );
  });

  it('does not refuse a Pod on the node network because of a broken policy', () => {
    const broken = projectPolicy(policy('broken', []));
    expect(decide(input({ policies: [broken], pod: pod({ spec: { hostNetwork: true } }) })).kind).toBe('admit');
  });

  it('is a refusal when a policy matches and the Trunking switch cannot be read', () => {
    expect(refusal(decide(input({ trunking: 'enableSubEni: "yes"' })))).toMatch(/enableSubEni: "yes"/);
    expect(decide(input({ trunking: 'enableSubEni: "yes"', policies: [] })).kind).toBe('admit');
  });

  it('asks both selectors when both are given', () => {
    const both = projectPolicy(
      policy('both', ['sg-xxxxyyyy'], { serviceAccountSelector: { matchLabels: { team: 'shop' } } }),
    );
    expect(admitted(decide(input({ policies: [both] }))).outcome).toBeUndefined();
    expect(admitted(decide(input({ policies: [both], serviceAccountLabels: { team: 'shop' } }))).outcome).toBe(
      'sub-eni',
    );
  });

  it('takes a policy with {} for every Pod of the namespace', () => {
    const all = projectPolicy(policy('all', ['sg-xxxxyyyy'], { podSelector: {} }));
    expect(admitted(decide(input({ policies: [all], pod: pod({ labels: {} }) }))).outcome).toBe('sub-eni');
  });

  it('takes a policy without any selector for nobody', () => {
    const nobody = policy('nobody', ['sg-xxxxyyyy']);
    delete nobody.spec.podSelector;
    expect(admitted(decide(input({ policies: [projectPolicy(nobody)] }))).outcome).toBeUndefined();
  });

  it('unites several policies up to what an ENI carries, and is a refusal above, naming the policies', () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => `sg-${letter.repeat(8)}`);
    const of = (first: string[], second: string[]): Decision =>
      decide(input({ policies: [projectPolicy(policy('one', first)), projectPolicy(policy('two', second))] }));
    expect(admitted(of(ids.slice(0, 3), ids.slice(2, 5))).annotations[keys.securityGroupId]).toBe(
      ids.slice(0, 5).join(','),
    );
    expect(refusal(of(ids.slice(0, 3), ids.slice(3)))).toMatch(
      /SecurityGroupPolicy one, two matches, together with 6 security groups; .* at most 5/,
    );
  });

  it('is a refusal when the policies give groups that the namespace may not use, unless no group applies', () => {
    const allowed = { shop: 'sg-xxxxyyyy' };
    expect(refusal(decide(input({ allowed })))).toMatch(/"shop" may not use sg-aaaaaaaa/);
    expect(decide(input({ allowed, pod: pod({ spec: { hostNetwork: true } }) })).kind).toBe('admit');
    expect(decide(input({ allowed: { other: '' } })).kind).toBe('admit');
  });

  it('is a refusal of super-node groups that a person wrote and the namespace may not use', () => {
    const written = pod({ annotations: { [keys.eksSecurityGroupId]: 'sg-xxxxyyyy, sg-handmade' } });
    const parts = { policies: [], pod: written };
    expect(refusal(decide(input({ ...parts, allowed: { shop: 'sg-xxxxyyyy' } })))).toMatch(/may not use sg-handmade/);
    expect(decide(input({ ...parts, allowed: { shop: 'sg-xxxxyyyy,sg-handmade' } })).kind).toBe('admit');
  });
});
