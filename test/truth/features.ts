// Which features of the rule language and of the data plane a flow's outcome hangs on. Pure.
import type { DecidingRule, Trace } from '../../src/diagnose/trace/trace.ts';
import { type ReadWorld, read, traceOf } from './reading.ts';
import type { TruthFlow, TruthWorld, WrittenRule } from './world.ts';

export const features = [
  'ordered groups',
  'DROP before ACCEPT',
  'group peers',
  'templates',
  'egress',
  'strict',
  'standard',
  'EIP',
  'SNAT',
  'ICMP',
  'UDP',
] as const;
export type Feature = (typeof features)[number];

/** Says of each flow of one world the features without which it would have gone otherwise, or whose rule decided it. */
export function featureFinder(world: ReadWorld): (flow: TruthFlow, trace: Trace) => readonly Feature[] {
  const others = new Map<string, ReadWorld>();
  const other = (key: string, change: Partial<TruthWorld>): ReadWorld => {
    const found = others.get(key) ?? read(world.reading, { ...world.world, ...change }, world);
    others.set(key, found);
    return found;
  };
  const { bindings, eips, masq } = world.world;
  const turned = Object.fromEntries(Object.entries(bindings).map(([id, groups]) => [id, groups.toReversed()]));

  return (flow, trace) => {
    const differs = (key: string, change: Partial<TruthWorld>): boolean => {
      const there = traceOf(other(key, change), flow);
      return there?.verdict !== trace.verdict || there.sourceSeen !== trace.sourceSeen;
    };
    const deciding = decidingHops(trace);
    const rules = deciding.map(({ rule }) => writtenRule(world.world, rule));
    const [last] = deciding;
    const dropped = trace.verdict === 'dropped' ? last : undefined;
    const applies: Record<Feature, () => boolean> = {
      'ordered groups': () => differs('turned', { bindings: turned }),
      'DROP before ACCEPT': () => dropped !== undefined && hidesAccept(world, flow, dropped.rule),
      'group peers': () => rules.some(({ peerGroup }) => peerGroup !== ''),
      templates: () => rules.some(({ addressTemplate, service }) => addressTemplate !== '' || service !== ''),
      egress: () => trace.hops.some(({ where, verdict }) => where === 'source-groups' && verdict === 'drop'),
      strict: () => differs('no strict', { strict: [] }),
      standard: () =>
        differs(`strict ${flow.from} ${flow.to}`, { strict: [...world.world.strict, flow.from, flow.to] }),
      EIP: () =>
        flow.from === 'internet' ||
        differs(`no EIP ${flow.from}`, {
          eips: Object.fromEntries(Object.entries(eips).filter(([name]) => name !== flow.from)),
        }),
      SNAT: () => differs('no SNAT', { masq: { ...masq, nonMasqueradeCIDRs: ['0.0.0.0/0'] } }),
      ICMP: () => rules.some(({ protocol }) => protocol === 'ICMP'),
      UDP: () => rules.some(({ protocol }) => protocol === 'UDP'),
    };
    return features.filter((feature) => applies[feature]());
  };
}

interface Deciding {
  readonly rule: DecidingRule;
}

/** Of a dropped flow the rule that dropped it; of a delivered one those that let it out and in. */
function decidingHops({ hops, verdict }: Trace): readonly Deciding[] {
  return hops.flatMap(({ rule, verdict: passed }) =>
    typeof rule === 'object' && (passed === 'drop') === (verdict === 'dropped') ? [{ rule }] : [],
  );
}

function writtenRule(world: TruthWorld, { groupId, direction, index }: DecidingRule): WrittenRule {
  const rule = world.groups.find((group) => group.groupId === groupId)?.[direction][index];
  if (rule === undefined) throw new Error(`${groupId} has no ${direction} rule ${index}`);
  return rule;
}

/** Without the rule that dropped it the same groups would have let it pass. */
function hidesAccept(before: ReadWorld, flow: TruthFlow, { groupId, direction, index }: DecidingRule): boolean {
  const groups = before.world.groups.map((group) =>
    group.groupId === groupId
      ? { ...group, [direction]: group[direction].filter((_, place) => place !== index) }
      : group,
  );
  const trace = traceOf(read(before.reading, { ...before.world, groups }, before), flow);
  const where = direction === 'egress' ? 'source-groups' : 'target-groups';
  return (
    trace?.hops.some((hop) => hop.where === where && hop.verdict === 'pass' && typeof hop.rule === 'object') === true
  );
}
