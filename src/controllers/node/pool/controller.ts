// Keeps the shared addresses of each node where its Pods need them: looks, plans, and takes the next steps (facts/tke.md 6.1).
import { isNodeEni, type VpcEni } from '../../../api/vpc-eni.ts';
import { createController, ownKey, watchOf } from '../../../kube/controller.ts';
import type { Node } from '../../../kube/resources.ts';
import type { Controller, InformerChange, ReconcileResult } from '../../../kube/types.ts';
import { usesSharedAddress } from '../../../planning/shared-pod.ts';
import type { IpamdDeps } from '../../deps.ts';
import { reportsReady } from '../../vpc-eni/lifecycle/node-eni-facts.ts';
import type { WorkingPod } from '../../views.ts';
import { isOtherwise } from './compare-listing.ts';
import type { PoolMemory } from './memory.ts';
import { reportUse } from './report-use.ts';
import { claimsNode, vpcIpNodes } from '../static-addresses/watches.ts';
import { createStaticMemory } from '../static-addresses/memory.ts';
import { reconcilePool } from './reconcile.ts';

/** `created` is told of new intents, so that the life-cycle goes on at once instead of after the watch. */
export function createNodePool(deps: IpamdDeps, memory: PoolMemory, created: (name: string) => void): Controller {
  const { informers, clock, logger } = deps;
  const known = createStaticMemory();
  return createController({
    name: 'node.pool',
    clock,
    logger,
    concurrency: 64,
    watches: [
      watchOf(informers.nodeEniConfigs, ownKey),
      watchOf(informers.pods, concernedNodes),
      watchOf(informers.vpcEnis, nodeOf),
      watchOf(informers.vpcIpClaims, claimsNode),
      watchOf(informers.vpcIps, (change) => vpcIpNodes(deps, change)),
      watchOf(informers.nodes, ({ key, before, after }) => (standing(before) === standing(after) ? [] : [key])),
    ],
    sources: [
      (enqueue, signal) => {
        const stops = subscriptions(deps, memory, enqueue);
        signal.addEventListener('abort', () => stops.forEach((stop) => stop()), { once: true });
      },
    ],
    reconcile: (name, context): Promise<ReconcileResult | undefined> =>
      reconcilePool({ deps, memory, known, created }, name, context.signal),
  });
}

/** What of a node decides about its pool. */
const standing = (node: Node | undefined): string => JSON.stringify([node?.metadata.annotations, reportsReady(node)]);

const nodeOf = ({ before, after }: InformerChange<VpcEni>): string[] => {
  const eni = after ?? before;
  return eni !== undefined && isNodeEni(eni) ? [eni.spec.nodeName] : [];
};

/** A Pod counts from when it is bound to a node until it is gone or finished. */
function concernedNodes({ before, after }: InformerChange<WorkingPod>): string[] {
  const countsOn = (pod: WorkingPod | undefined): string | undefined =>
    pod !== undefined && usesSharedAddress({ ...pod, annotations: pod.metadata.annotations ?? {} })
      ? pod.nodeName
      : undefined;
  const [was, is] = [countsOn(before), countsOn(after)];
  return was === is ? [] : [was, is].filter((name) => name !== undefined);
}

/** What no informer tells: the cloud's answers and the add-on values; and when to forget. */
function subscriptions(deps: IpamdDeps, memory: PoolMemory, enqueue: (name: string) => void): readonly (() => void)[] {
  const { informers, enis } = deps;
  const all = (): void => {
    for (const nec of informers.nodeEniConfigs.list()) enqueue(nec.metadata.name);
  };
  return [
    deps.watcher.onChange((eniId) => {
      const unseen = enis.unseen().filter((eni) => eni.status?.eni?.eniID === eniId);
      for (const eni of [...informers.vpcEnis.byIndex('eni', eniId), ...unseen])
        if (isNodeEni(eni)) enqueue(eni.spec.nodeName);
    }),
    deps.settings.onChange(all),
    deps.listings.onListing((listed) => {
      const byId = new Map(listed.map((eni) => [eni.eniId, eni]));
      for (const eni of informers.vpcEnis.list()) {
        if (!isNodeEni(eni)) continue;
        const known = memory.eni(eni.metadata.uid ?? '');
        if (!isOtherwise(eni, byId.get(eni.status?.eni?.eniID ?? ''), known)) continue;
        known.seen = undefined;
        enqueue(eni.spec.nodeName);
      }
    }),
    informers.vpcEnis.onChange((change) => {
      if (change.type === 'deleted') memory.forgetEni(change.before?.metadata.uid ?? '');
      else reportUse(deps, change);
    }),
    informers.nodeEniConfigs.onChange(({ type, key }) => {
      if (type === 'deleted') memory.forgetNode(key);
    }),
  ];
}
