// Keeps the NoSchedule taints of Nodes as their conditions say: what is not ready takes no Pods, what is ready does.
import { createController, ownKey, watchOf } from '../../../../src/kube/controller.ts';
import { nodes } from '../../../../src/kube/resources.ts';
import type { Node } from '../../../../src/kube/resources.ts';
import type { Controller } from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';

const domain = 'node.kubernetes.io';
const READY: Readonly<Record<string, string>> = { False: `${domain}/not-ready`, Unknown: `${domain}/unreachable` };
const PRESSURE: Readonly<Record<string, string>> = {
  MemoryPressure: `${domain}/memory-pressure`,
  DiskPressure: `${domain}/disk-pressure`,
  PIDPressure: `${domain}/pid-pressure`,
  NetworkUnavailable: `${domain}/network-unavailable`,
};
const UNSCHEDULABLE = `${domain}/unschedulable`;
const MANAGED = new Set([...Object.values(READY), ...Object.values(PRESSURE), UNSCHEDULABLE]);

interface Taint {
  readonly key: string;
  readonly effect: string;
}

type TaintedNode = Node & { spec?: { taints?: Taint[]; unschedulable?: boolean } };

/** Source: doNoScheduleTaintingPass of pkg/controller/nodelifecycle of Kubernetes. Taints of others are left alone. */
export function createNodeTaintController({ client, clock, logger, informers }: ControllerDeps): Controller {
  return createController({
    name: 'node-taints',
    clock,
    logger,
    watches: [watchOf(informers.nodes, (change) => (change.type === 'deleted' ? [] : ownKey(change)))],
    reconcile: async (name) => {
      const node = informers.nodes.get(name) as TaintedNode | undefined;
      const taints = node && taintsFor(node);
      if (node === undefined || taints === undefined) return;
      const { resourceVersion } = node.metadata;
      const body = { metadata: { resourceVersion }, spec: { taints: taints.length === 0 ? null : taints } };
      await client.patch(nodes, name, { type: 'merge', body });
    },
  });
}

/** The taints that a node should have; `undefined` when it has them. */
export function taintsFor(node: TaintedNode): readonly Taint[] | undefined {
  const before = node.spec?.taints ?? [];
  const isManaged = ({ key, effect }: Taint): boolean => effect === 'NoSchedule' && MANAGED.has(key);
  const wanted = new Set(wantedKeys(node));
  const kept = before.filter((taint) => !isManaged(taint) || wanted.delete(taint.key));
  if (kept.length === before.length && wanted.size === 0) return undefined;
  return [...kept, ...[...wanted].map((key) => ({ key, effect: 'NoSchedule' }))];
}

function wantedKeys(node: TaintedNode): string[] {
  const conditions = node.status?.conditions ?? [];
  const ready = conditions.find(({ type }) => type === 'Ready')?.status;
  return [
    // Admission gives a new node the taint, and nothing takes it away before the kubelet has spoken.
    ...(ready === undefined
      ? [READY['False'] ?? ''].filter((key) => node.spec?.taints?.some((taint) => taint.key === key))
      : []),
    ...[READY[ready ?? '']].filter((key) => key !== undefined),
    ...conditions.filter(({ status }) => status === 'True').flatMap(({ type }) => PRESSURE[type] ?? []),
    ...(node.spec?.unschedulable === true ? [UNSCHEDULABLE] : []),
  ];
}
