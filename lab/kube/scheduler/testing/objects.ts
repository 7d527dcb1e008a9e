// Nodes and Pods for tests of the scheduler.
import type { Node } from '../../../../src/kube/resources.ts';
import { nodeInfo } from '../node-info.ts';
import type { Snapshot } from '../schedule.ts';
import type { SchedPod, SchedulingSpec } from '../view.ts';

/** Of 4 cpu, 8 GiB and 110 Pods, in a zone when one is named. */
export function testNode(name: string, zone?: string, allocatable: Record<string, string> = {}): Node {
  const labels = {
    'kubernetes.io/hostname': name,
    ...(zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone }),
  };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels },
    spec: {},
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...allocatable } },
  };
}

/** In namespace `default`, with its name as uid. */
export function testPod(
  name: string,
  spec: Partial<SchedulingSpec> & { readonly cpu?: string } = {},
  labels: Record<string, string> = {},
): SchedPod {
  const { cpu, ...rest } = spec;
  const resources = cpu === undefined ? {} : { requests: { cpu } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: name, labels },
    spec: { containers: [{ name: 'c', resources }], ...rest },
  };
}

/** Nodes with the Pods that are on them, by name of the node. */
export const testSnapshot = (
  nodes: readonly Node[],
  bound: Readonly<Record<string, readonly SchedPod[]>> = {},
): Snapshot => ({
  infos: nodes.map((node) => nodeInfo(node, bound[node.metadata.name] ?? [])),
});
