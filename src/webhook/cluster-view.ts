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
import { type AddressZones, createAddressZones } from './address-zones.ts';
import { CNI_CONFIG_MAP, type DefaultNetworks, defaultNetworks } from './default-networks.ts';
import type { AllowedGroups } from '../planning/allowed-groups.ts';
import { createPolicyCandidates, type PolicyCandidates } from '../planning/policy-candidates.ts';
import { type PolicyView, projectPolicy } from '../planning/policy-view.ts';
import { createExpectedPolicies, type PolicyChange } from './expected-policies.ts';
import type { Replicas } from './replicas.ts';

/** A view that may lag behind the API by as long as a watch event travels; what must not lag has a method that asks the API. */
export interface ClusterView {
  /** False until every informer has a complete list: nothing may be decided before. */
  readonly synced: boolean;
  policies(namespace: string): readonly PolicyView[];
  /** Those of `policies` that may select a Pod with these labels. */
  policiesFor(namespace: string, podLabels: Labels): readonly PolicyView[];
  /**
   * The policies of a namespace as the API has them now: a policy that was written before the Pod counts, however late its watch
   * event is. Throws ApiError when the API does not answer.
   */
  readPolicies(namespace: string): Promise<readonly PolicyView[]>;
  /**
   * A policy passes admission at this moment; its watch event is still to come. Resolves when every replica knows, so that it may be stored.
   * Throws NotTold, ApiError.
   */
  announcePolicy(change: PolicyChange): Promise<void>;
  /** Another replica says so. */
  expectPolicy(change: PolicyChange): void;
  /** Whether `policies` may lack one that passed admission, here or in another replica. */
  policiesMayLag(namespace: string): boolean;
  /** Which groups the namespaces may use. */
  allowedGroups(): AllowedGroups;
  /** Empty for a namespace not seen yet: the API server has already judged its label. */
  namespaceLabels(name: string): Labels;
  /**
   * Labels of a ServiceAccount; asks the API when the watch has not brought it yet, since guessing would lose groups.
   * `undefined` when there is none. Throws ApiError when the API does not answer.
   */
  serviceAccountLabels(namespace: string, name: string): Labels | Promise<Labels | undefined>;
  trunking(): TrunkingSwitch;
  /** Networks of Pods that name none. */
  defaultNetworks(): DefaultNetworks;
  /** Whether Pods that ask for an EIP are counted against their nodes, as a flag says. */
  readonly servesEip: boolean;
  /** `vpcCni.eip.allowFurtherAttributes`; a value that cannot be read allows none. */
  furtherEipAttributes(): boolean;
  /** False in static IP mode, where no node keeps addresses for ordinary Pods; a mode that ipamd keeps in force counts before the value. */
  sharesAddresses(): boolean;
  /** In static IP mode. */
  readonly addressZones: AddressZones;
}

export interface ClusterViewOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Wins over the nodes' configuration; default that configuration's. */
  readonly defaultCni?: string | undefined;
  /** Default true. */
  readonly servesEip?: boolean;
  /** Default: there are no others. */
  readonly replicas?: Pick<Replicas, 'toldOfAll' | 'announce'>;
}

const ALONE: Pick<Replicas, 'toldOfAll' | 'announce'> = { toldOfAll: true, announce: () => Promise.resolve() };

/** The view and the informers that feed it, which the caller runs. */
export function createClusterView(options: ClusterViewOptions): {
  readonly view: ClusterView;
  readonly informers: readonly Informer<KubeObject>[];
} {
  const { client, clock, replicas = ALONE } = options;
  const expected = createExpectedPolicies(clock);
  const policies = createInformer<SecurityGroupPolicy, PolicyView>({
    ...options,
    resource: securityGroupPolicies,
    // The add-on SecurityGroupPolicy may not be installed; Pods count against their nodes all the same (spec 002).
    optional: true,
    project: projectPolicy,
    indexes: { namespace: ({ metadata }) => [metadata.namespace ?? ''] },
  });
  const byNamespace = memoByNamespace(policies);
  const knownNamespaces = labelInformer<Namespace>(options, namespaces);
  const accounts = labelInformer<ServiceAccount>(options, serviceAccounts);
  const values = systemConfigMap(options, objectNames.addonValues);
  const cniConfiguration = systemConfigMap(options, CNI_CONFIG_MAP);
  const subnets = systemConfigMap(options, objectNames.subnets);
  const allowed = systemConfigMap(options, objectNames.allowedGroups);
  const informers: readonly Informer<KubeObject>[] = [
    policies,
    knownNamespaces,
    accounts,
    values.informer,
    cniConfiguration.informer,
    subnets.informer,
    allowed.informer,
  ];
  const view: ClusterView = {
    get synced() {
      return informers.every(({ hasSynced }) => hasSynced);
    },
    policies: (namespace) => byNamespace(namespace).all,
    policiesFor: (namespace, podLabels) => byNamespace(namespace).of(podLabels),
    readPolicies: async (namespace) => {
      const startedMs = clock.monotonicMs();
      const live = (await listedPolicies(client, namespace)).map(projectPolicy);
      expected.compare(namespace, startedMs, live, byNamespace(namespace).all);
      return live;
    },
    announcePolicy: async (change) => {
      expected.expect(change);
      await replicas.announce(change);
    },
    expectPolicy: (change) => expected.expect(change),
    policiesMayLag: (namespace) => !replicas.toldOfAll || expected.mayLag(namespace, () => byNamespace(namespace).all),
    allowedGroups: () => dataOf(allowed.get()),
    namespaceLabels: (name) => knownNamespaces.get(name)?.metadata.labels ?? {},
    serviceAccountLabels: (namespace, name) => {
      const cached = accounts.get(`${namespace}/${name}`);
      return cached === undefined ? readAccountLabels(client, namespace, name) : (cached.metadata.labels ?? {});
    },
    trunking: ofMap(
      () => values.get(),
      (map) => readTrunkingSwitch(map?.data),
    ),
    defaultNetworks: ofMap(
      () => cniConfiguration.get(),
      (map) => defaultNetworks(options.defaultCni, dataOf(map)),
    ),
    servesEip: options.servesEip ?? true,
    furtherEipAttributes: () => values.get()?.data?.['vpcCni.eip.allowFurtherAttributes'] === 'true',
    addressZones: createAddressZones(client, () => subnets.get()),
    sharesAddresses: () => {
      const map = values.get();
      return (map?.metadata.annotations?.[annotations.ipModeInForce] ?? map?.data?.['vpcCni.ipMode']) !== STATIC;
    },
  };
  return { view, informers };
}

/** The same until a policy of the namespace changes, since every Pod asks for it. */
function memoByNamespace(policies: Informer<PolicyView>): (namespace: string) => PolicyCandidates {
  const lists = new Map<string, PolicyCandidates>();
  const none = createPolicyCandidates([]);
  policies.onChange(({ before, after }) => void lists.delete((after ?? before)?.metadata.namespace ?? ''));
  return (namespace) => {
    const known = lists.get(namespace);
    if (known !== undefined) return known;
    const list = policies.byIndex('namespace', namespace);
    // Namespaces without policies are many, and cost nothing to look up.
    if (list.length === 0) return none;
    const made = createPolicyCandidates(list);
    lists.set(namespace, made);
    return made;
  };
}

async function readAccountLabels(client: KubeClient, namespace: string, name: string): Promise<Labels | undefined> {
  try {
    return (await client.get(serviceAccounts, name, { namespace })).metadata.labels ?? {};
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** None where the cluster does not have the kind. */
async function listedPolicies(client: KubeClient, namespace: string): Promise<readonly SecurityGroupPolicy[]> {
  try {
    return (await client.list(securityGroupPolicies, { namespace })).items;
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

const STATIC: IpMode = 'static';

/** Read once for each version of the map, since every Pod asks for it. */
function ofMap<T>(get: () => ConfigMap | undefined, read: (map: ConfigMap | undefined) => T): () => T {
  let last: { readonly map: ConfigMap | undefined; readonly value: T } | undefined;
  return () => {
    const map = get();
    if (last === undefined || last.map !== map) last = { map, value: read(map) };
    return last.value;
  };
}

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
