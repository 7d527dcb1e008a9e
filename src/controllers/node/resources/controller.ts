// Publishes a node's sub-ENIs as the extended resource that the scheduler counts (DESIGN, decision 7).
import { resourceNames } from '../../../api/keys.ts';
import { trunkEniName } from '../../../api/vpc-eni.ts';
import { isNotFound } from '../../../kube/api-error.ts';
import { createController, ownKey, watchOf } from '../../../kube/controller.ts';
import { nodes } from '../../../kube/resources.ts';
import type { Node } from '../../../kube/resources.ts';
import type { Controller } from '../../../kube/types.ts';
import type { IpamdDeps } from '../../deps.ts';
import { managedInstance } from '../managed-instance.ts';

/** Level-triggered: what the node shows is compared with what it should, at every change of either. */
export function createNodeResources(deps: IpamdDeps): Controller {
  const { informers, client, clock, logger, enis } = deps;
  return createController({
    name: 'node.resources',
    clock,
    logger,
    concurrency: 8,
    watches: [
      // A kubelet that registers anew resets its status; the change brings us back.
      watchOf(informers.nodes, ({ key, before, after }) =>
        before !== undefined && samePublished(before, after) ? [] : [key],
      ),
      watchOf(informers.nodeEniConfigs, ownKey),
      watchOf(informers.vpcEnis, ({ before, after }) =>
        (after ?? before)?.spec.type === 'Trunk' ? [(after ?? before)?.spec.nodeName ?? ''] : [],
      ),
    ],
    reconcile: async (name) => {
      const node = informers.nodes.get(name);
      const nec = informers.nodeEniConfigs.get(name);
      if (node === undefined || managedInstance(node) === undefined || nec?.status?.subENI === undefined) return;
      const usable = nec.status.node?.ready === true && enis.latest(trunkEniName(name))?.status?.phase === 'Ready';
      // Nothing is said while a trunk is on its way: a zero now would read as `this node takes none`.
      if (!usable && nec.status.subENI.quota > 0 && published(node) === undefined) return;
      const quantity = String(usable ? nec.status.subENI.quota : 0);
      if (published(node) === quantity && node.status?.capacity?.[resourceNames.subEni] === quantity) return;
      const amount = { [resourceNames.subEni]: quantity };
      try {
        await client.patch(
          nodes,
          name,
          { type: 'merge', body: { status: { capacity: amount, allocatable: amount } } },
          { subresource: 'status' },
        );
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },
  });
}

const published = (node: Node | undefined): string | undefined => node?.status?.allocatable?.[resourceNames.subEni];

const samePublished = (before: Node, after: Node | undefined): boolean =>
  published(before) === published(after) &&
  before.status?.capacity?.[resourceNames.subEni] === after?.status?.capacity?.[resourceNames.subEni];
