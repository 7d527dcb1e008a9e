// What every controller of the lab is given.
import type { Clock } from '../../../src/base/clock.ts';
import type { Logger } from '../../../src/base/logger.ts';
import type { Node, Pod, ServiceAccount } from '../../../src/kube/resources.ts';
import type { Informer, KubeClient } from '../../../src/kube/types.ts';
import type { ClusterRole, DaemonSet, Deployment, NamespaceObject, ReplicaSet, Service } from './views.ts';

export interface ControllerDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** CA of the API server, for ConfigMap kube-root-ca.crt. */
  readonly caPem: string;
  readonly informers: {
    /** Index `controller`: uid of the controlling owner; `node`: node name. */
    readonly pods: Informer<Pod>;
    readonly nodes: Informer<Node>;
    readonly namespaces: Informer<NamespaceObject>;
    readonly deployments: Informer<Deployment>;
    /** Index `controller`. */
    readonly replicaSets: Informer<ReplicaSet>;
    readonly daemonSets: Informer<DaemonSet>;
    readonly services: Informer<Service>;
    readonly serviceAccounts: Informer<ServiceAccount>;
    readonly clusterRoles: Informer<ClusterRole>;
  };
}
