// Nodes without machines: they are ready, renew their Leases, say of every Pod bound to them that it runs, and let it go when it is deleted.
import { errorText } from '../../src/base/errors.ts';
import type { Clock } from '../../src/base/clock.ts';
import type { Logger } from '../../src/base/logger.ts';
import { isAlreadyExists, isNotFound } from '../../src/kube/api-error.ts';
import { createController, watchOf } from '../../src/kube/controller.ts';
import { createInformer } from '../../src/kube/informer.ts';
import { runManager } from '../../src/kube/manager.ts';
import { leases, nodes, pods } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/resources.ts';
import { microTime, rfc3339 } from '../../src/kube/times.ts';
import type { KubeClient, KubeObject } from '../../src/kube/types.ts';
import { eachOf } from './each-of.ts';
import { addressOf, hollowNode, hollowNodeObject, hollowNodeStatus, runningStatus } from './hollow-objects.ts';

export interface HollowDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Calls under way at a time. */
const CONCURRENCY = 32;
const LEASE_SECONDS = 40;
const LEASE_NAMESPACE = 'kube-node-lease';

/** Registers the nodes, those that are there already included. Resolves when all are ready. */
export async function registerNodes({ client, clock }: HollowDeps, count: number): Promise<void> {
  await eachOf(count, CONCURRENCY, async (index) => {
    const object = hollowNodeObject(index);
    await client.create(nodes, object).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
    });
    const body = hollowNodeStatus(index, rfc3339(clock.now()));
    await client.patch(nodes, object.metadata.name, { type: 'strategic', body }, { subresource: 'status' });
  });
}

/** What is kept of a Pod. */
interface HollowPod extends KubeObject {
  readonly nodeName: string;
  readonly isRunning: boolean;
  readonly graceSeconds: number;
  readonly containers: readonly { readonly name: string; readonly image?: string }[];
}

/** Runs their Pods, and renews their Leases every `leaseMs` (0: never), until `signal` aborts. */
export async function runNodes(deps: HollowDeps, count: number, leaseMs: number, signal: AbortSignal): Promise<void> {
  const { client, clock, logger } = deps;
  const ours = new Set(Array.from({ length: count }, (_, index) => hollowNode(index).name));
  const informer = createInformer<Pod, HollowPod>({ client, clock, logger, resource: pods, project });
  let lastAddress = 0;
  const controller = createController({
    name: 'hollow-nodes',
    clock,
    logger,
    concurrency: CONCURRENCY,
    watches: [watchOf(informer, ({ key, after }) => (after !== undefined && ours.has(after.nodeName) ? [key] : []))],
    reconcile: async (key) => {
      const pod = informer.get(key);
      if (pod === undefined) return;
      const { name, namespace = 'default', uid = '', deletionTimestamp } = pod.metadata;
      if (deletionTimestamp !== undefined) {
        // With a grace of 0 the object is only held by finalizers of others.
        if (pod.graceSeconds > 0)
          await client.delete(pods, name, { namespace, gracePeriodSeconds: 0, preconditions: { uid } });
        return;
      }
      if (pod.isRunning) return;
      lastAddress += 1;
      // Beside the nodes' addresses, which begin with 10.0.
      const podIp = addressOf(lastAddress + 2 ** 20);
      const status = runningStatus({ spec: { containers: pod.containers } }, pod.nodeName, podIp, rfc3339(clock.now()));
      const body = { metadata: { uid }, status };
      await client
        .patch(pods, name, { type: 'strategic', body }, { namespace, subresource: 'status' })
        .catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
    },
  });
  await Promise.all([
    runManager({ informers: [informer], controllers: [controller], clock, logger, signal, shutdownBudgetMs: 2_000 }),
    leaseMs > 0 ? renewLeases(deps, count, leaseMs, signal) : undefined,
  ]);
}

function project(pod: Pod): HollowPod {
  const { metadata, spec, status } = pod;
  const { name, namespace = 'default', uid = '', resourceVersion = '', deletionTimestamp } = metadata;
  const grace = (metadata as { deletionGracePeriodSeconds?: number }).deletionGracePeriodSeconds;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      uid,
      resourceVersion,
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    },
    nodeName: spec.nodeName ?? '',
    isRunning: status?.phase !== undefined && status.phase !== 'Pending',
    graceSeconds: grace ?? 0,
    // Only a Pod that waits is asked for its containers.
    containers:
      status?.phase === 'Running'
        ? []
        : spec.containers.map(({ name: each, image }) => ({ name: each, ...(image === undefined ? {} : { image }) })),
  };
}

/** Spread over the period, as those of real kubelets are. */
async function renewLeases(
  { client, clock, logger }: HollowDeps,
  count: number,
  periodMs: number,
  signal: AbortSignal,
): Promise<void> {
  const renew = async (index: number): Promise<void> => {
    const { name } = hollowNode(index);
    const spec = { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime: microTime(clock.now()) };
    const options = { namespace: LEASE_NAMESPACE };
    try {
      await client.patch(leases, name, { type: 'merge', body: { spec } }, options);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const metadata = { name, namespace: LEASE_NAMESPACE };
      await client.create(leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec }, options);
    }
  };
  const batch = Math.max(1, Math.ceil(count / 50));
  for (let first = 0; !signal.aborted; first = first + batch >= count ? 0 : first + batch) {
    await eachOf(Math.min(batch, count - first), CONCURRENCY, async (offset) => await renew(first + offset)).catch(
      (error: unknown) => {
        if (!signal.aborted) logger.warn({ error: errorText(error) }, 'Leases of hollow nodes could not be renewed');
      },
    );
    await clock.sleep((periodMs * batch) / count, signal).catch(() => undefined);
  }
}
