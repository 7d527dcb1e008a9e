// Each node that may carry sub-ENIs gets the intent of a trunk; the life-cycle of VpcENI makes it.
import { annotations } from '../../../api/keys.ts';
import { trunkEniName } from '../../../api/vpc-eni.ts';
import { createController, ownKey, watchOf } from '../../../kube/controller.ts';
import type { Node } from '../../../kube/resources.ts';
import type { Controller } from '../../../kube/types.ts';
import type { IpamdDeps } from '../../deps.ts';
import { createNodeEni, groupsDecided, hasLivingInstance } from '../eni-intent.ts';
import { reportsReady } from '../../vpc-eni/lifecycle/node-eni-facts.ts';
import { managedInstance } from '../managed-instance.ts';

const isHandled = (node: Node | undefined): boolean =>
  node !== undefined && node.metadata.annotations?.[annotations.disableNodeEni] === undefined;

/** What of a node decides whether it gets a trunk. */
const standing = (node: Node | undefined): string => JSON.stringify([isHandled(node), reportsReady(node)]);

/** `created` is told the new intent, so that the life-cycle goes on at once instead of after the watch. */
export function createNodeTrunk(deps: IpamdDeps, created: (name: string) => void): Controller {
  const { informers, clock, logger } = deps;
  return createController({
    name: 'node.trunk',
    clock,
    logger,
    concurrency: 8,
    watches: [
      watchOf(informers.nodeEniConfigs, ownKey),
      watchOf(informers.nodes, ({ key, before, after }) => (standing(before) === standing(after) ? [] : [key])),
      watchOf(informers.vpcEnis, ({ type, before }) =>
        type === 'deleted' && before?.spec.type === 'Trunk' ? [before.spec.nodeName] : [],
      ),
    ],
    reconcile: async (nodeName) => {
      const nec = deps.necs.latest(nodeName);
      const node = informers.nodes.get(nodeName);
      const name = trunkEniName(nodeName);
      // Without a quota a trunk would only cost an ENI of the node.
      if (nec === undefined || (nec.status?.subENI?.quota ?? 0) === 0 || node === undefined) return undefined;
      // Of a node that came back with another instance the nec is brought up to date first.
      if (nec.spec.instanceID !== managedInstance(node)) return undefined;
      if (deps.enis.latest(name) !== undefined || !groupsDecided(deps, nec) || !isHandled(node)) return undefined;
      if (!(await hasLivingInstance(deps, node, nec.spec.instanceID ?? '')))
        return { requeueAfterMs: deps.timings.askInstanceMs };
      await createNodeEni(deps, nec, { name, type: 'Trunk' });
      created(name);
      return undefined;
    },
  });
}
