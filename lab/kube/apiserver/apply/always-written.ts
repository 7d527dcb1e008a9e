// What Kubernetes writes of a built-in object even when nobody set it: structs that are held by value, and fields without omitempty.
import type { JsonObject } from '../json.ts';
import { cloneJson, isObject } from '../json.ts';
import { createMemberPlans, visitPlanned } from '../schema/member-plans.ts';
import type { Schema } from '../schema/schema.ts';
import { isStructField, memberSchema } from '../schema/schema.ts';

// `{}` a struct, completed in turn; `null` lists, maps and times; otherwise the zero value. Read off the Go types of the API.
const fieldsOfTypes = `
Binding target:{}
ClusterRole rules:null
ClusterRoleBinding roleRef:{}
Container resources:{}
ContainerStateRunning startedAt:null
ContainerStateTerminated exitCode:0 startedAt:null finishedAt:null
ContainerStatus name:"" state:{} lastState:{} ready:false restartCount:0 image:"" imageID:""
CustomResourceDefinition spec:{} status:{}
CustomResourceDefinitionNames plural:"" kind:""
CustomResourceDefinitionSpec names:{}
CustomResourceDefinitionStatus conditions:null acceptedNames:{} storedVersions:null
DaemonEndpoint Port:0
DaemonSet spec:{} status:{}
DaemonSetSpec selector:null template:{} updateStrategy:{}
DaemonSetStatus currentNumberScheduled:0 numberMisscheduled:0 desiredNumberScheduled:0 numberReady:0
Deployment spec:{} status:{}
DeploymentCondition lastUpdateTime:null lastTransitionTime:null
DeploymentSpec selector:null template:{} strategy:{}
Event involvedObject:{} regarding:{} source:{} deprecatedSource:{} firstTimestamp:null lastTimestamp:null deprecatedFirstTimestamp:null deprecatedLastTimestamp:null eventTime:null reportingComponent:"" reportingInstance:""
EventSeries lastObservedTime:null
Job spec:{} status:{}
JobCondition lastProbeTime:null lastTransitionTime:null
JobSpec template:{}
Lease spec:{}
MutatingWebhook clientConfig:{}
Namespace spec:{} status:{}
NamespaceCondition lastTransitionTime:null
Node spec:{} status:{}
NodeCondition lastHeartbeatTime:null lastTransitionTime:null
NodeDaemonEndpoints kubeletEndpoint:{}
NodeStatus daemonEndpoints:{} nodeInfo:{}
NodeSystemInfo machineID:"" systemUUID:"" bootID:"" kernelVersion:"" osImage:"" containerRuntimeVersion:"" kubeletVersion:"" kubeProxyVersion:"" operatingSystem:"" architecture:""
ObjectMeta creationTimestamp:null
PersistentVolumeClaim spec:{} status:{}
PersistentVolumeClaimSpec resources:{}
Pod spec:{} status:{}
PodCondition lastProbeTime:null lastTransitionTime:null
PodSpec containers:null
PodTemplateSpec metadata:{} spec:{}
PreferredSchedulingTerm preference:{}
ReplicaSet spec:{} status:{}
ReplicaSetCondition lastTransitionTime:null
ReplicaSetSpec selector:null template:{}
ReplicaSetStatus replicas:0
Role rules:null
RoleBinding roleRef:{}
RoleRef apiGroup:"" kind:"" name:""
Scale spec:{} status:{}
ScaleStatus replicas:0
Service spec:{} status:{}
ServiceStatus loadBalancer:{}
StatefulSet spec:{} status:{}
StatefulSetCondition lastTransitionTime:null
StatefulSetSpec selector:null template:{} serviceName:"" updateStrategy:{}
StatefulSetStatus replicas:0 availableReplicas:0
ValidatingAdmissionPolicy spec:{} status:{}
ValidatingAdmissionPolicyBinding spec:{}
ValidatingWebhook clientConfig:{}
WeightedPodAffinityTerm podAffinityTerm:{}
`;

/** Fills in a value of a built-in type in place (a draft that nobody else holds). Schemas of custom resources are left alone. */
export function completeBuiltIn(value: unknown, schema: Schema): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items !== undefined) for (const item of value) completeBuiltIn(item, items);
  } else if (isObject(value)) {
    for (const [name, zero] of alwaysWritten.get(schema['x-type'] ?? '') ?? [])
      if (value[name] === undefined && isStructField(schema, name)) value[name] = cloneJson(zero);
    for (const [name, member] of Object.entries(value)) {
      const described = memberSchema(schema, name);
      if (described !== undefined) completeBuiltIn(member, described);
    }
  }
}

/** As `completeBuiltIn`, with everything worked out once that depends on schemas alone. */
export function createCompletion(): (value: unknown, schema: Schema) => void {
  const planOf = createMemberPlans((schema) => {
    const fields = alwaysWritten.get(schema['x-type'] ?? '')?.filter(([name]) => isStructField(schema, name)) ?? [];
    return fields.length === 0 ? undefined : fields;
  });
  const fill = (value: JsonObject, fields: Fields): void => {
    for (const [name, zero] of fields)
      if (value[name] === undefined) value[name] = typeof zero === 'object' && zero !== null ? cloneJson(zero) : zero;
  };
  return (value, schema) => visitPlanned(value, schema, planOf, fill);
}

/** What Kubernetes writes of an object of a built-in kind in which nothing is set. */
export function emptyBuiltIn(schema: Schema): JsonObject {
  const made: JsonObject = { metadata: {} };
  completeBuiltIn(made, schema);
  return made;
}

type Fields = readonly (readonly [name: string, zero: unknown])[];

const alwaysWritten: ReadonlyMap<string, Fields> = new Map(
  fieldsOfTypes
    .trim()
    .split('\n')
    .map((line) => {
      const [type = '', ...fields] = line.split(' ');
      return [type, fields.map(readField)];
    }),
);

function readField(text: string): readonly [string, unknown] {
  const colon = text.indexOf(':');
  return [text.slice(0, colon), JSON.parse(text.slice(colon + 1)) as unknown];
}
