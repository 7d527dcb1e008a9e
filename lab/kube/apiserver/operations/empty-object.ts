// The object of a bookmark: its kind and version, and otherwise what a real server's empty object of the kind looks like.
import type { ApiObject, JsonObject } from '../json.ts';
import type { Definition } from '../registry/definition.ts';
import { apiVersionOf } from '../registry/definition.ts';

const template = { metadata: { creationTimestamp: null }, spec: { containers: null } };
const workload = (more: JsonObject): JsonObject => ({ replicas: 0, selector: null, template, ...more });
const roleRef = { roleRef: { apiGroup: '', kind: '', name: '' } };
const nodeInfo = {
  machineID: '',
  systemUUID: '',
  bootID: '',
  kernelVersion: '',
  osImage: '',
  containerRuntimeVersion: '',
  kubeletVersion: '',
  kubeProxyVersion: '',
  operatingSystem: '',
  architecture: '',
};

/** Members that the Go types of a kind always write, also when nothing was set. Kinds that are absent write none. */
const always: Readonly<Record<string, JsonObject>> = {
  '/Pod': { spec: { containers: null }, status: {} },
  '/Service': { spec: {}, status: { loadBalancer: {} } },
  '/Node': { spec: {}, status: { daemonEndpoints: { kubeletEndpoint: { Port: 0 } }, nodeInfo } },
  '/Namespace': { spec: {}, status: {} },
  '/PersistentVolume': { spec: {}, status: {} },
  '/PersistentVolumeClaim': { spec: { resources: {} }, status: {} },
  '/ResourceQuota': { spec: {}, status: {} },
  '/LimitRange': { spec: { limits: null } },
  '/Event': {
    involvedObject: {},
    source: {},
    firstTimestamp: null,
    lastTimestamp: null,
    eventTime: null,
    reportingComponent: '',
    reportingInstance: '',
  },
  'apps/Deployment': { spec: workload({ strategy: {} }), status: {} },
  'apps/StatefulSet': {
    spec: workload({ serviceName: '', updateStrategy: {} }),
    status: { replicas: 0, availableReplicas: 0 },
  },
  'apps/ReplicaSet': { spec: workload({}), status: { replicas: 0 } },
  'apps/DaemonSet': {
    spec: { selector: null, template, updateStrategy: {} },
    status: { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 },
  },
  'batch/Job': { spec: { template }, status: {} },
  'batch/CronJob': {
    spec: { schedule: '', jobTemplate: { metadata: { creationTimestamp: null }, spec: { template } } },
    status: {},
  },
  'coordination.k8s.io/Lease': { spec: {} },
  'discovery.k8s.io/EndpointSlice': { addressType: '', endpoints: null, ports: null },
  'networking.k8s.io/Ingress': { spec: {}, status: { loadBalancer: {} } },
  'networking.k8s.io/NetworkPolicy': { spec: { podSelector: {} } },
  'policy/PodDisruptionBudget': {
    spec: {},
    status: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
  },
  'storage.k8s.io/StorageClass': { provisioner: '' },
  'autoscaling/HorizontalPodAutoscaler': {
    spec: { scaleTargetRef: { kind: '', name: '' }, maxReplicas: 0 },
    status: { desiredReplicas: 0, currentMetrics: null },
  },
  'scheduling.k8s.io/PriorityClass': { value: 0 },
  'rbac.authorization.k8s.io/ClusterRole': { rules: null },
  'rbac.authorization.k8s.io/Role': { rules: null },
  'rbac.authorization.k8s.io/ClusterRoleBinding': roleRef,
  'rbac.authorization.k8s.io/RoleBinding': roleRef,
  'apiextensions.k8s.io/CustomResourceDefinition': {
    spec: { group: '', names: { plural: '', kind: '' }, scope: '', versions: null },
    status: { conditions: null, acceptedNames: { plural: '', kind: '' }, storedVersions: null },
  },
};

/** An object of the kind that says nothing but its resourceVersion (and annotations). */
export function emptyObject(
  definition: Definition,
  revision: number,
  annotations?: Readonly<Record<string, string>>,
): ApiObject {
  const metadata = {
    resourceVersion: String(revision),
    ...(definition.custom ? {} : { creationTimestamp: null }),
    ...(annotations === undefined ? {} : { annotations }),
  };
  const empty: JsonObject = {
    kind: definition.kind,
    apiVersion: apiVersionOf(definition),
    metadata,
    ...(definition.custom ? {} : always[`${definition.group}/${definition.kind}`]),
  };
  return empty as ApiObject;
}
