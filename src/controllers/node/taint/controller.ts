// The taint eni-ip-unavailable: taken off nodes once they can serve, and with --enable-node-taint set while they have no address left.
import { taints } from '../../../api/keys.ts';
import { isNotFound } from '../../../kube/api-error.ts';
import { createController } from '../../../kube/controller.ts';
import { nodes } from '../../../kube/resources.ts';
import type { Node } from '../../../kube/resources.ts';
import type { Controller } from '../../../kube/types.ts';
import { planTaint } from '../../../planning/node-marks.ts';
import type { IpamdDeps } from '../../deps.ts';
import { managedInstance } from '../managed-instance.ts';
import { markWatches, nodeMarkFacts } from '../mark-facts.ts';

/** Other taints of the node are left as they are. */
export function createNodeTaint(deps: IpamdDeps): Controller {
  const { informers, client, clock, logger, flags } = deps;
  return createController({
    name: 'node.taint',
    clock,
    logger,
    concurrency: 8,
    watches: markWatches(deps, (node) => node.spec?.taints),
    reconcile: async (name) => {
      const node = informers.nodes.get(name);
      if (node === undefined || managedInstance(node) === undefined) return;
      const others = (node.spec?.taints ?? []).filter((taint) => taint.key !== taints.eniIpUnavailable);
      const has = others.length < (node.spec?.taints ?? []).length;
      const step = planTaint(nodeMarkFacts(deps, node), has, flags.enableNodeTaint);
      if (step === 'leave') return;
      const ours = { key: taints.eniIpUnavailable, value: 'true', effect: 'NoSchedule' };
      await write(client, node, step === 'set' ? [...others, ours] : others);
    },
  });
}

/** The version is the lock, since the list is written whole. */
async function write(
  client: IpamdDeps['client'],
  { metadata: { name, resourceVersion } }: Node,
  list: NonNullable<Node['spec']>['taints'],
): Promise<void> {
  try {
    await client.patch(nodes, name, { type: 'merge', body: { metadata: { resourceVersion }, spec: { taints: list } } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
