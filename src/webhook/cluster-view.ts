// What admission knows of the cluster: informers on policies, namespaces, ServiceAccounts and the add-on values.
import { type IpMode, readTrunkingSwitch, type TrunkingSwitch } from '../api/addon-values.ts';
import { annotations, objectNames } from '../api/keys.ts';
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
import { CNI_CONFIG_MAP, type DefaultNetworks, defaultNetworks } from './default-networks.ts';
import { type PolicyView, projectPolicy } from './policy-view.ts';

/** A view that may lag behind the API by as long as a watch event travels; what must not lag has a method that asks the API. */
export interface ClusterView {
  /** False until every informer has a complete list: nothing may be decided before. */
  readonly synced: boolean;
  policies(namespace: string): readonly PolicyView[];
  /**
   * The policies of a namespace as the API has them now: a policy that was written before the Pod counts, however late its watch
   * event is. Throws ApiError when the API does not answer.
   */
  readPolicies(namespace: string): Promise<readonly PolicyView[]>;
  /** A policy of the namespace passes admission at this moment; its watch event is still to come. */
  expectPolicyChange(namespace: string): void;
  /** Whether that was so short a time ago that `policies` may not show it yet. */
  policiesMayLag(namespace: string): boolean;
  /** Empty for a namespace not seen yet: the API server has already judged its label. */
  namespaceLabels(name: string): Labels;
  /**
   * Labels of a ServiceAccount; asks the API when the watch has not brought it yet, since guessing would lose groups.
   * `undefined` when there is none. Throws ApiError when the API does not answer.
   */
  serviceAccountLabels(namespace: string, name: string): Promise<Labels | undefined>;
  trunking(): TrunkingSwitch;
  /** Networks of Pods that name none. */
  defaultNetworks(): DefaultNetworks;
  /** Whether general nodes serve EIPs, as a flag says. */
  readonly servesEip: boolean;
  /** False in static IP mode, where no node keeps addresses for ordinary Pods; a mode that ipamd keeps in force counts before the value. */
  sharesAddresses(): boolean;
}

/** Far longer than a watch event travels, and far shorter than anyone would notice a read more per Pod. */
const WATCH_LAG_MS = 5_000;

export interface ClusterViewOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Wins over the nodes' configuration; default that configuration's. */
  readonly defaultCni?: string | undefined;
  /** Default false. */
  readonly servesEip?: boolean;
}

/** The view and the informers that feed it, which the caller runs. */
export function createClusterView(options: ClusterViewOptions): {
  readonly view: ClusterView;
  readonly informers: readonly Informer<KubeObject>[];
} {
  const { client, clock } = options;
  /** Until when, by namespace, on the monotonic clock. */
  const changing = new Map<string, number>();
  const policies = createInformer<SecurityGroupPolicy, PolicyView>({
    ...options,
    resource: securityGroupPolicies,
    project: projectPolicy,
    indexes: { namespace: ({ metadata }) => [metadata.namespace ?? ''] },
  });
  const knownNamespaces = labelInformer<Namespace>(options, namespaces);
  const accounts = labelInformer<ServiceAccount>(options, serviceAccounts);
  const values = systemConfigMap(options, objectNames.addonValues);
  const cniConfiguration = systemConfigMap(options, CNI_CONFIG_MAP);
  const informers: readonly Informer<KubeObject>[] = [
    policies,
    knownNamespaces,
    accounts,
    values.informer,
    cniConfiguration.informer,
  ];
  const view: ClusterView = {
    get synced() {
      return informers.every(({ hasSynced }) => hasSynced);
    },
    policies: (namespace) => policies.byIndex('namespace', namespace),
    readPolicies: async (namespace) =>
      (await client.list(securityGroupPolicies, { namespace })).items.map(projectPolicy),
    expectPolicyChange: (namespace) => void changing.set(namespace, clock.monotonicMs() + WATCH_LAG_MS),
    policiesMayLag: (namespace) => {
      const until = changing.get(namespace);
      if (until === undefined) return false;
      if (clock.monotonicMs() < until) return true;
      changing.delete(namespace);
      return false;
    },
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
    trunking: () => readTrunkingSwitch(values.get()?.data),
    defaultNetworks: () => defaultNetworks(options.defaultCni, dataOf(cniConfiguration.get())),
    servesEip: options.servesEip ?? false,
    sharesAddresses: () => {
      const map = values.get();
      return (map?.metadata.annotations?.[annotations.ipModeInForce] ?? map?.data?.['vpcCni.ipMode']) !== STATIC;
    },
  };
  return { view, informers };
}

const STATIC: IpMode = 'static';

/** `undefined` while there is no such ConfigMap. */
const dataOf = (map: ConfigMap | undefined): Readonly<Record<string, string>> | undefined =>
  map === undefined ? undefined : (map.data ?? {});

/** One ConfigMap of kube-system. */
function systemConfigMap(
  options: ClusterViewOptions,
  name: string,
): { readonly informer: Informer<ConfigMap>; get(): ConfigMap | undefined } {
  const namespace = objectNames.systemNamespace;
  const fieldSelector = `metadata.name=${name}`;
  const informer = createInformer<ConfigMap>({ ...options, resource: configMaps, namespace, fieldSelector });
  return { informer, get: () => informer.get(`${namespace}/${name}`) };
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
