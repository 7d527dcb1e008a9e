// Where Pods may be relative to each other: the behaviours that the conformance suite's SchedulerPredicates and Kubernetes' own tests name.
import { describe, expect, it } from 'vitest';

import { findFeasible } from './schedule.ts';
import { testNode, testPod, testSnapshot } from './testing/objects.ts';
import type { PodAffinityTerm, SchedPod } from './view.ts';

const ZONE = 'topology.kubernetes.io/zone';
const nodes = [testNode('a1', 'a'), testNode('a2', 'a'), testNode('b1', 'b'), testNode('bare')];

const names = (pod: SchedPod, bound: Readonly<Record<string, readonly SchedPod[]>> = {}): string[] =>
  findFeasible(pod, testSnapshot(nodes, bound)).feasible.map(({ name }) => name);

const reason = (pod: SchedPod, node: string, bound: Readonly<Record<string, readonly SchedPod[]>>): unknown =>
  findFeasible(pod, testSnapshot(nodes, bound)).refusals.get(node)?.reasons[0];

const term = (app: string, more: Partial<PodAffinityTerm> = {}): PodAffinityTerm => ({
  topologyKey: ZONE,
  labelSelector: { matchLabels: { app } },
  ...more,
});
type Affinity = NonNullable<SchedPod['spec']['affinity']>;
const near = (...terms: PodAffinityTerm[]): Affinity => ({
  podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms },
});
const away = (...terms: PodAffinityTerm[]): Affinity => ({
  podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms },
});

describe('required Pod affinity', () => {
  it('leaves the nodes of the topology in which such a Pod runs', () => {
    const pod = testPod('p', { affinity: near(term('db')) });
    const bound = { a2: [testPod('db', {}, { app: 'db' })] };
    expect(names(pod, bound)).toEqual(['a1', 'a2']);
    expect(reason(pod, 'b1', bound)).toBe("node(s) didn't match pod affinity rules");
  });

  it('lets the first Pod of a group that wants its own kind go anywhere with the label', () => {
    expect(names(testPod('p', { affinity: near(term('web')) }, { app: 'web' }))).toEqual(['a1', 'a2', 'b1']);
    expect(names(testPod('p', { affinity: near(term('web')) }, { app: 'other' }))).toEqual([]);
  });

  it('means Pods of its own namespace unless others are named', () => {
    const stranger = testPod('db', {}, { app: 'db' });
    stranger.metadata.namespace = 'other';
    const bound = { b1: [stranger] };
    expect(names(testPod('p', { affinity: near(term('db')) }), bound)).toEqual([]);
    expect(names(testPod('p', { affinity: near(term('db', { namespaces: ['other'] })) }), bound)).toEqual(['b1']);
    expect(names(testPod('p', { affinity: near(term('db', { namespaceSelector: {} })) }), bound)).toEqual(['b1']);
  });
});

describe('required Pod anti-affinity', () => {
  it('keeps the Pod from the topology of those it names', () => {
    const bound = { a1: [testPod('db', {}, { app: 'db' })] };
    const pod = testPod('p', { affinity: away(term('db')) });
    expect(names(pod, bound)).toEqual(['b1', 'bare']);
    expect(reason(pod, 'a2', bound)).toBe("node(s) didn't match pod anti-affinity rules");
  });

  it('of a running Pod keeps others away', () => {
    const bound = { a1: [testPod('shy', { affinity: away(term('web')) })] };
    const pod = testPod('p', {}, { app: 'web' });
    expect(names(pod, bound)).toEqual(['b1', 'bare']);
    expect(reason(pod, 'a2', bound)).toBe("node(s) didn't satisfy existing pods anti-affinity rules");
  });
});

describe('topologySpreadConstraints with DoNotSchedule', () => {
  const constraint = { maxSkew: 1, topologyKey: ZONE, whenUnsatisfiable: 'DoNotSchedule' };
  const labelSelector = { matchLabels: { app: 'web' } };
  const web = (name: string): SchedPod => testPod(name, {}, { app: 'web' });
  const pod = testPod('p', { topologySpreadConstraints: [{ ...constraint, labelSelector }] }, { app: 'web' });

  it('sends the Pod to the zone with the fewest', () => {
    const bound = { a1: [web('w1')], a2: [] };
    expect(names(pod, bound)).toEqual(['b1']);
    expect(reason(pod, 'a2', bound)).toBe("node(s) didn't match pod topology spread constraints");
    expect(reason(pod, 'bare', bound)).toBe(
      "node(s) didn't match pod topology spread constraints (missing required label)",
    );
  });

  it('lets it go anywhere when all zones have the same', () => {
    expect(names(pod, { a1: [web('w1')], b1: [web('w2')] })).toEqual(['a1', 'a2', 'b1']);
  });

  it('does not count zones that the Pod does not select', () => {
    const picky = { ...pod, spec: { ...pod.spec, nodeSelector: { [ZONE]: 'a' } } };
    expect(names(picky, { a1: [web('w1'), web('w3')] })).toEqual(['a1', 'a2']);
  });

  it('counts missing domains as empty ones', () => {
    const many = testPod(
      'p',
      { topologySpreadConstraints: [{ ...constraint, labelSelector, minDomains: 3 }] },
      { app: 'web' },
    );
    expect(names(many, { a1: [web('w1')], b1: [web('w2')] })).toEqual([]);
  });
});

describe('the node itself', () => {
  it('is not shared by two Pods with the same hostPort, unless protocol or address differ', () => {
    const ports = (more: object): Partial<SchedPod['spec']> => ({
      containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 8080, ...more }] }],
    });
    const bound = { a1: [testPod('one', ports({ hostIP: '127.0.0.1' }))] };
    const refused = testPod('p', ports({}));
    expect(reason(refused, 'a1', bound)).toBe("node(s) didn't have free ports for the requested pod ports");
    expect(names(testPod('p', ports({ protocol: 'UDP' })), bound)).toContain('a1');
    expect(names(testPod('p', ports({ hostIP: '127.0.0.2' })), bound)).toContain('a1');
  });

  it('named by metadata.name is the only one asked', () => {
    const pod = testPod('p', {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b1'] }] }],
          },
        },
      },
    });
    expect(names(pod)).toEqual(['b1']);
    expect(reason(pod, 'a1', {})).toBe("node(s) didn't satisfy plugin(s) [NodeAffinity]");
  });
});
