// The scheduler's decision: filters, scores and words.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Node } from '../../../src/kube/resources.ts';
import { resourceNames } from '../../../src/api/keys.ts';
import type { LabPod } from '../kubelet/pod-view.ts';
import { podRequests } from './requests.ts';
import { quantityMilli } from './quantity.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { decide } from './cycle.ts';
import type { Decision } from './cycle.ts';
import { nodeInfo } from './node-info.ts';
import type { Snapshot } from './schedule.ts';
import type { SchedPod } from './view.ts';

const SUB_ENI = resourceNames.subEni;

function node(
  name: string,
  allocatable: Record<string, string> = {},
  extra: Partial<NonNullable<Node['spec']>> = {},
): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    spec: extra,
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...allocatable } },
  };
}

function pod(requests: Record<string, string> = {}, spec: Partial<LabPod['spec']> = {}, owner?: string): LabPod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'p',
      namespace: 'default',
      ...(owner === undefined
        ? {}
        : {
            ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true }],
          }),
    },
    spec: { containers: [{ name: 'c', resources: { requests } }], ...spec },
  };
}

const none = new Map<string, readonly LabPod[]>();
const controlPlane = { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] };

const snapshot = (nodes: readonly Node[], bound: ReadonlyMap<string, readonly SchedPod[]>): Snapshot => ({
  infos: nodes.map((each) => nodeInfo(each, bound.get(each.metadata.name) ?? [])),
});

const schedule = (
  wanted: SchedPod,
  nodes: readonly Node[],
  bound: ReadonlyMap<string, readonly SchedPod[]>,
): Promise<Decision> => decide(wanted, snapshot(nodes, bound), [], silentLogger);

describe('schedule', () => {
  it('tells each reason with the number of nodes it holds for, sorted, in the usual words', async () => {
    const nodes = [node('cp', {}, controlPlane), node('a'), node('b'), node('c', { cpu: '500m', [SUB_ENI]: '9' })];
    const decision = await schedule(pod({ [SUB_ENI]: '1', cpu: '1' }), nodes, none);
    expect(decision).toEqual({
      kind: 'unschedulable',
      message: `0/4 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 Insufficient ${SUB_ENI}. preemption: 0/4 nodes are available: 1 Preemption is not helpful for scheduling, 3 No preemption victims found for incoming pod.`,
      waitsForVictims: false,
    });
  });

  it('says so when there is no node at all', async () => {
    expect(await schedule(pod(), [], none)).toEqual({
      kind: 'unschedulable',
      message: 'no nodes available to schedule pods',
      waitsForVictims: false,
    });
  });

  it('counts what is bound against an extended resource', async () => {
    const nodes = [node('a', { [SUB_ENI]: '1' })];
    const wanted = pod({ [SUB_ENI]: '1' });
    expect(await schedule(wanted, nodes, none)).toEqual({ kind: 'bind', node: 'a' });
    expect(await schedule(wanted, nodes, new Map([['a', [wanted]]]))).toMatchObject({ kind: 'unschedulable' });
  });

  it('binds past a taint that the Pod tolerates, and to the node that its affinity names', async () => {
    const spec: Partial<LabPod['spec']> = {
      tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' }],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['cp'] }] }],
          },
        },
      },
    };
    expect(await schedule(pod({}, spec), [node('a'), node('cp', {}, controlPlane)], none)).toEqual({
      kind: 'bind',
      node: 'cp',
    });
  });

  it('refuses a cordoned node and a selector that no node has', async () => {
    const decision = await schedule(
      pod({}, { nodeSelector: { zone: 'x' } }),
      [node('a', {}, { unschedulable: true }), node('b')],
      none,
    );
    expect(decision).toMatchObject({
      message:
        "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) were unschedulable. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
    });
  });

  it('spreads Pods of one owner', async () => {
    const mine = pod({ cpu: '100m' }, {}, 'rs');
    const other = pod({ cpu: '3' }, {}, 'another');
    const bound = new Map([
      ['a', [mine]],
      ['b', [other]],
    ]);
    expect(await schedule(mine, [node('a'), node('b')], bound)).toEqual({ kind: 'bind', node: 'b' });
  });

  it('never overcommits an extended resource, whatever the order of arrival', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 12 }),
        async (capacities, wishes) => {
          const nodes = capacities.map((capacity, index) => node(`n${index}`, { [SUB_ENI]: String(capacity) }));
          const bound = new Map<string, LabPod[]>(nodes.map(({ metadata }) => [metadata.name, []]));
          for (const wish of wishes) {
            const wanted = pod({ [SUB_ENI]: String(wish) });
            const free = [...bound].map(([name, pods], index) => ({
              name,
              free: (capacities[index] ?? 0) - used(pods),
            }));
            const decision = await schedule(wanted, nodes, bound);
            expect(decision.kind === 'bind').toBe(free.some((each) => each.free >= wish));
            if (decision.kind === 'bind') bound.get(decision.node)?.push(wanted);
          }
          for (const [index, pods] of [...bound.values()].entries())
            expect(used(pods)).toBeLessThanOrEqual(capacities[index] ?? 0);
        },
      ),
      { numRuns: 60 },
    );
  });
});

const used = (pods: readonly LabPod[]): number =>
  pods.reduce((sum, each) => sum + (podRequests(each).get(SUB_ENI) ?? 0) / 1000, 0);

describe('podRequests', () => {
  it('takes the sum of containers or the largest init container, overhead on top, limits where requests are missing', () => {
    const requests = podRequests(
      pod(
        {},
        {
          containers: [
            { name: 'a', resources: { requests: { cpu: '500m' } } },
            { name: 'b', resources: { limits: { cpu: '250m', memory: '1Gi' } } },
          ],
          initContainers: [{ name: 'i', resources: { requests: { cpu: '1' } } }],
          overhead: { cpu: '10m' },
        },
      ),
    );
    expect(Object.fromEntries(requests)).toEqual({ cpu: 1010, memory: 1024 ** 3 * 1000, pods: 1000 });
  });
});

describe('quantityMilli', () => {
  it.each([
    ['500m', 500],
    ['2', 2000],
    ['1Ki', 1_024_000],
    ['1e3', 1_000_000],
    ['0.1', 100],
    ['1n', 1],
  ])('reads %s', (text, milli) => expect(quantityMilli(text)).toBe(milli));

  it('refuses what is no quantity, naming it', () => {
    expect(() => quantityMilli('2 GB')).toThrow('"2 GB" is not a resource quantity');
  });
});
