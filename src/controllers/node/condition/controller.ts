// With --enable-node-condition, a condition on nodes that says whether they have shared addresses left.
import { isNotFound } from '../../../kube/api-error.ts';
import { createController } from '../../../kube/controller.ts';
import { nodes } from '../../../kube/resources.ts';
import type { Node } from '../../../kube/resources.ts';
import { rfc3339 } from '../../../kube/times.ts';
import type { Controller } from '../../../kube/types.ts';
import { addressesExhausted } from '../../../planning/node-marks.ts';
import type { IpamdDeps } from '../../deps.ts';
import { managedInstance } from '../managed-instance.ts';
import { markWatches, nodeMarkFacts } from '../mark-facts.ts';

/** GUESS: the type of the closed add-on's condition is not published (facts/tke.md 4.5). */
export const ENI_IP_UNAVAILABLE = 'ENIIPUnavailable';

/** Without the flag it does nothing, and what it wrote before stays. */
export function createNodeCondition(deps: IpamdDeps): Controller {
  const { informers, client, clock, logger, flags } = deps;
  const own = (node: Node) => node.status?.conditions?.find(({ type }) => type === ENI_IP_UNAVAILABLE);
  return createController({
    name: 'node.condition',
    clock,
    logger,
    concurrency: 8,
    watches: flags.enableNodeCondition ? markWatches(deps, own) : [],
    reconcile: async (name) => {
      const node = informers.nodes.get(name);
      if (node === undefined || managedInstance(node) === undefined) return;
      const facts = nodeMarkFacts(deps, node);
      if (!facts.shared || facts.pool === undefined) return;
      const { exhausted } = addressesExhausted(facts);
      const [status, reason, message] = exhausted
        ? ['True', 'NoAddressLeft', 'no shared address is free on this node, and none can be bound']
        : ['False', 'AddressesLeft', 'shared addresses are free, or can be bound'];
      const before = own(node);
      if (before?.status === status && before.message === message) return;
      const at = rfc3339(clock.now());
      const lastTransitionTime = before?.status === status ? (before.lastTransitionTime ?? at) : at;
      const condition = { type: ENI_IP_UNAVAILABLE, status, reason, message, lastTransitionTime };
      const body = { status: { conditions: [condition] } };
      try {
        await client.patch(nodes, name, { type: 'strategic', body }, { subresource: 'status' });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },
  });
}
