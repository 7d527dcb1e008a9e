// Brings the add-on values to the node's routing: at start, and whenever they change.
import { objectNames } from '../api/keys.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { createController, watchOf } from '../kube/controller.ts';
import type { ConfigMap } from '../kube/resources.ts';
import type { Controller, Informer } from '../kube/types.ts';
import type { NodeRouting } from './node-routing.ts';

/** ConfigMap that carries the values, `namespace/name`. */
const KEY = `${objectNames.systemNamespace}/${objectNames.addonValues}`;

/** Only the two documented keys of early demux are read (spec 002, How to Enable Strict Routing). */
export function createRoutingController(deps: {
  readonly values: Informer<ConfigMap>;
  readonly routing: Pick<NodeRouting, 'configure'>;
  readonly clock: Clock;
  readonly logger: Logger;
}): Controller {
  const { values, routing, clock, logger } = deps;
  return createController({
    name: 'node-routing',
    clock,
    logger,
    watches: [watchOf(values, () => [KEY])],
    // Also when there are no values: what an earlier one had set is given back then.
    sources: [(enqueue) => enqueue(KEY)],
    reconcile: () => routing.configure(values.get(KEY)),
  });
}
