// The caches of ipamd: which resources, projected to what is needed, indexed by what is asked.
import { eipClaims } from '../api/eip-claim.ts';
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import { objectNames } from '../api/keys.ts';
import { securityGroupPolicies } from '../api/security-group-policy.ts';
import { vpcEnis } from '../api/vpc-eni.ts';
import { vpcIpClaims } from '../api/vpc-ip-claim.ts';
import { vpcIps } from '../api/vpc-ip.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { createInformer } from '../kube/informer.ts';
import { leanNode, withoutManagedFields } from '../kube/lean.ts';
import { identityOf } from '../kube/identity.ts';
import {
  configMaps,
  daemonSets,
  namespaces,
  networkPolicies,
  nodes,
  pods,
  serviceAccounts,
  services,
} from '../kube/resources.ts';
import type { Informer, KubeClient, KubeObject } from '../kube/types.ts';
import { createAddressViews } from './address-views.ts';
import type { IpamdInformers } from './deps.ts';
import { leanVpcEni } from './eni-view.ts';
import { createLabelPool } from './label-pool.ts';
import type { PodListens } from './pod-listens.ts';
import { projectNetworkPolicy, projectService } from './strict-limits/views.ts';
import { createTextPool, withSharedWords } from './text-pool.ts';
import { projectNamespace, projectPod } from './views.ts';

export interface InformerDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Nothing is read before they run. */
export function createIpamdInformers(deps: InformerDeps): IpamdInformers {
  const pooled = createLabelPool();
  const listens = createLabelPool<PodListens>();
  const text = createTextPool();
  const workingPods = createInformer({
    ...deps,
    resource: pods,
    project: (pod) => projectPod(pod, pooled, listens, text),
    indexes: {
      namespace: (pod) => [pod.metadata.namespace ?? ''],
      uid: (pod) => [pod.metadata.uid ?? ''],
      node: (pod) => (pod.nodeName === undefined ? [] : [pod.nodeName]),
    },
  });
  const views = createAddressViews(text, {
    pod: (key) => workingPods.get(key),
    claim: (key): KubeObject | undefined => claims.get(key),
  });
  const claims = createInformer({
    ...deps,
    resource: vpcIpClaims,
    after: workingPods,
    project: views.claim,
    indexes: {
      node: ({ status }) => (status?.nodeName === undefined ? [] : [status.nodeName]),
    },
  });
  return {
    pods: workingPods,
    nodes: createInformer({ ...deps, resource: nodes, project: (node) => withSharedWords(leanNode(node), text) }),
    namespaces: createInformer({ ...deps, resource: namespaces, project: projectNamespace }),
    vpcEnis: createInformer({
      ...deps,
      resource: vpcEnis,
      after: workingPods,
      project: (eni) => leanVpcEni(eni, (uid) => workingPods.byIndex('uid', uid)[0]?.metadata.uid ?? uid),
      indexes: {
        node: (eni) => [eni.spec.nodeName],
        eni: (eni) => (eni.status?.eni === undefined ? [] : [eni.status.eni.eniID]),
        pod: (eni) => (eni.spec.pod === undefined ? [] : [`${eni.spec.pod.namespace}/${eni.spec.pod.name}`]),
        podNamespace: (eni) => (eni.spec.pod === undefined ? [] : [eni.spec.pod.namespace]),
      },
    }),
    vpcIps: createInformer({
      ...deps,
      resource: vpcIps,
      project: views.vpcIp,
      after: claims,
      indexes: {
        node: ({ status }) => (status?.nodeName === undefined ? [] : [status.nodeName]),
        eni: ({ status }) => (status?.eniName === undefined ? [] : [status.eniName]),
        claim: ({ spec: { claim } }) => (claim === undefined ? [] : [`${claim.namespace}/${claim.name}`]),
        claimNamespace: ({ spec: { claim } }) => (claim === undefined ? [] : [claim.namespace]),
      },
    }),
    vpcIpClaims: claims,
    eipClaims: createInformer({
      ...deps,
      resource: eipClaims,
      project: withoutManagedFields,
      indexes: {
        eip: ({ status }) => (status?.eipID === undefined ? [] : [status.eipID]),
        node: ({ status }) => (status?.nodeName === undefined ? [] : [status.nodeName]),
        namespace: ({ metadata }) => [metadata.namespace ?? ''],
      },
    }),
    nodeEniConfigs: createInformer({
      ...deps,
      resource: nodeEniConfigs,
      project: (nec) => withSharedWords(withoutManagedFields(nec), text),
    }),
    policies: createInformer({
      ...deps,
      resource: securityGroupPolicies,
      // An add-on of its own (spec 002): without it everything else works.
      optional: true,
      indexes: { namespace: (policy) => [policy.metadata.namespace ?? ''] },
    }),
    serviceAccounts: createInformer({ ...deps, resource: serviceAccounts, project: onlyLabels }),
    services: createInformer({
      ...deps,
      resource: services,
      project: projectService,
      indexes: { namespace: (service) => [service.metadata.namespace ?? ''] },
    }),
    networkPolicies: createInformer({
      ...deps,
      resource: networkPolicies,
      optional: true,
      project: projectNetworkPolicy,
      indexes: { namespace: (policy) => [policy.metadata.namespace ?? ''] },
    }),
    masqAgent: createInformer({ ...deps, ...named(objectNames.masq), resource: daemonSets, project: onlyLabels }),
    masqConfig: createInformer({ ...deps, ...named(objectNames.masqConfig), resource: configMaps }),
    addonValues: createInformer({
      ...deps,
      resource: configMaps,
      namespace: objectNames.systemNamespace,
      fieldSelector: `metadata.name=${objectNames.addonValues}`,
    }),
    allowedGroups: createInformer({
      ...deps,
      resource: configMaps,
      namespace: objectNames.systemNamespace,
      fieldSelector: `metadata.name=${objectNames.allowedGroups}`,
    }),
  };
}

/** One object of kube-system. */
const named = (name: string) => ({
  namespace: objectNames.systemNamespace,
  fieldSelector: `metadata.name=${name}`,
});

const onlyLabels = ({ apiVersion, kind, metadata }: KubeObject): KubeObject => ({
  apiVersion,
  kind,
  metadata: { ...identityOf(metadata), ...(metadata.labels === undefined ? {} : { labels: metadata.labels }) },
});

/** All of them, for the manager. */
export const informerList = (informers: IpamdInformers): readonly Informer<unknown>[] => Object.values(informers);
