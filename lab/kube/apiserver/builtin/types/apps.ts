// Kinds of apps/v1, autoscaling/v1, batch/v1, coordination.k8s.io/v1 and scheduling.k8s.io/v1, in the notation of schema/notation.ts.

export const appsTypes = `
Deployment
  apiVersion string
  kind string
  metadata ObjectMeta
  spec DeploymentSpec
  status DeploymentStatus
DeploymentSpec
  minReadySeconds int32
  paused bool
  progressDeadlineSeconds int32
  replicas int32
  revisionHistoryLimit int32
  selector! LabelSelector
  strategy DeploymentStrategy
  template! PodTemplateSpec
DeploymentStrategy
  rollingUpdate RollingUpdate
  type string
RollingUpdate
  maxSurge intOrString
  maxUnavailable intOrString
DeploymentStatus
  availableReplicas int32
  collisionCount int32
  conditions []DeploymentCondition key=type
  observedGeneration int64
  readyReplicas int32
  replicas int32
  unavailableReplicas int32
  updatedReplicas int32
DeploymentCondition
  lastTransitionTime time
  lastUpdateTime time
  message string
  reason string
  status! string
  type! string

ReplicaSet
  apiVersion string
  kind string
  metadata ObjectMeta
  spec ReplicaSetSpec
  status ReplicaSetStatus
ReplicaSetSpec
  minReadySeconds int32
  replicas int32
  selector! LabelSelector
  template PodTemplateSpec
ReplicaSetStatus
  availableReplicas int32
  conditions []DeploymentCondition key=type
  fullyLabeledReplicas int32
  observedGeneration int64
  readyReplicas int32
  replicas! int32

DaemonSet
  apiVersion string
  kind string
  metadata ObjectMeta
  spec DaemonSetSpec
  status DaemonSetStatus
DaemonSetSpec
  minReadySeconds int32
  revisionHistoryLimit int32
  selector! LabelSelector
  template! PodTemplateSpec
  updateStrategy DaemonSetUpdateStrategy
DaemonSetUpdateStrategy
  rollingUpdate RollingUpdate
  type string
DaemonSetStatus
  collisionCount int32
  conditions []DeploymentCondition key=type
  currentNumberScheduled int32
  desiredNumberScheduled int32
  numberAvailable int32
  numberMisscheduled int32
  numberReady int32
  numberUnavailable int32
  observedGeneration int64
  updatedNumberScheduled int32

StatefulSet
  apiVersion string
  kind string
  metadata ObjectMeta
  spec StatefulSetSpec
  status StatefulSetStatus
StatefulSetSpec
  minReadySeconds int32
  ordinals StatefulSetOrdinals
  persistentVolumeClaimRetentionPolicy StatefulSetPersistentVolumeClaimRetentionPolicy
  podManagementPolicy string
  replicas int32
  revisionHistoryLimit int32
  selector! LabelSelector
  serviceName! string
  template! PodTemplateSpec
  updateStrategy StatefulSetUpdateStrategy
  volumeClaimTemplates []PersistentVolumeClaim
StatefulSetOrdinals
  start int32
StatefulSetPersistentVolumeClaimRetentionPolicy
  whenDeleted string
  whenScaled string
StatefulSetUpdateStrategy
  rollingUpdate RollingUpdateStatefulSetStrategy
  type string
RollingUpdateStatefulSetStrategy
  maxUnavailable intOrString
  partition int32
StatefulSetStatus
  availableReplicas int32
  collisionCount int32
  conditions []StatefulSetCondition key=type
  currentReplicas int32
  currentRevision string
  observedGeneration int64
  readyReplicas int32
  replicas! int32
  updateRevision string
  updatedReplicas int32
StatefulSetCondition
  lastTransitionTime time
  message string
  reason string
  status! string
  type! string
PersistentVolumeClaim
  apiVersion string
  kind string
  metadata ObjectMeta
  spec PersistentVolumeClaimSpec
  status PersistentVolumeClaimStatus
PersistentVolumeClaimSpec
  accessModes []string
  dataSource TypedLocalObjectReference
  dataSourceRef any
  resources VolumeResourceRequirements
  selector LabelSelector
  storageClassName string
  volumeAttributesClassName string
  volumeMode string
  volumeName string
VolumeResourceRequirements
  limits map quantity
  requests map quantity
PersistentVolumeClaimStatus
  accessModes []string
  capacity map quantity
  phase string

ControllerRevision
  apiVersion string
  kind string
  metadata ObjectMeta
  data any
  revision! int64

Job
  apiVersion string
  kind string
  metadata ObjectMeta
  spec JobSpec
  status JobStatus
JobSpec
  activeDeadlineSeconds int64
  backoffLimit int32
  backoffLimitPerIndex int32
  completionMode string
  completions int32
  managedBy string
  manualSelector bool
  maxFailedIndexes int32
  parallelism int32
  podFailurePolicy any
  podReplacementPolicy string
  selector LabelSelector
  successPolicy any
  suspend bool
  template! PodTemplateSpec
  ttlSecondsAfterFinished int32
JobStatus
  active int32
  completedIndexes string
  completionTime time
  conditions []JobCondition
  failed int32
  failedIndexes string
  ready int32
  startTime time
  succeeded int32
  terminating int32
  uncountedTerminatedPods UncountedTerminatedPods
JobCondition
  lastProbeTime time
  lastTransitionTime time
  message string
  reason string
  status! string
  type! string
UncountedTerminatedPods
  failed []string set
  succeeded []string set

Scale
  apiVersion string
  kind string
  metadata ObjectMeta
  spec ScaleSpec
  status ScaleStatus
ScaleSpec
  replicas int32
ScaleStatus
  replicas int32
  selector string

Lease
  apiVersion string
  kind string
  metadata ObjectMeta
  spec LeaseSpec
LeaseSpec
  acquireTime microTime
  holderIdentity string
  leaseDurationSeconds int32
  leaseTransitions int32
  preferredHolder string
  renewTime microTime
  strategy string

PriorityClass
  apiVersion string
  kind string
  metadata ObjectMeta
  description string
  globalDefault bool
  preemptionPolicy string
  value int32
`;
