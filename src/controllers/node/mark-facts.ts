// The facts about a node's shared addresses that its taint and its condition follow.
import { resourceNames } from '../../api/keys.ts';
import { staticAddressesCondition } from '../../api/node-eni-config.ts';
import type { VpcEni } from '../../api/vpc-eni.ts';
import type { Node } from '../../kube/resources.ts';
import { type ControllerWatch, type InformerChange } from '../../kube/types.ts';
import { ownKey, watchOf } from '../../kube/controller.ts';
import type { NodeMarkFacts } from '../../planning/node-marks.ts';
import type { IpamdDeps } from '../deps.ts';
import { sharedPodsOn } from '../vpc-eni/lifecycle/node-eni-facts.ts';
import { sharesAddresses } from './pool/node-pool.ts';
import { nodeEnisOf } from './pool/pool-enis.ts';
import { SHARED_ADDRESSES } from './pool/tell.ts';

/** From the caches alone. */
export function nodeMarkFacts(deps: IpamdDeps, node: Node): NodeMarkFacts {
  const { name } = node.metadata;
  const { routeENI, node: agent, conditions } = deps.necs.latest(name)?.status ?? {};
  const shared = sharesAddresses(deps);
  const says = shared ? SHARED_ADDRESSES : staticAddressesCondition.type;
  const condition = conditions?.find(({ type }) => type === says);
  const bound = shared
    ? nodeEnisOf(deps, name).reduce((sum, eni) => sum + (eni.status?.pool?.addresses.length ?? 0), 0)
    : deps.informers.vpcIps.byIndex('node', name).length;
  return {
    agentReady: agent?.ready === true,
    offered: node.status?.allocatable?.[resourceNames.eniIp],
    shared,
    pool: routeENI === undefined ? undefined : { pods: sharedPodsOn(deps, name), bound, quota: routeENI.quota },
    obstacle: condition?.status === 'False' ? condition.message : undefined,
  };
}

/** What changes them. `shown`: what of the node itself decides. */
export function markWatches(deps: IpamdDeps, shown: (node: Node) => unknown): ControllerWatch<never>[] {
  const { informers } = deps;
  const text = (node: Node | undefined): string =>
    JSON.stringify(node === undefined ? undefined : [node.status?.allocatable?.[resourceNames.eniIp], shown(node)]) ??
    '';
  return [
    watchOf(informers.nodes, ({ key, before, after }) => (text(before) === text(after) ? [] : [key])),
    watchOf(informers.nodeEniConfigs, ownKey),
    watchOf(informers.vpcEnis, ({ before, after }: InformerChange<VpcEni>) => {
      const count = (eni: VpcEni | undefined): number => eni?.status?.pool?.addresses.length ?? 0;
      return count(before) === count(after) ? [] : [(after ?? before)?.spec.nodeName ?? ''];
    }),
  ];
}
