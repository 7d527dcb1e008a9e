// Empty words, zeros and `false`: fields that the API holds by value forget them, fields that it holds by pointer keep them.
import type { JsonObject } from '../json.ts';
import { createMemberPlans, visitPlanned } from '../schema/member-plans.ts';
import type { Schema } from '../schema/schema.ts';

// The fields that keep them, by type; required fields do so everywhere. Read off the Go types of the API.
const keepers = `
AppArmorProfile localhostProfile
ConfigMap immutable
ConfigMapProjection optional
ConfigMapVolumeSource defaultMode optional
Container restartPolicy
ContainerStateTerminated exitCode
ContainerStatus image imageID name ready restartCount started
CustomResourceDefinitionVersion deprecationWarning
CustomResourceSubresourceScale labelSelectorPath
DaemonSetSpec revisionHistoryLimit
DaemonSetStatus collisionCount currentNumberScheduled desiredNumberScheduled numberMisscheduled numberReady
DeploymentSpec progressDeadlineSeconds replicas revisionHistoryLimit
DeploymentStatus collisionCount
DownwardAPIVolumeFile mode
DownwardAPIVolumeSource defaultMode
Endpoint hostname nodeName zone
EndpointAddress nodeName
EndpointConditions ready serving terminating
EndpointPort appProtocol
EndpointSlicePort appProtocol name port protocol
EnvSource optional
Event reportingComponent reportingInstance
GRPCAction service
HostPathVolumeSource type
JobSpec activeDeadlineSeconds backoffLimit backoffLimitPerIndex completionMode completions managedBy manualSelector maxFailedIndexes parallelism podReplacementPolicy suspend ttlSecondsAfterFinished
JobStatus failedIndexes ready terminating
KeySelector optional
KeyToPath mode
LeaseSpec holderIdentity leaseDurationSeconds leaseTransitions preferredHolder strategy
ListMeta remainingItemCount
NodeSystemInfo architecture bootID containerRuntimeVersion kernelVersion kubeProxyVersion kubeletVersion machineID operatingSystem osImage systemUUID
ObjectMeta deletionGracePeriodSeconds
OwnerReference blockOwnerDeletion controller
PersistentVolumeClaimSpec storageClassName volumeAttributesClassName volumeMode
PodDNSConfigOption value
PodResourceClaimStatus resourceClaimName
PodSecurityContext fsGroup fsGroupChangePolicy runAsGroup runAsNonRoot runAsUser
PodSpec activeDeadlineSeconds automountServiceAccountToken enableServiceLinks hostUsers preemptionPolicy priority runtimeClassName setHostnameAsFQDN shareProcessNamespace terminationGracePeriodSeconds
PriorityClass preemptionPolicy value
Probe terminationGracePeriodSeconds
ProjectedVolumeSource defaultMode
ReplicaSetSpec replicas
RoleRef apiGroup
RollingUpdateStatefulSetStrategy partition
RuleWithOperations scope
SeccompProfile localhostProfile
Secret immutable
SecretProjection optional
SecretVolumeSource defaultMode optional
SecurityContext allowPrivilegeEscalation privileged procMount readOnlyRootFilesystem runAsGroup runAsNonRoot runAsUser
ServiceAccount automountServiceAccountToken
ServiceAccountTokenProjection expirationSeconds
ServicePort appProtocol
ServiceSpec allocateLoadBalancerNodePorts internalTrafficPolicy ipFamilyPolicy loadBalancerClass trafficDistribution
StatefulSetOrdinals start
StatefulSetSpec replicas revisionHistoryLimit
StatefulSetStatus availableReplicas collisionCount
TokenRequestSpec expirationSeconds
Toleration tolerationSeconds
TopologySpreadConstraint minDomains nodeAffinityPolicy nodeTaintsPolicy
TypedLocalObjectReference apiGroup
VolumeMount mountPropagation recursiveReadOnly
VolumeMountStatus recursiveReadOnly
Webhook failurePolicy matchPolicy reinvocationPolicy sideEffects timeoutSeconds
WebhookClientConfig url
WebhookService path port
`;

const keeping: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  keepers
    .trim()
    .split('\n')
    .map((line) => {
      const [type = '', ...fields] = line.split(' ');
      return [type, new Set(fields)];
    }),
);

const isZero = (value: unknown): boolean => value === '' || value === 0 || value === false;

/** Removes from drafts of built-in types what a real server would not give back. */
export function createZeroDropper(): (value: unknown, schema: Schema) => void {
  const planOf = createMemberPlans((schema) => {
    const forgotten = Object.entries(schema.properties ?? {}).filter(([name, member]) =>
      isForgotten(schema, name, member),
    );
    return forgotten.length === 0 ? undefined : new Set(forgotten.map(([name]) => name));
  });
  const drop = (value: JsonObject, forgotten: ReadonlySet<string>): void => {
    for (const name of Object.keys(value)) if (isZero(value[name]) && forgotten.has(name)) delete value[name];
  };
  return (value, schema) => visitPlanned(value, schema, planOf, drop);
}

function isForgotten(owner: Schema, name: string, described: Schema): boolean {
  if (!['string', 'integer', 'boolean'].includes(described.type ?? '')) return false;
  return owner.required?.includes(name) !== true && keeping.get(owner['x-type'] ?? '')?.has(name) !== true;
}
