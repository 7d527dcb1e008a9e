// Keeps the taints of each node in step with its conditions, so that a new node takes Pods once it is ready.
import { isNotFound } from '../../../../src/kube/api-error.ts';
import { createController, watchOf } from '../../../../src/kube/controller.ts';
import { nodes } from '../../../../src/kube/resources.ts';
import type { Controller } from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';
import { taintsToSet } from './taints.ts';

export function createNodeLifecycleController(deps: ControllerDeps): Controller {
  const { client, clock, logger, informers } = deps;
  return createController({
    name: 'node-lifecycle',
    clock,
    logger,
    watches: [watchOf(informers.nodes, (change) => [change.key])],
    reconcile: async (name) => {
      const node = informers.nodes.get(name);
      const taints = node === undefined ? undefined : taintsToSet(node);
      if (node === undefined || taints === undefined) return;
      // The lock keeps what others set meanwhile; the conflict brings us back with what they set.
      const body = { metadata: { resourceVersion: node.metadata.resourceVersion }, spec: { taints } };
      try {
        await client.patch(nodes, name, { type: 'merge', body });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },
  });
}
