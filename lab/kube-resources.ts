// Resources that the lab's tools apply or read beside those the product reads, and the way from an object to its resource.
import { nodeEniConfigs } from '../src/api/node-eni-config.ts';
import { securityGroupPolicies } from '../src/api/security-group-policy.ts';
import { vpcEnis } from '../src/api/vpc-eni.ts';
import * as core from '../src/kube/resources.ts';
import type { KubeObject, Resource } from '../src/kube/types.ts';

const resource = (group: string, version: string, plural: string, kind: string, namespaced: boolean): Resource => ({
  group,
  version,
  plural,
  kind,
  namespaced,
});

export interface Workload extends KubeObject {
  spec?: { replicas?: number };
  status?: {
    observedGeneration?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    updatedReplicas?: number;
    desiredNumberScheduled?: number;
    numberReady?: number;
  };
}

export const customResourceDefinitions = resource(
  'apiextensions.k8s.io',
  'v1',
  'customresourcedefinitions',
  'CustomResourceDefinition',
  false,
);
export const daemonSets: Resource<Workload> = {
  group: 'apps',
  version: 'v1',
  plural: 'daemonsets',
  kind: 'DaemonSet',
  namespaced: true,
};
export const workloadDeployments: Resource<Workload> = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  namespaced: true,
};

export const statefulSets: Resource<Workload> = {
  group: 'apps',
  version: 'v1',
  plural: 'statefulsets',
  kind: 'StatefulSet',
  namespaced: true,
};

const known: readonly Resource[] = [
  core.pods,
  core.nodes,
  core.namespaces,
  core.configMaps,
  core.secrets,
  core.serviceAccounts,
  workloadDeployments,
  daemonSets,
  statefulSets,
  customResourceDefinitions,
  core.mutatingWebhookConfigurations,
  core.validatingWebhookConfigurations,
  securityGroupPolicies,
  vpcEnis,
  nodeEniConfigs,
  resource('', 'v1', 'services', 'Service', true),
  resource('rbac.authorization.k8s.io', 'v1', 'roles', 'Role', true),
  resource('rbac.authorization.k8s.io', 'v1', 'rolebindings', 'RoleBinding', true),
  resource('rbac.authorization.k8s.io', 'v1', 'clusterroles', 'ClusterRole', false),
  resource('rbac.authorization.k8s.io', 'v1', 'clusterrolebindings', 'ClusterRoleBinding', false),
];

/** The resource that serves an object's apiVersion and kind. Throws for kinds the lab's tools do not apply. */
export function resourceOf(object: KubeObject): Resource {
  const [version = '', group = ''] = object.apiVersion.split('/').reverse();
  const found = known.find(
    (candidate) => candidate.kind === object.kind && candidate.group === group && candidate.version === version,
  );
  if (found === undefined)
    throw new Error(
      `${object.apiVersion} ${object.kind} "${object.metadata.name}": the lab does not apply this kind; use kubectl`,
    );
  return found;
}
