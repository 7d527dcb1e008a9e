// ip-masq-agent as a whole: the ConfigMap in, the node's rules out, until a signal.
import { labels, nameLabel, objectNames } from '../api/keys.ts';
import { vpcEnis } from '../api/vpc-eni.ts';
import type { Clock } from '../base/clock.ts';
import type { ListenAddress } from '../base/listen-flag.ts';
import type { Logger } from '../base/logger.ts';
import { createHttpServer } from '../kube/health-server.ts';
import { createInformer } from '../kube/informer.ts';
import { runManager } from '../kube/manager.ts';
import { createEventRecorder } from '../kube/recorder.ts';
import { configMaps, type Pod, pods } from '../kube/resources.ts';
import type { KubeClient } from '../kube/types.ts';
import type { PolicyRule } from '../node-network/policy-rule.ts';
import { createMasquerade } from './controller.ts';
import { createExemptPods, type ExemptPod, projectExemptPod } from './exempt-pods.ts';
import { farewell } from './farewell.ts';
import { createMasqMetrics } from './metrics.ts';
import type { Nft } from './nft.ts';

export interface MasqProgramOptions {
  readonly client: KubeClient;
  readonly nft: Nft;
  readonly markRule: PolicyRule;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nodeName: string;
  readonly podInterfaces: readonly string[];
  /** Of names that are too long for a label (`nameLabel`). */
  readonly hash: (text: string) => string;
  readonly metrics: ListenAddress;
  readonly signal: AbortSignal;
  /** For tests: the port of /health and /metrics once it is open. */
  readonly onListening?: (port: number) => void;
}

/** Runs until `signal` aborts; rejects when a part cannot go on. The rules stay unless the install itself is being removed. */
export async function runMasquerade(options: MasqProgramOptions): Promise<void> {
  const { client, nft, markRule, clock, logger, nodeName, signal } = options;
  const configs = createInformer({
    client,
    clock,
    logger,
    resource: configMaps,
    namespace: objectNames.systemNamespace,
    fieldSelector: `metadata.name=${objectNames.masqConfig}`,
  });
  const metrics = createMasqMetrics();
  const recorder = createEventRecorder({ client, component: objectNames.masq, host: nodeName, clock, logger });
  const { podInterfaces } = options;
  const exemptPods = createExemptPods({
    pods: () =>
      createInformer<Pod, ExemptPod>({
        client,
        clock,
        logger,
        resource: pods,
        fieldSelector: `spec.nodeName=${nodeName}`,
        project: projectExemptPod,
      }),
    enis: () =>
      createInformer({
        client,
        clock,
        logger,
        resource: vpcEnis,
        labelSelector: `${labels.nodeName}=${nameLabel(nodeName, options.hash)}`,
      }),
    logger,
    signal,
  });
  await runManager({
    informers: [configs],
    controllers: [
      createMasquerade({ nft, markRule, configs, exemptPods, recorder, metrics, podInterfaces, clock, logger }),
    ],
    servers: [
      createHttpServer({
        name: 'metrics',
        listen: options.metrics,
        health: () => ({ ok: true, detail: { synced: configs.hasSynced } }),
        metrics,
        logger,
        ...(options.onListening === undefined ? {} : { onListening: options.onListening }),
      }),
    ],
    clock,
    logger,
    signal,
  });
  await recorder.flush();
  await farewell({ client, nft, markRule, logger });
}
