// Nodes without packets: registers them and plays kubelet and agent for their Pods towards the API, for machines that cannot
// make namespaces and for benchmarks of the control plane.
import { annotations, fieldManagers, networks } from '../../src/api/keys.ts';
import { nodeEniConfigs } from '../../src/api/node-eni-config.ts';
import type { NodeEniConfig } from '../../src/api/node-eni-config.ts';
import { subEniName, vpcEnis } from '../../src/api/vpc-eni.ts';
import type { VpcEni } from '../../src/api/vpc-eni.ts';
import type { Clock } from '../../src/base/clock.ts';
import type { Logger } from '../../src/base/logger.ts';
import { isAlreadyExists, isNotFound } from '../../src/kube/api-error.ts';
import { applyStatus } from '../../src/kube/apply.ts';
import { createController, watchOf } from '../../src/kube/controller.ts';
import { createInformer } from '../../src/kube/informer.ts';
import { nodes as nodeResource, pods as podResource } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/resources.ts';
import type { Controller, Informer, KubeClient } from '../../src/kube/types.ts';
import { usesSharedAddress } from '../../src/planning/shared-pod.ts';
import { createComputedAddresses } from './computed-addresses.ts';
import { createComputedStatic } from './computed-static.ts';
import { nodeObject, planPod, runningStatus } from './node-objects.ts';
import type { ComputedNodePlan } from './node-objects.ts';

export interface ComputedNodesOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nodes: readonly ComputedNodePlan[];
}

export interface ComputedNodes {
  readonly informers: readonly Informer<never>[];
  readonly controllers: readonly Controller[];
  /** Creates the Node objects. */
  register(): Promise<void>;
}

export function createComputedNodes(options: ComputedNodesOptions): ComputedNodes {
  const { client, clock, logger } = options;
  const ours = new Map(options.nodes.map((plan) => [plan.name, plan]));
  const common = { client, clock, logger };
  const podInformer = createInformer<Pod, Pod>({
    ...common,
    resource: podResource,
    indexes: { uid: (pod) => [pod.metadata.uid ?? ''] },
  });
  const eniInformer = createInformer<VpcEni, VpcEni>({
    ...common,
    resource: vpcEnis,
    indexes: { node: (eni) => [eni.spec.nodeName] },
  });
  const necInformer = createInformer<NodeEniConfig, NodeEniConfig>({ ...common, resource: nodeEniConfigs });
  const statics = createComputedStatic({ ...common, pods: podInformer, isOurs: (name) => ours.has(name) });
  const waitingOn = (nodeName: string): string[] =>
    podInformer
      .list()
      .filter((pod) => pod.spec.nodeName === nodeName && pod.status?.phase !== 'Running' && usesShared(pod))
      .map((pod) => `${pod.metadata.namespace ?? 'default'}/${pod.metadata.name}`);
  const byUid = (uid: string): Pod | undefined => podInformer.byIndex('uid', uid)[0];

  const reportTornDown = async (eni: VpcEni): Promise<void> => {
    const podUID = eni.spec.pod?.uid ?? '';
    await applyAgent(client, eni.metadata.name, { state: 'TornDown', podUID, observedAt: clock.now().toISOString() });
  };

  const addresses = createComputedAddresses({
    client,
    clock,
    enisOf: (name) => eniInformer.byIndex('node', name),
    changed: (name) => useController.enqueue(name),
  });
  const useController = createController({
    name: 'computed-use',
    clock,
    logger,
    concurrency: 16,
    watches: [
      watchOf(eniInformer, ({ key, after }) => (after?.status?.pool === undefined ? [] : [key])),
      watchOf(podInformer, ({ type, before, after }) => {
        const ended = after?.status?.phase === 'Succeeded' || after?.status?.phase === 'Failed';
        if (type === 'deleted' || ended) addresses.free((after ?? before)?.metadata.uid ?? '');
        return [];
      }),
    ],
    reconcile: async (key) => {
      const eni = eniInformer.get(key);
      if (eni !== undefined && ours.has(eni.spec.nodeName)) await addresses.report(eni);
    },
  });

  const podController = createController({
    name: 'computed-pod',
    clock,
    logger,
    concurrency: 16,
    watches: [
      { informer: podInformer as Informer<never>, keys: (change) => [change.key] },
      {
        informer: eniInformer as Informer<never>,
        keys: (change) => {
          const eni = (change.after ?? change.before) as VpcEni | undefined;
          if (eni?.status?.pool !== undefined) return waitingOn(eni.spec.nodeName);
          return eni?.spec.pod === undefined ? [] : [`${eni.spec.pod.namespace}/${eni.spec.pod.name}`];
        },
      },
      watchOf(statics.vips, ({ after }) => {
        const pod = byUid(after?.status?.podUID ?? '');
        return pod === undefined ? [] : [`${pod.metadata.namespace ?? 'default'}/${pod.metadata.name}`];
      }),
    ],
    reconcile: async (key) => {
      const pod = podInformer.get(key);
      const plan = ours.get(pod?.spec.nodeName ?? '');
      if (pod === undefined || plan === undefined) return;
      const isSubEni = pod.metadata.annotations?.[annotations.networks] === networks.subEni;
      const eni = eniInformer.get(subEniName(pod.metadata.uid ?? ''));
      const shares = pod.metadata.deletionTimestamp === undefined && usesShared(pod);
      const step = planPod(
        pod,
        shares
          ? (statics.addressOf(pod.metadata.uid ?? '') ?? addresses.take(plan.name, pod.metadata.uid ?? ''))
          : addressOf(eni),
      );
      const namespace = pod.metadata.namespace ?? 'default';
      if (step.kind === 'run') {
        if (isSubEni)
          await applyAgent(client, subEniName(pod.metadata.uid ?? ''), {
            state: 'Wired',
            podUID: pod.metadata.uid ?? '',
            observedAt: clock.now().toISOString(),
          });
        await client.patch(
          podResource,
          pod.metadata.name,
          { type: 'merge', body: { status: runningStatus(pod, step.ip, plan.internalIp, clock.now()) } },
          { namespace, subresource: 'status' },
        );
      }
      if (step.kind === 'finish')
        await client.delete(podResource, pod.metadata.name, {
          namespace,
          gracePeriodSeconds: 0,
          preconditions: { uid: pod.metadata.uid ?? '' },
        });
    },
  });

  const teardownController = createController({
    name: 'computed-teardown',
    clock,
    logger,
    concurrency: 16,
    watches: [
      { informer: eniInformer as Informer<never>, keys: (change) => [change.key] },
      {
        informer: podInformer as Informer<never>,
        keys: (change) =>
          change.type === 'deleted' ? [subEniName((change.before as Pod | undefined)?.metadata.uid ?? '')] : [],
      },
    ],
    reconcile: async (key) => {
      const eni = eniInformer.get(key);
      if (eni?.spec.type !== 'SubENI' || !ours.has(eni.spec.nodeName) || eni.status?.agent?.state === 'TornDown')
        return;
      if (!podInformer.hasSynced || byUid(eni.spec.pod?.uid ?? '') !== undefined) return;
      await reportTornDown(eni);
    },
  });

  const nodeController = createController({
    name: 'computed-node',
    clock,
    logger,
    watches: [{ informer: necInformer as Informer<never>, keys: (change) => [change.key] }],
    reconcile: async (key) => {
      const nec = necInformer.get(key);
      if (nec === undefined || !ours.has(key) || nec.status?.node?.ready === true) return;
      if ((nec.status?.eniInfos ?? []).length === 0) return;
      const node = { linkDriver: 'veth', ready: true, message: 'computed data plane: no packets' };
      await applyStatus(client, nodeEniConfigs, key, { fieldManager: fieldManagers.agent, status: { node } });
    },
  });

  return {
    informers: [podInformer, eniInformer, necInformer, statics.vips] as unknown as readonly Informer<never>[],
    controllers: [podController, teardownController, nodeController, useController, statics.controller],
    register: async () => {
      for (const plan of ours.values()) {
        const object = nodeObject(plan, clock.now());
        try {
          await client.create(nodeResource, object);
        } catch (error) {
          if (!isAlreadyExists(error)) throw error;
        }
        await client.patch(
          nodeResource,
          plan.name,
          { type: 'merge', body: { status: object.status } },
          { subresource: 'status' },
        );
      }
    },
  };
}

const usesShared = (pod: Pod): boolean =>
  usesSharedAddress({
    hostNetwork: pod.spec.hostNetwork === true,
    ended: pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed',
    annotations: pod.metadata.annotations ?? {},
  });

const addressOf = (eni: VpcEni | undefined): string | undefined =>
  eni?.status?.phase === 'Ready' ? eni.status.eni?.addresses[0]?.ip : undefined;

async function applyAgent(client: KubeClient, name: string, agent: Record<string, unknown>): Promise<void> {
  try {
    await applyStatus(client, vpcEnis, name, { fieldManager: fieldManagers.agent, status: { agent } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
