// Random worlds and flows: small universes of addresses and ports, so that rules and packets meet often.
import fc from 'fast-check';
import type { FabricWayOut } from '../../lab/cloud/read-model.ts';
import { INTERNET_HOST } from '../../lab/fabric/internet.ts';
import { eniIds, NODE_SUBNET, places, POD_SUBNET, pods } from './topology.ts';
import type { TruthFlow, TruthWorld, WrittenGroup, WrittenRule } from './world.ts';

/** Everybody listens on these. */
export const PORTS = [80, 81, 443, 8080] as const;
const GROUPS = ['sg-00000001', 'sg-00000002', 'sg-00000003', 'sg-00000004', 'sg-00000005'];
const ADDRESS_TEMPLATES = ['ipm-00000001', 'ipm-00000002'];
const SERVICE_TEMPLATES = ['ppm-00000001', 'ppm-00000002'];
const NAT = '203.0.113.254';

const oneAddress = fc.constantFrom(...places.map(({ address }) => address));
const cidr = fc.oneof(
  oneAddress,
  oneAddress.map((address) => `${address}/32`),
  // Host bits are cleared by the cloud.
  oneAddress.map((address) => `${address}/29`),
  fc.constantFrom(NODE_SUBNET, POD_SUBNET, '10.0.0.0/23', '192.88.99.0/24', '203.0.113.0/24', '0.0.0.0/0'),
);
const portText = fc.oneof(
  fc.constant('ALL'),
  fc.constantFrom(...PORTS).map(String),
  fc.constantFrom('80-81', '81-443', '443-8080'),
  fc.constantFrom('80-81', '81-8080', '82-442,444-8080'),
  fc.constantFrom('80,8080', '81,443', '79,80', '443,8000-9000'),
);

const service: fc.Arbitrary<Pick<WrittenRule, 'protocol' | 'port' | 'service'>> = fc.oneof(
  { weight: 4, arbitrary: portText.map((port) => ({ protocol: 'TCP' as const, port, service: '' })) },
  { weight: 3, arbitrary: portText.map((port) => ({ protocol: 'UDP' as const, port, service: '' })) },
  { weight: 4, arbitrary: fc.constant({ protocol: 'ICMP' as const, port: 'ALL', service: '' }) },
  { weight: 2, arbitrary: fc.constant({ protocol: 'ALL' as const, port: 'ALL', service: '' }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...SERVICE_TEMPLATES).map((id) => ({ protocol: '' as const, port: '', service: id })),
  },
);
const NO_PEER = { cidr: '', peerGroup: '', addressTemplate: '' };
const peer: fc.Arbitrary<Pick<WrittenRule, 'cidr' | 'peerGroup' | 'addressTemplate'>> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(NO_PEER) },
  { weight: 3, arbitrary: cidr.map((text) => ({ ...NO_PEER, cidr: text })) },
  { weight: 3, arbitrary: fc.constantFrom(...GROUPS).map((id) => ({ ...NO_PEER, peerGroup: id })) },
  { weight: 2, arbitrary: fc.constantFrom(...ADDRESS_TEMPLATES).map((id) => ({ ...NO_PEER, addressTemplate: id })) },
);
const action = fc.constantFrom('ACCEPT' as const, 'ACCEPT' as const, 'DROP' as const);
const rule: fc.Arbitrary<WrittenRule> = fc
  .tuple(service, peer, action)
  .map(([what, whom, then]) => ({ ...what, ...whom, action: then }));

const OPEN: WrittenRule = { action: 'ACCEPT', protocol: 'ALL', port: 'ALL', service: '', ...NO_PEER };
/** Without it nearly everything would be dropped at one of the two ends. */
const rules = (openInTen: number): fc.Arbitrary<readonly WrittenRule[]> =>
  fc
    .tuple(fc.array(rule, { minLength: 1, maxLength: 7 }), fc.integer({ min: 1, max: 10 }))
    .map(([list, dice]) => (dice <= openInTen ? [...list, OPEN] : list));

const groups = fc.tuple(
  ...GROUPS.map(
    (groupId): fc.Arbitrary<WrittenGroup> =>
      fc.record({ groupId: fc.constant(groupId), ingress: rules(2), egress: rules(5) }),
  ),
);

const templates = fc
  .tuple(
    ...ADDRESS_TEMPLATES.map(() =>
      fc
        .tuple(
          fc.array(cidr, { maxLength: 2 }),
          fc.constantFrom('10.0.0.1-10.0.0.2', '10.0.1.22-10.0.1.25', '10.0.1.24-10.0.1.31'),
        )
        .map(([networks, range]) => [...networks, range]),
    ),
    ...SERVICE_TEMPLATES.map(() =>
      fc.array(fc.constantFrom('TCP:80', 'TCP:443,8080', 'TCP:ALL', 'UDP:80-81', 'UDP:ALL', 'ICMP'), {
        minLength: 1,
        maxLength: 3,
      }),
    ),
  )
  .map((lists) =>
    Object.fromEntries([...ADDRESS_TEMPLATES, ...SERVICE_TEMPLATES].map((id, index) => [id, lists[index] ?? []])),
  );

const bindings = fc
  .tuple(
    ...eniIds.map(() =>
      fc.oneof(
        { weight: 7, arbitrary: fc.shuffledSubarray(GROUPS, { minLength: 1, maxLength: 3 }) },
        { weight: 1, arbitrary: fc.constant([]) },
      ),
    ),
  )
  .map((lists) => Object.fromEntries(eniIds.map((id, index) => [id, lists[index] ?? []])));

const subEniPods = pods.filter(({ network }) => network === 'sub-eni').map(({ name }) => name);
const MASQS: readonly TruthWorld['masq'][] = [
  { nonMasqueradeCIDRs: ['10.0.0.0/8'], nonMasqueradeSrcCIDRs: [] },
  // The Pods of the VPC see each other; machines see nodes.
  { nonMasqueradeCIDRs: [POD_SUBNET], nonMasqueradeSrcCIDRs: [] },
  { nonMasqueradeCIDRs: [POD_SUBNET], nonMasqueradeSrcCIDRs: ['10.0.1.20/30', '10.0.1.31/32'] },
  // Everything that leaves a Pod, its neighbours' addresses included.
  { nonMasqueradeCIDRs: ['172.16.0.0/12'], nonMasqueradeSrcCIDRs: ['10.0.1.22/32', '10.0.1.24/31'] },
  { nonMasqueradeCIDRs: ['0.0.0.0/0'], nonMasqueradeSrcCIDRs: [] },
];
const eips = fc
  .subarray([...pods.map(({ name }) => name), 'n1', 'n3'], { minLength: 3, maxLength: 7 })
  .map((names) => Object.fromEntries(names.map((name, index) => [name, `203.0.113.${10 + index}`])));
const nat = (subnetCidr: string, destination: string): FabricWayOut => ({
  subnetCidr,
  destination,
  kind: 'nat',
  natIp: NAT,
});
const byEip = (subnetCidr: string): FabricWayOut => ({ subnetCidr, destination: `${INTERNET_HOST}/32`, kind: 'eip' });
const WAYS_OUT: readonly (readonly FabricWayOut[])[] = [
  [],
  [nat(NODE_SUBNET, '0.0.0.0/0')],
  [nat(NODE_SUBNET, '0.0.0.0/0'), nat(POD_SUBNET, '0.0.0.0/0')],
  [nat(NODE_SUBNET, '0.0.0.0/0'), nat(POD_SUBNET, '0.0.0.0/0'), byEip(POD_SUBNET)],
  [nat(NODE_SUBNET, '192.88.0.0/16'), byEip(POD_SUBNET)],
];

/** What all flows of a world share is not left to chance: each of few kinds has its turn. */
const arbitraryWorld = (round: number): fc.Arbitrary<TruthWorld> =>
  fc.record({
    groups: groups.map((list) => [...list]),
    templates,
    bindings,
    strict: fc.subarray(subEniPods, { minLength: 1, maxLength: 4 }),
    earlyDemux: fc.constant({ tcp: round % 3 === 0, udp: round % 4 === 0 }),
    masq: fc.constant(turn(MASQS, round)),
    eips,
    waysOut: fc.constant(turn(WAYS_OUT, Math.floor(round / MASQS.length))),
  });

function turn<T>(list: readonly T[], round: number): T {
  const found = list[round % list.length];
  if (found === undefined) throw new Error('nothing to choose from');
  return found;
}

/** Every kind of masquerade with every kind of way out. */
export const ROUNDS = MASQS.length * WAYS_OUT.length;

const pairs = places.flatMap((from) =>
  places.flatMap((to) => {
    if (to === from) return [];
    const pair = [from.name, to.name] as const;
    const ofNode = [from, to].some((pod) => pod.kind === 'pod' && [from, to].some(({ name }) => name === pod.node));
    // Few pairs are such, and much hangs on their way.
    return ofNode || from.kind === 'internet' || to.kind === 'internet' ? [pair, pair] : [pair];
  }),
);

/** Each ordered pair of places, Pods with their own node and all with the internet twice, over some protocol and port. */
const arbitraryFlows: fc.Arbitrary<readonly TruthFlow[]> = fc
  .tuple(
    ...pairs.map(() =>
      fc.record({
        protocol: fc.constantFrom(
          'TCP' as const,
          'TCP' as const,
          'TCP' as const,
          'UDP' as const,
          'UDP' as const,
          'ICMP' as const,
        ),
        port: fc.constantFrom(...PORTS),
      }),
    ),
  )
  .map((list) => list.map((what, index) => ({ from: pairs[index]?.[0] ?? '', to: pairs[index]?.[1] ?? '', ...what })));

/** Worlds with their flows, always the same for the same seed. */
export const roundsOf = (seed: number): readonly (readonly [TruthWorld, readonly TruthFlow[]])[] =>
  Array.from({ length: ROUNDS }, (_, round) =>
    fc.sample(fc.tuple(arbitraryWorld(round), arbitraryFlows), { seed: seed + round, numRuns: 1 }),
  ).flat();
