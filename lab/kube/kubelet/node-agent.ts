// Keeps the Node object alive: registers it, renews its Lease, and reports whether Pods can get a network.
import { isAlreadyExists, isConflict, isNotFound } from '../../../src/kube/api-error.ts';
import { errorText } from '../../../src/base/errors.ts';
import { leases, nodes } from '../../../src/kube/resources.ts';
import type { Lease, Node, PodCondition } from '../../../src/kube/resources.ts';
import { microTime, rfc3339 } from '../../../src/kube/times.ts';
import { findCniNetwork } from './cni-config.ts';
import type { KubeletOptions } from './kubelet-types.ts';
import { differs, nodeLabels, nodeObject, nodeStatusPatch, resetExtendedResources } from './node-object.ts';
import type { NetworkState } from './node-object.ts';

const LEASE_NAMESPACE = 'kube-node-lease';
const LEASE_SECONDS = 40;
const HEARTBEAT_MS = 10_000;
/** The Lease is the heartbeat; a status that says nothing new is written this often. */
const REPORT_MS = 300_000;
/** How often the node looks for a CNI configuration: quickly while Pods may wait for it, then as a runtime does. */
const LOOK_MISSING_MS = 200;
const LOOK_PRESENT_MS = 5_000;
const REGISTER_RETRY_MS = 500;

export interface NodeAgent {
  readonly network: NetworkState;
  /** Registers, then keeps the node until `signal` aborts. */
  run(nodeRoot: string, signal: AbortSignal): Promise<void>;
}

/** `onNetwork` is called when the network becomes ready, so that waiting Pods are looked at again. */
export function createNodeAgent(options: KubeletOptions, onNetwork: () => void): NodeAgent {
  const { client, clock, logger, host, node } = options;
  // Only general nodes use CNI; the others are ready from the start.
  const state: { network: NetworkState; conditions: readonly PodCondition[]; reportAfterMs: number } = {
    reportAfterMs: 0,
    network:
      node.kind === 'general' ? { ready: false, message: 'cni plugin not initialized' } : { ready: true, message: '' },
    conditions: [],
  };

  /** Writes when something differs from what the API has, by whoever's hand, and every five minutes. */
  const report = async (): Promise<void> => {
    const present = await client.get(nodes, node.name);
    state.conditions = present.status?.conditions ?? [];
    const foreign = node.kind === 'super' ? {} : present.status;
    const status = nodeStatusPatch(node, state.network, state.conditions, rfc3339(clock.now()), foreign);
    if (!differs(status, present) && clock.monotonicMs() < state.reportAfterMs) return;
    state.reportAfterMs = clock.monotonicMs() + REPORT_MS;
    const written = await client.patch(
      nodes,
      node.name,
      { type: 'strategic', body: { status } },
      { subresource: 'status' },
    );
    state.conditions = written.status?.conditions ?? [];
  };

  const register = async (): Promise<void> => {
    const object = nodeObject(node);
    try {
      await client.create(nodes, object);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const body = { metadata: { labels: nodeLabels(node) } };
      const present = await client.patch<Node>(nodes, node.name, { type: 'merge', body });
      const reset = resetExtendedResources(present);
      if (reset !== undefined && node.kind !== 'super') {
        const patch = { type: 'strategic', body: { status: reset } } as const;
        await client.patch(nodes, node.name, patch, { subresource: 'status' });
      }
    }
    await report();
  };

  const look = async (nodeRoot: string): Promise<void> => {
    const found = await findCniNetwork(host, nodeRoot);
    const now: NetworkState =
      found.kind === 'network'
        ? { ready: true, message: '', network: found.network }
        : { ready: false, message: found.message };
    const changed = now.ready !== state.network.ready;
    state.network = now;
    if (!changed) return;
    logger.info({ node: node.name, ready: now.ready }, 'CNI configuration changed');
    if (now.ready) onNetwork();
    await report();
  };

  const every = async (
    signal: AbortSignal,
    what: string,
    waitMs: () => number,
    act: () => Promise<void>,
  ): Promise<void> => {
    while (!signal.aborted) {
      await clock.sleep(waitMs(), signal).catch(() => undefined);
      if (signal.aborted) return;
      await act().catch((error: unknown) => {
        if (!signal.aborted)
          logger.warn({ node: node.name, what, error: errorText(error) }, 'node upkeep failed; it runs again');
      });
    }
  };

  const registerUntilDone = async (signal: AbortSignal): Promise<void> => {
    for (let done = false; !done && !signal.aborted; ) {
      done = await register().then(
        () => true,
        (error: unknown) => {
          logger.warn({ node: node.name, error: errorText(error) }, 'node could not be registered; tried again');
          return false;
        },
      );
      if (!done) await clock.sleep(REGISTER_RETRY_MS, signal).catch(() => undefined);
    }
  };

  const heartbeat = async (): Promise<void> => {
    await renewLease(options);
    await report().catch(async (error: unknown) => {
      // Somebody deleted the node while the kubelet runs: it comes back, as a real one does after its restart.
      if (!isNotFound(error)) throw error;
      await register();
    });
  };

  return {
    get network() {
      return state.network;
    },
    run: async (nodeRoot, signal) => {
      await registerUntilDone(signal);
      await renewLease(options).catch((error: unknown) => {
        logger.warn({ node: node.name, error: errorText(error) }, 'lease could not be written');
      });
      await Promise.all([
        every(signal, 'heartbeat', () => HEARTBEAT_MS, heartbeat),
        node.kind === 'general'
          ? every(
              signal,
              'network',
              () => (state.network.ready ? LOOK_PRESENT_MS : LOOK_MISSING_MS),
              () => look(nodeRoot),
            )
          : undefined,
      ]);
    },
  };
}

async function renewLease({ client, clock, node }: KubeletOptions): Promise<void> {
  const namespace = LEASE_NAMESPACE;
  const spec = { holderIdentity: node.name, leaseDurationSeconds: LEASE_SECONDS, renewTime: microTime(clock.now()) };
  try {
    await client.patch(leases, node.name, { type: 'merge', body: { spec } }, { namespace });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const lease: Lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: node.name, namespace },
      spec,
    };
    await client.create(leases, lease, { namespace }).catch((failure: unknown) => {
      if (!isAlreadyExists(failure) && !isConflict(failure)) throw failure;
    });
  }
}
