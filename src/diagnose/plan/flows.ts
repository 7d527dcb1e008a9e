// Which connections between workloads would open or close, for every pair and every port that the called one listens on. Pure.
import type { EnforcingMode } from '../../api/vpc-eni.ts';
import { parseAddress } from '../../securitygroup/address.ts';
import { type GroupIndex, indexGroups } from '../../securitygroup/indexed-groups.ts';
import { allPairs, type PairCount } from '../../securitygroup/many-flows.ts';
import type { SecurityGroup } from '../../securitygroup/rule.ts';
import type { PodNetworkKind } from '../explain/pod-network.ts';
import type { ClusterPicture } from '../picture/picture.ts';
import { type PastGroups, pastGroups, type PlacedParty } from './near-pairs.ts';
import type { PodChange, PodStanding } from './pod-groups.ts';

export interface AskedPort {
  readonly protocol: 'TCP' | 'UDP';
  readonly port: number;
}

export interface FlowChange extends AskedPort {
  readonly from: string;
  readonly to: string;
  /** Pairs of Pods. */
  readonly before: PairCount;
  readonly after: PairCount;
  readonly change: 'opens' | 'closes' | 'opens-some' | 'closes-some';
}

export interface FlowPlan {
  readonly changes: readonly FlowChange[];
  readonly portsAsked: number;
  readonly workloads: number;
  /** Groups whose rules are not known or not understood; Pods that have one are left out. */
  readonly unknownGroups: readonly string[];
  readonly podsLeftOut: number;
}

export interface FlowInput {
  readonly before: ClusterPicture;
  readonly after: ClusterPicture;
  readonly pods: readonly PodStanding[];
  readonly changes: readonly PodChange[];
  /** Routing of Pods that would get a sub-ENI. */
  readonly routing: EnforcingMode;
  /** Beside what containers declare, asked of every workload. */
  readonly ports: readonly AskedPort[];
}

/** Pods of the changed kind count as rebuilt, on the nodes and with the addresses that they have now. */
export function flowPlan(input: FlowInput): FlowPlan {
  const { before, after, pods, changes } = input;
  const next = new Map(changes.map((change) => [change.pod, change.after]));
  const rebuilt = new Map(changes.flatMap((change) => (change.when === 'rebuilt' ? [[change.pod, change.to]] : [])));
  const known = { before: understood(before), after: understood(after) };
  const unknownGroups = new Set<string>();
  const parties = { before: [] as PlacedParty[], after: [] as PlacedParty[] };
  let podsLeftOut = 0;
  for (const { name, workload, network, groups } of pods) {
    const address = parseAddress(network.addresses[0] ?? '');
    const later = next.get(name) ?? groups;
    if (address === undefined) continue;
    const missing = [...(groups ?? []), ...(later ?? [])].filter((id) => !known.before.has(id) || !known.after.has(id));
    for (const id of missing) if (!known.after.has(id) || groups?.includes(id) === true) unknownGroups.add(id);
    if (groups === undefined || later === undefined || missing.some((id) => unknownGroups.has(id))) {
      podsLeftOut += 1;
      continue;
    }
    const near = nearOf(network.kind, network.routing, network.node);
    const kind = rebuilt.get(name);
    const nearLater = kind === undefined ? near : nearOf(kind, input.routing, network.node);
    parties.before.push({ workload, address, groups, near });
    parties.after.push({ workload, address, groups: later, near: nearLater });
  }
  const indexes = {
    before: indexOf(before, known.before, new Map()),
    after: indexOf(after, known.after, addressesAfter(pods, next)),
  };
  const listens = listeners(input);
  const past = { before: pastGroups(indexes.before, parties.before), after: pastGroups(indexes.after, parties.after) };
  const flows = [...listens.values()].flatMap(({ asked, workloads }) =>
    changesOn(asked, workloads, { parties, indexes, past }),
  );
  return {
    changes: flows,
    portsAsked: listens.size,
    workloads: new Set(parties.before.map(({ workload }) => workload)).size,
    unknownGroups: [...unknownGroups].toSorted(),
    podsLeftOut,
  };
}

/** The node inside which standard routing keeps what its Pods say to each other. */
function nearOf(kind: PodNetworkKind, routing: EnforcingMode = 'standard', node?: string): string | undefined {
  return kind === 'shared' || (kind === 'sub-eni' && routing === 'standard') ? node : undefined;
}

function understood({ cloud }: ClusterPicture): ReadonlyMap<string, SecurityGroup> {
  return new Map(
    [...(cloud?.groups.values() ?? [])].flatMap(({ groupId, rules }) =>
      rules.ok ? [[groupId, rules.value] as const] : [],
    ),
  );
}

/** Groups by address, of Pods that change. */
function addressesAfter(
  pods: readonly PodStanding[],
  next: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, readonly string[]> {
  return new Map(
    pods.flatMap(({ name, network }) => {
      const groups = next.get(name);
      const [address] = network.addresses;
      return groups === undefined || address === undefined ? [] : [[address, groups] as const];
    }),
  );
}

function indexOf(
  { cloud }: ClusterPicture,
  groups: ReadonlyMap<string, SecurityGroup>,
  changed: ReadonlyMap<string, readonly string[]>,
): GroupIndex {
  const members = (cloud?.enis ?? []).flatMap((eni) =>
    eni.addresses.flatMap(({ ip }) => {
      const address = parseAddress(ip);
      return address === undefined
        ? []
        : (changed.get(ip) ?? eni.securityGroups).map((groupId) => ({ groupId, address }));
    }),
  );
  return indexGroups({ groups: groups.values(), members });
}

/** By port: the workloads that listen there, as their containers declare. */
function listeners({
  pods,
  ports,
}: FlowInput): ReadonlyMap<string, { readonly asked: AskedPort; readonly workloads: ReadonlySet<string> }> {
  const found = new Map<string, { asked: AskedPort; workloads: Set<string> }>();
  const add = (asked: AskedPort, workload: string): void => {
    const key = `${asked.protocol} ${asked.port}`;
    const entry = found.get(key) ?? { asked, workloads: new Set() };
    found.set(key, entry);
    entry.workloads.add(workload);
  };
  for (const { pod, workload } of pods) {
    for (const asked of ports) add(asked, workload);
    for (const container of pod.spec.containers)
      for (const { containerPort, protocol = 'TCP' } of container.ports ?? [])
        if (protocol === 'TCP' || protocol === 'UDP') add({ protocol, port: containerPort }, workload);
  }
  return found;
}

interface Both<T> {
  readonly before: T;
  readonly after: T;
}

interface Sides {
  readonly parties: Both<readonly PlacedParty[]>;
  readonly indexes: Both<GroupIndex>;
  readonly past: Both<PastGroups>;
}

function changesOn(
  asked: AskedPort,
  targets: ReadonlySet<string>,
  { parties, indexes, past }: Sides,
): readonly FlowChange[] {
  const { protocol, port } = asked;
  const before = allPairs(indexes.before, parties.before, { protocol, port });
  const after = allPairs(indexes.after, parties.after, { protocol, port });
  const found: FlowChange[] = [];
  for (const from of before.workloads)
    for (const to of targets) {
      const was = past.before(from, to, asked, before.flows(from, to));
      const is = past.after(from, to, asked, after.flows(from, to));
      if (was.open === is.open) continue;
      const change =
        is.open > was.open
          ? is.open === is.of && was.open === 0
            ? 'opens'
            : 'opens-some'
          : is.open === 0 && was.open === was.of
            ? 'closes'
            : 'closes-some';
      found.push({ from, to, protocol, port, before: was, after: is, change });
    }
  return found;
}
