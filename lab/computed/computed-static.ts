// Plays the agents of computed nodes for static addresses: a Pod has the VpcIP that is assigned to it, and one whose Pod is gone is torn down.
import { fieldManagers } from '../../src/api/keys.ts';
import { type VpcIp, vpcIps } from '../../src/api/vpc-ip.ts';
import type { Clock } from '../../src/base/clock.ts';
import type { Logger } from '../../src/base/logger.ts';
import { isNotFound } from '../../src/kube/api-error.ts';
import { applyStatus } from '../../src/kube/apply.ts';
import { createController, ownKey, watchOf } from '../../src/kube/controller.ts';
import { createInformer } from '../../src/kube/informer.ts';
import type { Pod } from '../../src/kube/resources.ts';
import type { Controller, Informer, KubeClient } from '../../src/kube/types.ts';

export interface ComputedStaticOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly isOurs: (nodeName: string) => boolean;
  /** All Pods, index `uid`. */
  readonly pods: Informer<Pod>;
}

export interface ComputedStatic {
  readonly vips: Informer<VpcIp>;
  readonly controller: Controller;
  /** The address that the Pod may use; undefined while there is none. */
  addressOf(podUid: string): string | undefined;
}

export function createComputedStatic({ client, clock, logger, isOurs, pods }: ComputedStaticOptions): ComputedStatic {
  const vips = createInformer<VpcIp, VpcIp>({
    client,
    clock,
    logger,
    resource: vpcIps,
    indexes: { pod: ({ status }) => (status?.podUID === undefined ? [] : [status.podUID]) },
  });
  const assigned = (podUid: string): VpcIp | undefined =>
    vips.byIndex('pod', podUid).find(({ status }) => status?.phase === 'Assigned');
  const report = async (vip: VpcIp): Promise<void> => {
    const { podUID = '', agent: told } = vip.status ?? {};
    const [pod] = pods.byIndex('uid', podUID);
    if (pod !== undefined && pod.status?.phase !== 'Running' && !hasEnded(pod)) return;
    const state = pod === undefined || hasEnded(pod) ? 'TornDown' : 'Wired';
    if (told?.podUID === podUID && told.state === state) return;
    const agent = { state, podUID, observedAt: clock.now().toISOString() };
    try {
      await applyStatus(client, vpcIps, vip.metadata.name, { fieldManager: fieldManagers.agent, status: { agent } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  };
  return {
    vips,
    addressOf: (podUid) => assigned(podUid)?.metadata.name,
    controller: createController({
      name: 'computed-static',
      clock,
      logger,
      concurrency: 16,
      watches: [
        watchOf(vips, ownKey),
        watchOf(pods, ({ before, after }) => {
          const podUid = (after ?? before)?.metadata.uid ?? '';
          return vips.byIndex('pod', podUid).map((vip) => vip.metadata.name);
        }),
      ],
      reconcile: async (ip) => {
        const vip = vips.get(ip);
        const { phase, podUID, nodeName = '', agent } = vip?.status ?? {};
        const concerns = phase === 'Assigned' || (podUID !== undefined && agent?.podUID === podUID);
        if (vip === undefined || !concerns || !isOurs(nodeName) || !pods.hasSynced) return;
        await report(vip);
      },
    }),
  };
}

const hasEnded = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
