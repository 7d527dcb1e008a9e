// Volumes of a Pod and its status (core/v1), in the notation of schema/notation.ts.

export const podVolumeAndStatusTypes = `
Volume
  name! string
  configMap ConfigMapVolumeSource
  csi any
  downwardAPI DownwardAPIVolumeSource
  emptyDir EmptyDirVolumeSource
  ephemeral any
  hostPath HostPathVolumeSource
  nfs any
  persistentVolumeClaim PersistentVolumeClaimVolumeSource
  projected ProjectedVolumeSource
  secret SecretVolumeSource
  awsElasticBlockStore any
  azureDisk any
  azureFile any
  cephfs any
  cinder any
  fc any
  flexVolume any
  flocker any
  gcePersistentDisk any
  gitRepo any
  glusterfs any
  iscsi any
  photonPersistentDisk any
  portworxVolume any
  quobyte any
  rbd any
  scaleIO any
  storageos any
  vsphereVolume any
ConfigMapVolumeSource
  defaultMode int32
  items []KeyToPath
  name string
  optional bool
SecretVolumeSource
  defaultMode int32
  items []KeyToPath
  optional bool
  secretName string
KeyToPath
  key! string
  mode int32
  path! string
DownwardAPIVolumeSource
  defaultMode int32
  items []DownwardAPIVolumeFile
DownwardAPIVolumeFile
  fieldRef ObjectFieldSelector
  mode int32
  path! string
  resourceFieldRef ResourceFieldSelector
EmptyDirVolumeSource
  medium string
  sizeLimit quantity
HostPathVolumeSource
  path! string
  type string
PersistentVolumeClaimVolumeSource
  claimName! string
  readOnly bool
ProjectedVolumeSource
  defaultMode int32
  sources []VolumeProjection
VolumeProjection
  configMap ConfigMapProjection
  downwardAPI DownwardAPIProjection
  secret SecretProjection
  serviceAccountToken ServiceAccountTokenProjection
ConfigMapProjection
  items []KeyToPath
  name string
  optional bool
DownwardAPIProjection
  items []DownwardAPIVolumeFile
SecretProjection
  items []KeyToPath
  name string
  optional bool
ServiceAccountTokenProjection
  audience string
  expirationSeconds int64
  path! string

PodStatus
  conditions []PodCondition key=type
  containerStatuses []ContainerStatus
  ephemeralContainerStatuses []ContainerStatus
  hostIP string
  hostIPs []HostIP key=ip
  initContainerStatuses []ContainerStatus
  message string
  nominatedNodeName string
  phase string
  podIP string
  podIPs []PodIP key=ip
  qosClass string
  reason string
  resize string
  resourceClaimStatuses []PodResourceClaimStatus key=name
  startTime time
PodCondition
  lastProbeTime time
  lastTransitionTime time
  message string
  reason string
  status! string
  type! string
PodIP
  ip! string
HostIP
  ip! string
PodResourceClaimStatus
  name! string
  resourceClaimName string
ContainerStatus
  allocatedResources map quantity
  containerID string
  image string
  imageID string
  lastState ContainerState
  name string
  ready bool
  resources ResourceRequirements
  restartCount int32
  started bool
  state ContainerState
  volumeMounts []VolumeMountStatus key=mountPath
VolumeMountStatus
  mountPath! string
  name! string
  readOnly bool
  recursiveReadOnly string
ContainerState
  running ContainerStateRunning
  terminated ContainerStateTerminated
  waiting ContainerStateWaiting
ContainerStateRunning
  startedAt time
ContainerStateTerminated
  containerID string
  exitCode int32
  finishedAt time
  message string
  reason string
  signal int32
  startedAt time
ContainerStateWaiting
  message string
  reason string
`;
