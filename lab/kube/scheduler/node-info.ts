// What the scheduler knows of each node, kept as Pods and nodes come and go: sums are not made anew for each decision.
import type { Node } from '../../../src/kube/resources.ts';
import { quantityMilli } from './quantity.ts';
import { podRequests, scoringRequests } from './requests.ts';
import type { Resources } from './requests.ts';
import type { SchedPod } from './view.ts';

/** A node with what it offers and what is taken, in thousandths of each resource's unit. */
export interface NodeInfo {
  readonly name: string;
  readonly node: Node;
  readonly allocatable: Resources;
  readonly used: Resources;
  /** Cpu and memory with the little that Pods without requests count for. */
  readonly scoring: Resources;
  /** Those that are bound or assumed and have not ended; terminating ones still count. */
  readonly pods: readonly SchedPod[];
  /** Those of them that keep others away. */
  readonly repelling: readonly SchedPod[];
}

const repels = (pod: SchedPod): boolean =>
  (pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).length > 0;

/** A quantity that cannot be read counts as nothing offered. */
function readAllocatable(node: Node): Resources {
  const read = new Map<string, number>();
  for (const [name, text] of Object.entries(node.status?.allocatable ?? {})) {
    try {
      read.set(name, quantityMilli(text));
    } catch {
      read.set(name, 0);
    }
  }
  return read;
}

/** The node with exactly these Pods. */
export function nodeInfo(node: Node, pods: readonly SchedPod[], requestsOf = podRequests): NodeInfo {
  const used = new Map<string, number>();
  const scoring = new Map<string, number>();
  for (const requests of pods.map(requestsOf)) {
    shift(used, requests, 1);
    shift(scoring, scoringRequests(requests), 1);
  }
  return {
    name: node.metadata.name,
    node,
    allocatable: readAllocatable(node),
    used,
    scoring,
    pods,
    repelling: pods.filter(repels),
  };
}

/** The same node as if some of its Pods were not there. */
export const withoutPods = (info: NodeInfo, gone: ReadonlySet<SchedPod>): NodeInfo =>
  nodeInfo(
    info.node,
    info.pods.filter((pod) => !gone.has(pod)),
  );

/** The same node as if these Pods were there as well. */
export const withPods = (info: NodeInfo, more: readonly SchedPod[]): NodeInfo =>
  more.length === 0 ? info : nodeInfo(info.node, [...info.pods, ...more]);

function shift(total: Map<string, number>, requests: Resources, sign: 1 | -1): void {
  for (const [name, amount] of requests) total.set(name, (total.get(name) ?? 0) + sign * amount);
}

export interface NodeCache {
  setNode(node: Node): void;
  removeNode(name: string): void;
  /** Puts a Pod on a node, in place of what was known of it; told apart by uid. */
  setPod(pod: SchedPod, node: string): void;
  removePod(pod: SchedPod): void;
  /** Sorted by name; nodes alone, without Pods of nodes that are not known. */
  infos(): readonly NodeInfo[];
}

interface Entry {
  node: Node | undefined;
  allocatable: Resources;
  readonly used: Map<string, number>;
  readonly scoring: Map<string, number>;
  readonly pods: Map<string, SchedPod>;
  info: NodeInfo | undefined;
}

/** Empty at first. A Pod may come before its node. */
export function createNodeCache(): NodeCache {
  const entries = new Map<string, Entry>();
  const placed = new Map<string, { readonly node: string; readonly requests: Resources }>();
  let sorted: readonly Entry[] | undefined;
  const entryOf = (name: string): Entry => {
    const known = entries.get(name);
    if (known !== undefined) return known;
    const fresh: Entry = {
      node: undefined,
      allocatable: new Map(),
      used: new Map(),
      scoring: new Map(),
      pods: new Map(),
      info: undefined,
    };
    entries.set(name, fresh);
    return fresh;
  };
  const dropIfEmpty = (name: string): void => {
    const entry = entries.get(name);
    if (entry?.node === undefined && entry?.pods.size === 0) entries.delete(name);
  };
  const removePod = (pod: SchedPod): void => {
    const uid = pod.metadata.uid ?? '';
    const place = placed.get(uid);
    if (place === undefined) return;
    placed.delete(uid);
    const entry = entryOf(place.node);
    shift(entry.used, place.requests, -1);
    shift(entry.scoring, scoringRequests(place.requests), -1);
    entry.pods.delete(uid);
    entry.info = undefined;
    dropIfEmpty(place.node);
  };
  return {
    setNode: (node) => {
      const entry = entryOf(node.metadata.name);
      if (entry.node === undefined) sorted = undefined;
      entry.node = node;
      entry.allocatable = readAllocatable(node);
      entry.info = undefined;
    },
    removeNode: (name) => {
      const entry = entryOf(name);
      entry.node = undefined;
      entry.info = undefined;
      sorted = undefined;
      dropIfEmpty(name);
    },
    removePod,
    setPod: (pod, node) => {
      removePod(pod);
      const uid = pod.metadata.uid ?? '';
      const requests = podRequests(pod);
      const entry = entryOf(node);
      placed.set(uid, { node, requests });
      shift(entry.used, requests, 1);
      shift(entry.scoring, scoringRequests(requests), 1);
      entry.pods.set(uid, pod);
      entry.info = undefined;
    },
    infos: () => {
      sorted ??= [...entries]
        .filter(([, entry]) => entry.node !== undefined)
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .map(([, entry]) => entry);
      return sorted.flatMap((entry) => {
        const { node } = entry;
        if (node === undefined) return [];
        const pods = entry.info?.pods ?? [...entry.pods.values()];
        entry.info ??= {
          name: node.metadata.name,
          node,
          allocatable: entry.allocatable,
          used: new Map(entry.used),
          scoring: new Map(entry.scoring),
          pods,
          repelling: pods.filter(repels),
        };
        return [entry.info];
      });
    },
  };
}
