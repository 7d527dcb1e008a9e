// The complete list of controllers that make the lab's API server a cluster.
import type { Clock } from '../../../src/base/clock.ts';
import type { Logger } from '../../../src/base/logger.ts';
import { createInformer } from '../../../src/kube/informer.ts';
import { nodes, pods, serviceAccounts } from '../../../src/kube/resources.ts';
import type { Controller, Informer, KubeClient } from '../../../src/kube/types.ts';
import { createClusterRoleController } from './clusterroles/aggregate.ts';
import { createDaemonSetController } from './daemonset/reconcile.ts';
import { createDeploymentController } from './deployment/reconcile.ts';
import type { ControllerDeps } from './deps.ts';
import { createEndpointsController } from './endpoints/publish.ts';
import { createGarbageControllers } from './garbage/collect.ts';
import { createNamespaceController } from './namespace/lifecycle.ts';
import { controllerUid } from './ownership.ts';
import { createNodeLifecycleController } from './node-lifecycle/reconcile.ts';
import { createReplicaSetController } from './replicaset/reconcile.ts';
import { createServiceAccountController } from './serviceaccount/default.ts';
import { clusterRoles, daemonSets, deployments, namespaceObjects, replicaSets, services } from './views.ts';

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
}): LabControllers {
  const { client, clock, logger } = options;
  const common = { client, clock, logger };
  const informers: ControllerDeps['informers'] = {
    pods: createInformer({
      ...common,
      resource: pods,
      indexes: { controller: (pod) => [controllerUid(pod)], node: (pod) => [pod.spec.nodeName ?? ''] },
    }),
    nodes: createInformer({ ...common, resource: nodes }),
    namespaces: createInformer({ ...common, resource: namespaceObjects }),
    deployments: createInformer({ ...common, resource: deployments }),
    replicaSets: createInformer({
      ...common,
      resource: replicaSets,
      indexes: { controller: (set) => [controllerUid(set)] },
    }),
    daemonSets: createInformer({ ...common, resource: daemonSets }),
    services: createInformer({ ...common, resource: services }),
    serviceAccounts: createInformer({ ...common, resource: serviceAccounts }),
    clusterRoles: createInformer({ ...common, resource: clusterRoles }),
  };
  const deps: ControllerDeps = { ...options, informers };
  return {
    deps,
    informers: Object.values(informers) as Informer<unknown>[],
    controllers: [
      createDeploymentController(deps),
      createReplicaSetController(deps),
      createDaemonSetController(deps),
      createEndpointsController(deps),
      createNamespaceController(deps),
      createNodeLifecycleController(deps),
      createServiceAccountController(deps),
      createClusterRoleController(deps),
      ...createGarbageControllers(deps),
    ],
  };
}
