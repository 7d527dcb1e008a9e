// Pod and everything inside it (core/v1), in the notation of schema/notation.ts.

export const podTypes = `
Pod
  apiVersion string
  kind string
  metadata ObjectMeta
  spec PodSpec
  status PodStatus

PodTemplateSpec
  metadata ObjectMeta
  spec PodSpec

PodSpec
  activeDeadlineSeconds int64
  affinity Affinity
  automountServiceAccountToken bool
  containers! []Container key=name
  dnsConfig PodDNSConfig
  dnsPolicy string
  enableServiceLinks bool
  ephemeralContainers []EphemeralContainer key=name
  hostAliases []HostAlias key=ip
  hostIPC bool
  hostNetwork bool
  hostPID bool
  hostUsers bool
  hostname string
  imagePullSecrets []LocalObjectReference key=name
  initContainers []Container key=name
  nodeName string
  nodeSelector map string atomic
  os PodOS
  overhead map quantity
  preemptionPolicy string
  priority int32
  priorityClassName string
  readinessGates []PodReadinessGate
  resourceClaims []PodResourceClaim key=name
  restartPolicy string
  runtimeClassName string
  schedulerName string
  schedulingGates []PodSchedulingGate key=name
  securityContext PodSecurityContext
  serviceAccount string
  serviceAccountName string
  setHostnameAsFQDN bool
  shareProcessNamespace bool
  subdomain string
  terminationGracePeriodSeconds int64
  tolerations []Toleration
  topologySpreadConstraints []TopologySpreadConstraint key=topologyKey map=topologyKey,whenUnsatisfiable
  volumes []Volume key=name

PodOS
  name! string
PodReadinessGate
  conditionType! string
PodSchedulingGate
  name! string
PodResourceClaim
  name! string
  source any
HostAlias
  ip! string
  hostnames []string
PodDNSConfig
  nameservers []string
  searches []string
  options []PodDNSConfigOption
PodDNSConfigOption
  name string
  value string

Toleration
  key string
  operator string
  value string
  effect string
  tolerationSeconds int64

TopologySpreadConstraint
  labelSelector LabelSelector
  matchLabelKeys []string
  maxSkew! int32
  minDomains int32
  nodeAffinityPolicy string
  nodeTaintsPolicy string
  topologyKey! string
  whenUnsatisfiable! string

Affinity
  nodeAffinity NodeAffinity
  podAffinity PodAffinity
  podAntiAffinity PodAffinity
NodeAffinity
  requiredDuringSchedulingIgnoredDuringExecution NodeSelector
  preferredDuringSchedulingIgnoredDuringExecution []PreferredSchedulingTerm
NodeSelector atomic
  nodeSelectorTerms! []NodeSelectorTerm
NodeSelectorTerm atomic
  matchExpressions []NodeSelectorRequirement
  matchFields []NodeSelectorRequirement
NodeSelectorRequirement
  key! string
  operator! string
  values []string
PreferredSchedulingTerm
  weight! int32
  preference! NodeSelectorTerm
PodAffinity
  requiredDuringSchedulingIgnoredDuringExecution []PodAffinityTerm
  preferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm
WeightedPodAffinityTerm
  weight! int32
  podAffinityTerm! PodAffinityTerm
PodAffinityTerm
  labelSelector LabelSelector
  matchLabelKeys []string
  mismatchLabelKeys []string
  namespaceSelector LabelSelector
  namespaces []string
  topologyKey! string

Container
  args []string
  command []string
  env []EnvVar key=name
  envFrom []EnvFromSource
  image string
  imagePullPolicy string
  lifecycle Lifecycle
  livenessProbe Probe
  name! string
  ports []ContainerPort key=containerPort map=containerPort,protocol
  readinessProbe Probe
  resizePolicy []ContainerResizePolicy
  resources ResourceRequirements
  restartPolicy string
  securityContext SecurityContext
  startupProbe Probe
  stdin bool
  stdinOnce bool
  terminationMessagePath string
  terminationMessagePolicy string
  tty bool
  volumeDevices []VolumeDevice key=devicePath
  volumeMounts []VolumeMount key=mountPath
  workingDir string

EphemeralContainer
  args []string
  command []string
  env []EnvVar key=name
  envFrom []EnvFromSource
  image string
  imagePullPolicy string
  name! string
  ports []ContainerPort key=containerPort map=containerPort,protocol
  resources ResourceRequirements
  securityContext SecurityContext
  stdin bool
  stdinOnce bool
  targetContainerName string
  terminationMessagePath string
  terminationMessagePolicy string
  tty bool
  volumeMounts []VolumeMount key=mountPath
  workingDir string

ContainerResizePolicy
  resourceName! string
  restartPolicy! string
ContainerPort
  containerPort! int32
  hostIP string
  hostPort int32
  name string
  protocol string default="TCP"
EnvVar
  name! string
  value string
  valueFrom EnvVarSource
EnvVarSource
  configMapKeyRef KeySelector
  secretKeyRef KeySelector
  fieldRef ObjectFieldSelector
  resourceFieldRef ResourceFieldSelector
KeySelector atomic
  key! string
  name string
  optional bool
ObjectFieldSelector atomic
  apiVersion string
  fieldPath! string
ResourceFieldSelector atomic
  containerName string
  divisor quantity
  resource! string
EnvFromSource
  configMapRef EnvSource
  prefix string
  secretRef EnvSource
EnvSource
  name string
  optional bool
ResourceRequirements
  claims []ResourceClaim map=name
  limits map quantity
  requests map quantity
ResourceClaim
  name! string
  request string
VolumeDevice
  devicePath! string
  name! string
VolumeMount
  mountPath! string
  mountPropagation string
  name! string
  readOnly bool
  recursiveReadOnly string
  subPath string
  subPathExpr string

Lifecycle
  postStart LifecycleHandler
  preStop LifecycleHandler
LifecycleHandler
  exec ExecAction
  httpGet HTTPGetAction
  sleep SleepAction
  tcpSocket TCPSocketAction
Probe
  exec ExecAction
  failureThreshold int32
  grpc GRPCAction
  httpGet HTTPGetAction
  initialDelaySeconds int32
  periodSeconds int32
  successThreshold int32
  tcpSocket TCPSocketAction
  terminationGracePeriodSeconds int64
  timeoutSeconds int32
ExecAction
  command []string
HTTPGetAction
  host string
  httpHeaders []HTTPHeader
  path string
  port! intOrString
  scheme string
HTTPHeader
  name! string
  value! string
TCPSocketAction
  host string
  port! intOrString
GRPCAction
  port! int32
  service string
SleepAction
  seconds! int64

SecurityContext
  allowPrivilegeEscalation bool
  appArmorProfile AppArmorProfile
  capabilities Capabilities
  privileged bool
  procMount string
  readOnlyRootFilesystem bool
  runAsGroup int64
  runAsNonRoot bool
  runAsUser int64
  seLinuxOptions SELinuxOptions
  seccompProfile SeccompProfile
  windowsOptions any
PodSecurityContext
  appArmorProfile AppArmorProfile
  fsGroup int64
  fsGroupChangePolicy string
  runAsGroup int64
  runAsNonRoot bool
  runAsUser int64
  seLinuxOptions SELinuxOptions
  seccompProfile SeccompProfile
  supplementalGroups []int64
  sysctls []Sysctl
  windowsOptions any
AppArmorProfile
  localhostProfile string
  type! string
Capabilities
  add []string
  drop []string
SELinuxOptions
  level string
  role string
  type string
  user string
SeccompProfile
  localhostProfile string
  type! string
Sysctl
  name! string
  value! string
`;
