// The other kinds of core/v1, in the notation of schema/notation.ts.

export const coreTypes = `
Namespace
  apiVersion string
  kind string
  metadata ObjectMeta
  spec NamespaceSpec
  status NamespaceStatus
NamespaceSpec
  finalizers []string
NamespaceStatus
  conditions []NamespaceCondition key=type
  phase string
NamespaceCondition
  lastTransitionTime time
  message string
  reason string
  status! string
  type! string

Node
  apiVersion string
  kind string
  metadata ObjectMeta
  spec NodeSpec
  status NodeStatus
NodeSpec
  configSource any
  externalID string
  podCIDR string
  podCIDRs []string set
  providerID string
  taints []Taint
  unschedulable bool
Taint
  effect! string
  key! string
  timeAdded time
  value string
NodeStatus
  addresses []NodeAddress key=type
  allocatable map quantity
  capacity map quantity
  conditions []NodeCondition key=type
  config any
  daemonEndpoints NodeDaemonEndpoints
  images []ContainerImage
  nodeInfo NodeSystemInfo
  phase string
  runtimeHandlers []any
  volumesAttached []any
  volumesInUse []string
NodeAddress
  address! string
  type! string
NodeCondition
  lastHeartbeatTime time
  lastTransitionTime time
  message string
  reason string
  status! string
  type! string
NodeDaemonEndpoints
  kubeletEndpoint DaemonEndpoint
DaemonEndpoint
  Port! int32
ContainerImage
  names []string
  sizeBytes int64
NodeSystemInfo
  architecture string
  bootID string
  containerRuntimeVersion string
  kernelVersion string
  kubeProxyVersion string
  kubeletVersion string
  machineID string
  operatingSystem string
  osImage string
  systemUUID string

Service
  apiVersion string
  kind string
  metadata ObjectMeta
  spec ServiceSpec
  status ServiceStatus
ServiceSpec
  allocateLoadBalancerNodePorts bool
  clusterIP string
  clusterIPs []string
  externalIPs []string
  externalName string
  externalTrafficPolicy string
  healthCheckNodePort int32
  internalTrafficPolicy string
  ipFamilies []string
  ipFamilyPolicy string
  loadBalancerClass string
  loadBalancerIP string
  loadBalancerSourceRanges []string
  ports []ServicePort key=port map=port,protocol
  publishNotReadyAddresses bool
  selector map string atomic
  sessionAffinity string
  sessionAffinityConfig any
  trafficDistribution string
  type string
ServicePort
  appProtocol string
  name string
  nodePort int32
  port! int32
  protocol string default="TCP"
  targetPort intOrString
ServiceStatus
  conditions []Condition key=type
  loadBalancer any

Endpoints
  apiVersion string
  kind string
  metadata ObjectMeta
  subsets []EndpointSubset
EndpointSubset
  addresses []EndpointAddress
  notReadyAddresses []EndpointAddress
  ports []EndpointPort
EndpointAddress atomic
  hostname string
  ip! string
  nodeName string
  targetRef ObjectReference
EndpointPort atomic
  appProtocol string
  name string
  port! int32
  protocol string

ConfigMap
  apiVersion string
  kind string
  metadata ObjectMeta
  binaryData map bytes
  data map string
  immutable bool
Secret
  apiVersion string
  kind string
  metadata ObjectMeta
  data map bytes
  immutable bool
  stringData map string
  type string
ResourceQuota
  apiVersion string
  kind string
  metadata ObjectMeta
  spec ResourceQuotaSpec
  status ResourceQuotaStatus
ResourceQuotaSpec
  hard map quantity
  scopes []string
ResourceQuotaStatus
  hard map quantity
  used map quantity

LimitRange
  apiVersion string
  kind string
  metadata ObjectMeta
  spec LimitRangeSpec
LimitRangeSpec
  limits []LimitRangeItem
LimitRangeItem
  default map quantity
  defaultRequest map quantity
  max map quantity
  maxLimitRequestRatio map quantity
  min map quantity
  type! string

ServiceAccount
  apiVersion string
  kind string
  metadata ObjectMeta
  automountServiceAccountToken bool
  imagePullSecrets []LocalObjectReference
  secrets []ObjectReference key=name

Event
  apiVersion string
  kind string
  metadata ObjectMeta
  action string
  count int32
  eventTime microTime
  firstTimestamp time
  involvedObject! ObjectReference
  lastTimestamp time
  message string
  reason string
  related ObjectReference
  reportingComponent string
  reportingInstance string
  series EventSeries
  source EventSource
  type string
EventSeries
  count int32
  lastObservedTime microTime
EventSource
  component string
  host string

Binding
  apiVersion string
  kind string
  metadata ObjectMeta
  target! ObjectReference
`;
