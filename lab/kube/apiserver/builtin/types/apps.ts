// Kinds of apps/v1, autoscaling/v1, coordination.k8s.io/v1 and scheduling.k8s.io/v1, in the notation of schema/notation.ts.

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
  replicas int32

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
