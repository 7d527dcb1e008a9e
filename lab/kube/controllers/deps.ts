// What every controller of the lab is given.
import type { Clock } from '../../../src/base/clock.ts';
import type { Logger } from '../../../src/base/logger.ts';
import type { Lease, Node, Pod, ServiceAccount } from '../../../src/kube/resources.ts';
import type { Informer, KubeClient } from '../../../src/kube/types.ts';
import type { EndpointSlice } from './endpointslice/view.ts';
import type { Job } from './job/view.ts';
import type { ControllerRevision } from './revisions/view.ts';
import type { StatefulSet } from './statefulset/view.ts';
import type { ClusterRole, DaemonSet, Deployment, Endpoints, NamespaceObject, ReplicaSet, Service } from './views.ts';

export interface ControllerDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** CA of the API server, for ConfigMap kube-root-ca.crt. */
  readonly caPem: string;
  readonly informers: {
    /**
     * Index `controller`: uid of the controlling owner; `node`: node name; `namespace`; `orphan`: namespace of those that nobody controls; `job`:
     * namespace/name of the Job that has not let them go yet.
     */
    readonly pods: Informer<Pod>;
    readonly nodes: Informer<Node>;
    /** Those of nodes alone. */
    readonly leases: Informer<Lease>;
    readonly namespaces: Informer<NamespaceObject>;
    readonly deployments: Informer<Deployment>;
    /** Indexes `controller` and `namespace`. */
    readonly replicaSets: Informer<ReplicaSet>;
    readonly daemonSets: Informer<DaemonSet>;
    readonly statefulSets: Informer<StatefulSet>;
    /** Index `controller`. */
    readonly revisions: Informer<ControllerRevision>;
    readonly jobs: Informer<Job>;
    /** Index `namespace`. */
    readonly services: Informer<Service>;
    readonly endpoints: Informer<Endpoints>;
    /** Index `service`: namespace/name of the Service; watched only where the API serves them. */
    readonly endpointSlices: Informer<EndpointSlice>;
    readonly serviceAccounts: Informer<ServiceAccount>;
    readonly clusterRoles: Informer<ClusterRole>;
  };
}
