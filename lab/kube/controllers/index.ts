// The complete list of controllers that make the lab's API server a cluster.
import type { Clock } from '../../../src/base/clock.ts';
import type { Logger } from '../../../src/base/logger.ts';
import { createInformer } from '../../../src/kube/informer.ts';
import { leases, nodes, pods, serviceAccounts } from '../../../src/kube/resources.ts';
import type { Controller, Informer, KubeClient } from '../../../src/kube/types.ts';
import { createClusterRoleController } from './clusterroles/aggregate.ts';
import { createDaemonSetController } from './daemonset/reconcile.ts';
import { createDeploymentController } from './deployment/reconcile.ts';
import type { ControllerDeps } from './deps.ts';
import { createEndpointsController } from './endpoints/publish.ts';
import { createEndpointSliceController } from './endpointslice/publish.ts';
import { endpointSlices, serviceKeyOf } from './endpointslice/view.ts';
import { createGarbageControllers } from './garbage/collect.ts';
import { createTtlController } from './job/expire.ts';
import { createJobController } from './job/reconcile.ts';
import { isTracked, jobs } from './job/view.ts';
import { createNamespaceController } from './namespace/lifecycle.ts';
import { keysOfOwner } from './owner-keys.ts';
import { controllerOf, controllerUid } from './ownership.ts';
import { createTaintEviction } from './node-lifecycle/evict.ts';
import { createNodeMonitor } from './node-lifecycle/monitor.ts';
import { createNodeLifecycleController } from './node-lifecycle/reconcile.ts';
import { createReplicaSetController } from './replicaset/reconcile.ts';
import { controllerRevisions } from './revisions/view.ts';
import { createStatefulSetController } from './statefulset/reconcile.ts';
import { statefulSets } from './statefulset/view.ts';
import { createServiceAccountController } from './serviceaccount/default.ts';
import { clusterRoles, daemonSets, deployments, endpoints, namespaceObjects, replicaSets, services } from './views.ts';

export interface LabControllers {
  readonly informers: readonly Informer<unknown>[];
  readonly controllers: readonly Controller[];
  /** Shared with the rest of the lab, so that Services can be resolved without another watch. */
  readonly deps: ControllerDeps;
}

export function createLabControllers(options: {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly caPem: string;
  /** Whether the API serves discovery.k8s.io/v1 EndpointSlices, as it does from release 1.21 on; default true. */
  readonly endpointSlices?: boolean;
}): LabControllers {
  const { client, clock, logger } = options;
  const common = { client, clock, logger };
  const servesSlices = options.endpointSlices ?? true;
  const informers: ControllerDeps['informers'] = {
    pods: createInformer({
      ...common,
      resource: pods,
      indexes: {
        controller: (pod) => [controllerUid(pod)],
        node: (pod) => [pod.spec.nodeName ?? ''],
        namespace: (pod) => [pod.metadata.namespace ?? 'default'],
        orphan: (pod) => (controllerOf(pod) === undefined ? [pod.metadata.namespace ?? 'default'] : []),
        job: (pod) => (isTracked(pod) ? keysOfOwner('Job')({ type: 'added', key: '', after: pod }) : []),
      },
    }),
    nodes: createInformer({ ...common, resource: nodes }),
    leases: createInformer({ ...common, resource: leases, namespace: 'kube-node-lease' }),
    namespaces: createInformer({ ...common, resource: namespaceObjects }),
    deployments: createInformer({ ...common, resource: deployments }),
    replicaSets: createInformer({
      ...common,
      resource: replicaSets,
      indexes: {
        controller: (set) => [controllerUid(set)],
        namespace: (set) => [set.metadata.namespace ?? 'default'],
      },
    }),
    daemonSets: createInformer({ ...common, resource: daemonSets }),
    statefulSets: createInformer({ ...common, resource: statefulSets }),
    revisions: createInformer({
      ...common,
      resource: controllerRevisions,
      indexes: { controller: (revision) => [controllerUid(revision)] },
    }),
    jobs: createInformer({ ...common, resource: jobs }),
    services: createInformer({
      ...common,
      resource: services,
      indexes: { namespace: (service) => [service.metadata.namespace ?? 'default'] },
    }),
    endpoints: createInformer({ ...common, resource: endpoints }),
    endpointSlices: createInformer({
      ...common,
      resource: endpointSlices,
      indexes: { service: (slice) => [serviceKeyOf(slice)] },
    }),
    serviceAccounts: createInformer({ ...common, resource: serviceAccounts }),
    clusterRoles: createInformer({ ...common, resource: clusterRoles }),
  };
  const deps: ControllerDeps = { ...options, informers };
  return {
    deps,
    informers: (Object.values(informers) as Informer<unknown>[]).filter(
      (informer) => servesSlices || informer.resource.plural !== endpointSlices.plural,
    ),
    controllers: [
      createDeploymentController(deps),
      createReplicaSetController(deps),
      createDaemonSetController(deps),
      createStatefulSetController(deps),
      createJobController(deps),
      createTtlController(deps),
      createEndpointsController(deps),
      ...(servesSlices ? [createEndpointSliceController(deps)] : []),
      createNamespaceController(deps),
      createNodeLifecycleController(deps),
      createNodeMonitor(deps),
      createTaintEviction(deps),
      createServiceAccountController(deps),
      createClusterRoleController(deps),
      ...createGarbageControllers(deps),
    ],
  };
}
