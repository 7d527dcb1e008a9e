// Keeps the taints of each node in step with its conditions: a new node takes Pods once it is ready, one that is lost gives them up.
import { isNotFound } from '../../../../src/kube/api-error.ts';
import { createController, watchOf } from '../../../../src/kube/controller.ts';
import { nodes } from '../../../../src/kube/resources.ts';
import type { Node } from '../../../../src/kube/resources.ts';
import type { Controller } from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';
import { evictionRates, zoneOf } from './disruption.ts';
import { readyStatus } from './health.ts';
import { evictingKey, isGivenUp, taintsToSet } from './taints.ts';

export function createNodeLifecycleController(deps: ControllerDeps): Controller {
  const { client, clock, logger, informers } = deps;
  /** When the next node of a zone may be given up, by monotonic time. */
  const nextGivenUp = new Map<string, number>();

  /** Nodes that may not be given up yet: they are looked at again when one changes sides. */
  const waiting = new Set<string>();
  const rates: { known: ReadonlyMap<string, number> | undefined } = { known: undefined };
  const rateOf = (node: Node): number => {
    rates.known ??= evictionRates(informers.nodes.list());
    return rates.known.get(zoneOf(node)) ?? 0;
  };

  /** How long the node must still wait before its Pods are evicted; 0: now; `undefined`: not as things are. */
  const waitOf = (node: Node): number | undefined => {
    return rateOf(node) === 0 ? undefined : Math.max(0, (nextGivenUp.get(zoneOf(node)) ?? 0) - clock.monotonicMs());
  };

  return createController({
    name: 'node-lifecycle',
    clock,
    logger,
    watches: [
      watchOf(informers.nodes, (change) => {
        // When a node changes sides, others of its zone may be allowed what they were not.
        const { before, after } = change;
        const isSame = before !== undefined && after !== undefined && readyStatus(before) === readyStatus(after);
        if (isSame) return [change.key];
        rates.known = undefined;
        return [change.key, ...waiting];
      }),
    ],
    reconcile: async (name) => {
      const node = informers.nodes.get(name);
      waiting.delete(name);
      if (node === undefined) return undefined;
      const asks = evictingKey(node) !== undefined && !isGivenUp(node);
      const wait = asks ? waitOf(node) : undefined;
      if (asks && wait !== 0) waiting.add(name);
      const taints = taintsToSet(node, wait === 0, clock.now());
      if (taints !== undefined) {
        // The lock keeps what others set meanwhile; the conflict brings us back with what they set.
        const body = { metadata: { resourceVersion: node.metadata.resourceVersion }, spec: { taints } };
        try {
          await client.patch(nodes, name, { type: 'merge', body });
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
        const rate = rateOf(node);
        if (wait === 0 && rate > 0) nextGivenUp.set(zoneOf(node), clock.monotonicMs() + 1_000 / rate);
      }
      return wait !== undefined && wait > 0 ? { requeueAfterMs: wait } : undefined;
    },
  });
}
