// Listens to the nodes: one that falls silent is no longer known to be ready, and neither are its Pods.
import { isNotFound } from '../../../../src/kube/api-error.ts';
import { createController, ownKey, watchOf } from '../../../../src/kube/controller.ts';
import { createEventRecorder } from '../../../../src/kube/recorder.ts';
import { nodes, pods as podResource } from '../../../../src/kube/resources.ts';
import type { Node, Pod } from '../../../../src/kube/resources.ts';
import { rfc3339 } from '../../../../src/kube/times.ts';
import type { Controller } from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';
import { isReady } from '../ownership.ts';
import { healthOf, readyStatus, silentConditions } from './health.ts';
import type { LastHeard } from './health.ts';

export function createNodeMonitor(deps: ControllerDeps): Controller {
  const { client, clock, logger, informers } = deps;
  const recorder = createEventRecorder({ client, component: 'node-controller', clock, logger });
  const heard = new Map<string, LastHeard>();
  /** Nodes that were ready when last looked at, or whose Pods are still to be told that they are not. */
  const wereReady = new Set<string>();

  const known = new Set<string>();
  const tell = (name: string, reason: string, message: string): void =>
    recorder.record({
      regarding: { apiVersion: 'v1', kind: 'Node', metadata: { name } },
      type: 'Normal',
      reason,
      message,
    });

  const markNotReady = async (pod: Pod): Promise<void> => {
    const { name, namespace = 'default', uid } = pod.metadata;
    const condition = { type: 'Ready', status: 'False', lastTransitionTime: rfc3339(clock.now()) };
    try {
      await client.patch(
        podResource,
        name,
        { type: 'strategic', body: { metadata: { uid }, status: { conditions: [condition] } } },
        { namespace, subresource: 'status' },
      );
      recorder.record({ regarding: pod, type: 'Warning', reason: 'NodeNotReady', message: 'Node is not ready' });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  };

  const writeSilence = async (node: Node): Promise<void> => {
    const conditions = silentConditions(node, clock.now());
    if (conditions.length === 0) return;
    // The lock: a node that speaks up meanwhile is not declared silent.
    const body = { metadata: { resourceVersion: node.metadata.resourceVersion }, status: { conditions } };
    await client.patch(nodes, node.metadata.name, { type: 'strategic', body }, { subresource: 'status' });
  };

  return createController({
    name: 'node-monitor',
    clock,
    logger,
    concurrency: 2,
    watches: [
      watchOf(informers.nodes, ownKey),
      watchOf(informers.leases, ({ after }) => (after === undefined ? [] : [after.metadata.name])),
    ],
    reconcile: async (name) => {
      const node = informers.nodes.get(name);
      if (node === undefined) {
        if (known.delete(name)) tell(name, 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`);
        heard.delete(name);
        wereReady.delete(name);
        return undefined;
      }
      if (!known.has(name)) {
        known.add(name);
        tell(name, 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`);
      }
      const lease = informers.leases.get(`kube-node-lease/${name}`);
      const health = healthOf(node, lease, heard.get(name), clock.monotonicMs());
      if (health.kind === 'unwatched') return undefined;
      heard.set(name, health.heard);
      if (health.kind === 'silent') await writeSilence(node);
      if (readyStatus(node) === 'True') wereReady.add(name);
      else if (wereReady.has(name)) {
        tell(name, 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
        for (const pod of informers.pods.byIndex('node', name)) if (isReady(pod)) await markNotReady(pod);
        wereReady.delete(name);
      }
      return health.kind === 'alive' ? { requeueAfterMs: health.silentInMs } : undefined;
    },
  });
}
