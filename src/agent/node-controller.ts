// Keeps the node able to connect Pods, and says whether it is: to ADD, to the runtime (conflist) and to the API (nec.status.node).
import { isDeepStrictEqual } from 'node:util';
import { fieldManagers } from '../api/keys.ts';
import {
  type NodeEniConfig,
  type NodeEniConfigStatus,
  nodeEniConfigs,
  type RoutingStatus,
} from '../api/node-eni-config.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { isNotFound } from '../kube/api-error.ts';
import { applyStatus } from '../kube/apply.ts';
import { createController, ownKey, watchOf } from '../kube/controller.ts';
import type { Controller, Informer, KubeClient } from '../kube/types.ts';
import type { ConflistFile } from './conflist.ts';
import type { LinkWatch } from './link-watch.ts';
import type { MutableNodeNetwork, NodeOffer } from './node-network.ts';
import type { NodeRouting } from './node-routing.ts';
import { createThrottle } from './throttle.ts';
import { type PrepareDeps, type Prepared, prepareNode } from './prepare-node.ts';

export interface NodeControllerDeps extends PrepareDeps {
  readonly client: Pick<KubeClient, 'patch'>;
  readonly necs: Informer<NodeEniConfig>;
  readonly links: Pick<LinkWatch, 'onChange'>;
  readonly network: MutableNodeNetwork;
  readonly routing: Pick<NodeRouting, 'observe' | 'onChange'>;
  readonly conflist: ConflistFile;
  readonly agentVersion: string;
  /** Told to ipamd, which takes addresses back. */
  readonly quickRelease: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

type NodeStatus = NonNullable<NodeEniConfigStatus['node']>;

/** Every wired Pod changes links too: a node that is ready looks again at most this often. */
const LOOK_AGAIN_MS = 1_000;
/** No change of links may tell that the kernel would accept now what it refused. */
const REFUSED_AGAIN_MS = 10_000;

/** Level-triggered by the node's nec and by changes of links. */
export function createNodeController(deps: NodeControllerDeps): Controller {
  const { nodeName, network, necs, clock, logger } = deps;
  return createController({
    name: 'node-network',
    clock,
    logger,
    watches: [watchOf(necs, ownKey)],
    sources: [
      (enqueue, signal) => {
        // Also when there is no nec yet: the runtime and ADD want to know.
        enqueue(nodeName);
        const again = createThrottle(
          clock,
          LOOK_AGAIN_MS,
          () => enqueue(nodeName),
          () => !network.ready,
        );
        for (const stop of [deps.links.onChange(again), deps.routing.onChange(again)])
          signal.addEventListener('abort', stop, { once: true });
      },
    ],
    reconcile: async (_key, { signal, log }) => {
      const nec = necs.get(nodeName);
      const prepared = await prepareNode(deps, nec);
      const before = network.offer;
      if (!isDeepStrictEqual(summary(before), summary(prepared.offer)))
        log.info(summary(prepared.offer), 'what the node can connect Pods to');
      network.offerNow(prepared.offer);
      if (network.ready) await deps.conflist.publish();
      else await deps.conflist.withdraw();
      if (nec !== undefined) await report(deps, nec, nodeStatus(prepared, await deps.routing.observe(), deps), signal);
      return prepared.again ? { requeueAfterMs: REFUSED_AGAIN_MS } : undefined;
    },
  });
}

/** What nec.status.node says. */
export function nodeStatus(
  prepared: Prepared,
  routing: RoutingStatus,
  { agentVersion, quickRelease }: Pick<NodeControllerDeps, 'agentVersion' | 'quickRelease'>,
): NodeStatus {
  const { trunk, enis, message } = prepared.offer;
  const sysctls = Object.fromEntries(
    Object.entries(prepared.sysctls).map(([name, value]) => [name.replaceAll('/', '.'), value]),
  );
  return {
    linkDriver: trunk?.driver.name ?? 'unavailable',
    ready: trunk !== undefined || enis.length > 0,
    ...(message === '' ? {} : { message }),
    ...(enis.length === 0 ? {} : { sysctls }),
    agentVersion,
    ...(quickRelease ? { quickRelease } : {}),
    routing,
  };
}

/** What is worth a line of the log when it changes. */
const summary = ({ trunk, enis, message }: NodeOffer): object => ({
  driver: trunk?.driver.name ?? 'unavailable',
  enis: enis.map(({ eniID, device }) => `${eniID} ${device}`),
  ...(message === '' ? {} : { missing: message }),
});

async function report(
  deps: NodeControllerDeps,
  nec: NodeEniConfig,
  node: NodeStatus,
  signal: AbortSignal,
): Promise<void> {
  if (isDeepStrictEqual(nec.status?.node, node)) return;
  try {
    await applyStatus(deps.client, nodeEniConfigs, nec.metadata.name, {
      fieldManager: fieldManagers.agent,
      status: { node },
      signal,
    });
  } catch (error) {
    // Deleted meanwhile; a new one brings us back.
    if (!isNotFound(error)) throw error;
  }
}
