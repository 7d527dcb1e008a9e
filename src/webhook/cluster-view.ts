// What admission knows of the cluster: informers on policies, namespaces, ServiceAccounts and the add-on values.
import { readTrunkingSwitch, type TrunkingSwitch } from '../api/addon-values.ts';
import { objectNames } from '../api/keys.ts';
import type { Labels } from '../api/label-selector.ts';
import { type SecurityGroupPolicy, securityGroupPolicies } from '../api/security-group-policy.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { identityOf } from '../kube/identity.ts';
import { isNotFound } from '../kube/api-error.ts';
import { createInformer } from '../kube/informer.ts';
import {
  type ConfigMap,
  configMaps,
  type Namespace,
  namespaces,
  type ServiceAccount,
  serviceAccounts,
} from '../kube/resources.ts';
import type { Informer, KubeClient, KubeObject, Resource } from '../kube/types.ts';
import { type PolicyView, projectPolicy } from './policy-view.ts';

/**
 * A view that may lag behind the API by as long as a watch event travels, milliseconds as a rule: a Pod that is created in
 * the same instant as a policy may be decided without it, as the documents' "Pods created afterwards" allows.
 */
export interface ClusterView {
  /** False until every informer has a complete list: nothing may be decided before. */
  readonly synced: boolean;
  policies(namespace: string): readonly PolicyView[];
  /** Empty for a namespace not seen yet: the API server has already judged its label. */
  namespaceLabels(name: string): Labels;
  /**
   * Labels of a ServiceAccount; asks the API when the watch has not brought it yet, since guessing would lose groups.
   * `undefined` when there is none. Throws ApiError when the API does not answer.
   */
  serviceAccountLabels(namespace: string, name: string): Promise<Labels | undefined>;
  trunking(): TrunkingSwitch;
}

export interface ClusterViewOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The view and the informers that feed it, which the caller runs. */
export function createClusterView(options: ClusterViewOptions): {
  readonly view: ClusterView;
  readonly informers: readonly Informer<KubeObject>[];
} {
  const { client } = options;
  const policies = createInformer<SecurityGroupPolicy, PolicyView>({
    ...options,
    resource: securityGroupPolicies,
    project: projectPolicy,
    indexes: { namespace: ({ metadata }) => [metadata.namespace ?? ''] },
  });
  const knownNamespaces = labelInformer<Namespace>(options, namespaces);
  const accounts = labelInformer<ServiceAccount>(options, serviceAccounts);
  const values = createInformer<ConfigMap>({
    ...options,
    resource: configMaps,
    namespace: objectNames.systemNamespace,
    fieldSelector: `metadata.name=${objectNames.addonValues}`,
  });
  const informers: readonly Informer<KubeObject>[] = [policies, knownNamespaces, accounts, values];
  const view: ClusterView = {
    get synced() {
      return informers.every(({ hasSynced }) => hasSynced);
    },
    policies: (namespace) => policies.byIndex('namespace', namespace),
    namespaceLabels: (name) => knownNamespaces.get(name)?.metadata.labels ?? {},
    serviceAccountLabels: async (namespace, name) => {
      const cached = accounts.get(`${namespace}/${name}`);
      if (cached !== undefined) return cached.metadata.labels ?? {};
      try {
        return (await client.get(serviceAccounts, name, { namespace })).metadata.labels ?? {};
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    trunking: () => readTrunkingSwitch(values.get(`${objectNames.systemNamespace}/${objectNames.addonValues}`)?.data),
  };
  return { view, informers };
}

/** Admission reads nothing of these objects but their labels. */
function labelInformer<S extends KubeObject>(options: ClusterViewOptions, resource: Resource<S>): Informer<KubeObject> {
  return createInformer<S, KubeObject>({
    ...options,
    resource,
    project: ({ apiVersion, kind, metadata }) => ({
      apiVersion,
      kind,
      metadata: { ...identityOf(metadata), ...(metadata.labels === undefined ? {} : { labels: metadata.labels }) },
    }),
  });
}
