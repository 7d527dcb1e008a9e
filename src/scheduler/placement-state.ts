// What the extender knows of nodes, addresses and claims, kept current by informers; and the bindings that it sent and that no watch shows yet.
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import { annotations, labels, objectNames } from '../api/keys.ts';
import { vpcIpClaims } from '../api/vpc-ip-claim.ts';
import { vpcIps } from '../api/vpc-ip.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { createInformer } from '../kube/informer.ts';
import { configMaps, nodes as nodeResource, pods as podResource } from '../kube/resources.ts';
import type { Informer, KubeClient } from '../kube/types.ts';
import type { PlacementNode, PlacementSubnets } from '../planning/placement.ts';
import { createPlacementWorld } from '../planning/placement-world.ts';
import { nodeSubnetIds } from '../planning/subnet-choice.ts';
import { createSubnetLedger, type KnownSubnet } from './subnet-ledger.ts';
import type { AddressView, ClaimView, NodeEnisView, NodeView, PodView } from './views.ts';
import { projectAddress, projectClaim, projectNode, projectNodeEnis, projectPod } from './views.ts';

export interface Look {
  readonly subnets: readonly KnownSubnet[];
  readonly world: PlacementSubnets;
  /** `undefined`: no Node of the name, or ipamd has not said yet what it may have. */
  node(name: string): PlacementNode | undefined;
  isSuper(name: string): boolean;
}

export interface PlacementState {
  readonly informers: readonly Informer<unknown>[];
  /** False until every informer has a complete list. */
  readonly synced: boolean;
  /** Whether static IP mode is in force; a mode that ipamd keeps in force counts before the value. */
  servesStatic(): boolean;
  /** A view of this moment; to be used before anything else is awaited. */
  look(): Look;
  claim(namespace: string, name: string): ClaimView | undefined;
  address(ip: string): AddressView | undefined;
  /** A binding that is being sent: the Pod counts at the node from now on. The answer takes it back, for one that failed. */
  reserve(podUid: string, nodeName: string): () => void;
}

export interface PlacementStateOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A binding that the API accepted and no watch has shown after this long is forgotten: the Pod was gone by then. */
const RESERVATION_MS = 60_000;

/** Nothing is read before the informers run, which is the caller's part. */
export function createPlacementState(options: PlacementStateOptions): PlacementState {
  const { clock } = options;
  const pods = createInformer({
    ...options,
    resource: podResource,
    project: projectPod,
    indexes: { uid: (pod) => [pod.metadata.uid ?? ''] },
  });
  const nodes = createInformer({ ...options, resource: nodeResource, project: projectNode });
  const necs = createInformer({ ...options, resource: nodeEniConfigs, project: projectNodeEnis });
  const claims = createInformer({ ...options, resource: vpcIpClaims, project: projectClaim });
  const addresses = createInformer({
    ...options,
    resource: vpcIps,
    project: projectAddress,
    indexes: {
      node: ({ nodeName }: AddressView) => (nodeName === undefined ? [] : [nodeName]),
      pod: ({ podUid }: AddressView) => (podUid === undefined ? [] : [podUid]),
    },
  });
  const report = createInformer({
    ...options,
    resource: configMaps,
    namespace: objectNames.systemNamespace,
    fieldSelector: `metadata.name=${objectNames.subnets}`,
  });
  const values = createInformer({
    ...options,
    resource: configMaps,
    namespace: objectNames.systemNamespace,
    fieldSelector: `metadata.name=${objectNames.addonValues}`,
  });
  const informers = [pods, nodes, necs, claims, addresses, report, values] as Informer<unknown>[];
  const ledger = createSubnetLedger(clock, addresses, report);
  /** Uids of Pods that are bound and have no address yet, by node. */
  const waiting = new Map<string, Set<string>>();
  const waitsAt = new Map<string, string>();
  const reserved = new Map<string, { readonly node: string; readonly until: number }>();

  const stopWaiting = (podUid: string): void => {
    const node = waitsAt.get(podUid);
    if (node === undefined) return;
    waitsAt.delete(podUid);
    const all = waiting.get(node);
    all?.delete(podUid);
    if (all?.size === 0) waiting.delete(node);
  };
  const judgePod = (pod: PodView | undefined): void => {
    const podUid = pod?.metadata.uid ?? '';
    if (pod?.nodeName === undefined || !pod.shares || addresses.byIndex('pod', podUid).length > 0)
      return stopWaiting(podUid);
    if (waitsAt.get(podUid) === pod.nodeName) return;
    stopWaiting(podUid);
    waitsAt.set(podUid, pod.nodeName);
    const all = waiting.get(pod.nodeName);
    if (all === undefined) waiting.set(pod.nodeName, new Set([podUid]));
    else all.add(podUid);
  };
  pods.onChange(({ before, after }) => {
    if (before !== undefined && before.metadata.uid !== after?.metadata.uid) stopWaiting(before.metadata.uid ?? '');
    if (after?.nodeName !== undefined) reserved.delete(after.metadata.uid ?? '');
    if (after !== undefined) judgePod(after);
  });
  addresses.onChange(({ before, after }) => {
    if (before?.podUid === after?.podUid) return;
    for (const podUid of [before?.podUid, after?.podUid])
      if (podUid !== undefined) judgePod(pods.byIndex('uid', podUid)[0]);
  });

  const waitingAt = (name: string): number => {
    let count = waiting.get(name)?.size ?? 0;
    for (const [podUid, { node, until }] of reserved)
      if (until < clock.monotonicMs()) reserved.delete(podUid);
      else if (node === name && waitsAt.get(podUid) !== name) count += 1;
    return count;
  };
  const node = (name: string, subnetIds: readonly string[]): PlacementNode | undefined => {
    const [view, nec] = [nodes.get(name), necs.get(name)];
    if (view === undefined || nec === undefined) return undefined;
    return placementNode({ view, nec, subnetIds, held: addresses.byIndex('node', name), waiting: waitingAt(name) });
  };
  return {
    informers,
    get synced() {
      return informers.every(({ hasSynced }) => hasSynced);
    },
    servesStatic: () => {
      const map = values.list()[0];
      return (map?.metadata.annotations?.[annotations.ipModeInForce] ?? map?.data?.['vpcCni.ipMode']) === 'static';
    },
    look: () => {
      const subnets = ledger.subnets();
      const subnetIds = subnets.filter(({ container }) => container).map(({ subnetId }) => subnetId);
      const names = new Set([...waiting.keys(), ...[...reserved.values()].map((each) => each.node)]);
      return {
        subnets,
        world: createPlacementWorld(
          [...names].flatMap((name) => node(name, subnetIds) ?? []),
          subnets,
        ),
        node: (name) => node(name, subnetIds),
        isSuper: (name) => nodes.get(name)?.isSuper === true,
      };
    },
    claim: (namespace, name) => claims.get(`${namespace}/${name}`),
    address: (ip) => addresses.get(ip),
    reserve: (podUid, nodeName) => {
      reserved.set(podUid, { node: nodeName, until: clock.monotonicMs() + RESERVATION_MS });
      return () => void reserved.delete(podUid);
    },
  };
}

function placementNode(parts: {
  readonly view: NodeView;
  readonly nec: NodeEnisView;
  readonly held: readonly AddressView[];
  readonly waiting: number;
  readonly subnetIds: readonly string[];
}): PlacementNode {
  const { view, nec, held, waiting } = parts;
  const onEni = new Map<string, number>(nec.enis.map(({ eniId }) => [eniId, 0]));
  let elsewhere = 0;
  for (const { eniId = '' } of held) {
    const count = onEni.get(eniId);
    if (count === undefined) elsewhere += 1;
    else onEni.set(eniId, count + 1);
  }
  const marks = view.subnetLabel === undefined ? {} : { [labels.routeEniSubnetIds]: view.subnetLabel };
  return {
    name: view.metadata.name,
    zone: view.zone,
    quota: nec.quota,
    maxENI: nec.maxENI,
    maxIPPerENI: nec.maxIPPerENI,
    enis: nec.enis.map(({ eniId, subnetId }) => ({ subnetId, addresses: onEni.get(eniId) ?? 0 })),
    subnetIds: nodeSubnetIds(marks, parts.subnetIds),
    // An address that is on its way to the node counts like a Pod that waits.
    waiting: waiting + elsewhere,
  };
}
