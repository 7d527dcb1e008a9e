// Kinds of RBAC, reviews, admission registration and apiextensions, in the notation of schema/notation.ts.

export const accessTypes = `
Role
  apiVersion string
  kind string
  metadata ObjectMeta
  rules []PolicyRule
ClusterRole
  apiVersion string
  kind string
  metadata ObjectMeta
  aggregationRule AggregationRule
  rules []PolicyRule
AggregationRule
  clusterRoleSelectors []LabelSelector
PolicyRule
  apiGroups []string
  nonResourceURLs []string
  resourceNames []string
  resources []string
  verbs! []string
RoleBinding
  apiVersion string
  kind string
  metadata ObjectMeta
  roleRef! RoleRef
  subjects []Subject
ClusterRoleBinding
  apiVersion string
  kind string
  metadata ObjectMeta
  roleRef! RoleRef
  subjects []Subject
RoleRef atomic
  apiGroup string
  kind! string
  name! string
Subject atomic
  apiGroup string
  kind! string
  name! string
  namespace string

TokenRequest
  apiVersion string
  kind string
  metadata ObjectMeta
  spec TokenRequestSpec
  status any
TokenRequestSpec
  audiences []string
  boundObjectRef BoundObjectReference
  expirationSeconds int64
BoundObjectReference
  apiVersion string
  kind string
  name string
  uid string
TokenReview
  apiVersion string
  kind string
  metadata ObjectMeta
  spec TokenReviewSpec
  status any
TokenReviewSpec
  audiences []string
  token string
SubjectAccessReview
  apiVersion string
  kind string
  metadata ObjectMeta
  spec SubjectAccessReviewSpec
  status any
SelfSubjectAccessReview
  apiVersion string
  kind string
  metadata ObjectMeta
  spec SubjectAccessReviewSpec
  status any
SubjectAccessReviewSpec
  extra any
  groups []string
  nonResourceAttributes NonResourceAttributes
  resourceAttributes ResourceAttributes
  uid string
  user string
NonResourceAttributes
  path string
  verb string
ResourceAttributes
  group string
  name string
  namespace string
  resource string
  subresource string
  verb string
  version string
SelfSubjectReview
  apiVersion string
  kind string
  metadata ObjectMeta
  status any

MutatingWebhookConfiguration
  apiVersion string
  kind string
  metadata ObjectMeta
  webhooks []Webhook key=name
ValidatingWebhookConfiguration
  apiVersion string
  kind string
  metadata ObjectMeta
  webhooks []Webhook key=name
Webhook
  admissionReviewVersions []string
  clientConfig! WebhookClientConfig
  failurePolicy string
  matchConditions []MatchCondition key=name
  matchPolicy string
  name! string
  namespaceSelector LabelSelector
  objectSelector LabelSelector
  reinvocationPolicy string
  rules []RuleWithOperations
  sideEffects string
  timeoutSeconds int32
MatchCondition
  expression! string
  name! string
WebhookClientConfig
  caBundle bytes
  service WebhookService
  url string
WebhookService
  name! string
  namespace! string
  path string
  port int32
RuleWithOperations
  apiGroups []string
  apiVersions []string
  operations []string
  resources []string
  scope string

CustomResourceDefinition
  apiVersion string
  kind string
  metadata ObjectMeta
  spec! CustomResourceDefinitionSpec
  status CustomResourceDefinitionStatus
CustomResourceDefinitionSpec
  conversion CustomResourceConversion
  group! string
  names! CustomResourceDefinitionNames
  preserveUnknownFields bool
  scope! string
  versions! []CustomResourceDefinitionVersion
CustomResourceConversion
  strategy! string
  webhook any
CustomResourceDefinitionNames
  categories []string
  kind! string
  listKind string
  plural! string
  shortNames []string
  singular string
CustomResourceDefinitionVersion
  additionalPrinterColumns []CustomResourceColumnDefinition
  deprecated bool
  deprecationWarning string
  name! string
  schema CustomResourceValidation
  selectableFields []SelectableField
  served! bool
  storage! bool
  subresources CustomResourceSubresources
SelectableField
  jsonPath! string
CustomResourceColumnDefinition
  description string
  format string
  jsonPath! string
  name! string
  priority int32
  type! string
CustomResourceValidation
  openAPIV3Schema jsonSchema
CustomResourceSubresources
  scale CustomResourceSubresourceScale
  status any
CustomResourceSubresourceScale
  labelSelectorPath string
  specReplicasPath! string
  statusReplicasPath! string
CustomResourceDefinitionStatus
  acceptedNames CustomResourceDefinitionNames
  conditions []Condition key=type
  storedVersions []string
`;
