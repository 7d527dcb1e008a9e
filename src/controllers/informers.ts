// The caches of ipamd: which resources, projected to what is needed, indexed by what is asked.
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import { objectNames } from '../api/keys.ts';
import { securityGroupPolicies } from '../api/security-group-policy.ts';
import { vpcEnis } from '../api/vpc-eni.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { createInformer } from '../kube/informer.ts';
import { configMaps, nodes, pods } from '../kube/resources.ts';
import type { Informer, KubeClient } from '../kube/types.ts';
import type { IpamdInformers } from './deps.ts';
import { projectPod } from './views.ts';

export interface InformerDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Nothing is read before they run. */
export function createIpamdInformers(deps: InformerDeps): IpamdInformers {
  return {
    pods: createInformer({
      ...deps,
      resource: pods,
      project: projectPod,
      indexes: {
        uid: (pod) => [pod.metadata.uid ?? ''],
        node: (pod) => (pod.nodeName === undefined ? [] : [pod.nodeName]),
      },
    }),
    nodes: createInformer({ ...deps, resource: nodes }),
    vpcEnis: createInformer({
      ...deps,
      resource: vpcEnis,
      indexes: {
        node: (eni) => [eni.spec.nodeName],
        eni: (eni) => (eni.status?.eni === undefined ? [] : [eni.status.eni.eniID]),
        pod: (eni) => (eni.spec.pod === undefined ? [] : [`${eni.spec.pod.namespace}/${eni.spec.pod.name}`]),
      },
    }),
    nodeEniConfigs: createInformer({ ...deps, resource: nodeEniConfigs }),
    policies: createInformer({ ...deps, resource: securityGroupPolicies }),
    addonValues: createInformer({
      ...deps,
      resource: configMaps,
      namespace: objectNames.systemNamespace,
      fieldSelector: `metadata.name=${objectNames.addonValues}`,
    }),
  };
}

/** All of them, for the manager. */
export const informerList = (informers: IpamdInformers): readonly Informer<unknown>[] => Object.values(informers);
