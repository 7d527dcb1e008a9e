// Starts the kubelet of a node of the lab with what every one of them is given.
import type { Clock } from '../src/base/clock.ts';
import { errorText } from '../src/base/errors.ts';
import type { Logger } from '../src/base/logger.ts';
import type { Cloud } from './cloud/cloud.ts';
import type { Cluster } from './cluster.ts';
import type { Fabric } from './fabric/fabric.ts';
import type { LabHost } from './host/types.ts';
import type { ImageTable } from './kube/kubelet/images.ts';
import { createKubelet } from './kube/kubelet/kubelet.ts';
import type { Kubelet, KubeletNode } from './kube/kubelet/kubelet.ts';
import type { KubeletOptions } from './kube/kubelet/kubelet-types.ts';
import type { ClusterDns } from './kube/kubelet/resolv-conf.ts';
import type { ServiceProxy } from './kube/proxy/proxy.ts';

/** What every node of a lab is made with. */
export interface NodesDeps {
  readonly host: LabHost;
  readonly cloud: Cloud;
  readonly fabric: Fabric;
  readonly cluster: Cluster;
  readonly images: ImageTable;
  readonly proxy: ServiceProxy;
  /** Opens the API inside the VPC; repeating is free. */
  readonly apiInVpc: () => Promise<void>;
  /** What Pods are told to ask. */
  readonly dns: ClusterDns;
  readonly stateDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onFailure: (error: unknown) => void;
  /** Each kubelet puts its end here, so that what it writes is waited for. */
  readonly kubelets: Promise<void>[];
}

/** Runs until `signal` aborts, which `ended` follows; its own failure before that is the lab's. */
export function runKubelet(
  deps: NodesDeps,
  node: KubeletNode,
  own: Partial<Pick<KubeletOptions, 'client' | 'host' | 'nodeRoot' | 'superNodeNetwork'>>,
  signal: AbortSignal,
): { readonly kubelet: Kubelet; readonly ended: Promise<void> } {
  const { host, cluster, images, stateDir, clock, logger, onFailure } = deps;
  const kubelet = createKubelet({
    client: cluster.client,
    host,
    clock,
    logger,
    node,
    images,
    api: node.netns === undefined ? { host: '127.0.0.1', port: cluster.api.port } : cluster.api.service,
    dns: deps.dns,
    stateDir,
    issueToken: (namespace, serviceAccount) => cluster.api.issueToken(namespace, serviceAccount),
    ...own,
  });
  cluster.nodeStreams.set(node.name, kubelet.streams);
  signal.addEventListener('abort', () => void cluster.nodeStreams.delete(node.name), { once: true });
  const ended = kubelet.run(signal).catch((error: unknown) => {
    if (signal.aborted) return;
    logger.error({ node: node.name, error: errorText(error) }, 'kubelet ended by itself');
    onFailure(error);
  });
  deps.kubelets.push(ended);
  return { kubelet, ended };
}
