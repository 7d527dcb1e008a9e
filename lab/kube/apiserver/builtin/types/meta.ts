// Types of apimachinery that many kinds share, in the notation of schema/notation.ts.

export const metaTypes = `
ObjectMeta
  name string
  generateName string
  namespace string
  selfLink string
  uid string
  resourceVersion string
  generation int64
  creationTimestamp time
  deletionTimestamp time
  deletionGracePeriodSeconds int64
  labels map string
  annotations map string
  ownerReferences []OwnerReference key=uid
  finalizers []string set
  managedFields []ManagedFieldsEntry

OwnerReference atomic
  apiVersion! string
  kind! string
  name! string
  uid! string
  controller bool
  blockOwnerDeletion bool

ManagedFieldsEntry
  manager string
  operation string
  apiVersion string
  time time
  fieldsType string
  fieldsV1 any
  subresource string

ListMeta
  selfLink string
  resourceVersion string
  continue string
  remainingItemCount int64

LabelSelector atomic
  matchLabels map string
  matchExpressions []LabelSelectorRequirement

LabelSelectorRequirement
  key! string
  operator! string
  values []string

Condition
  type! string
  status! string
  observedGeneration int64
  lastTransitionTime! time
  reason! string
  message! string

ObjectReference atomic
  kind string
  namespace string
  name string
  uid string
  apiVersion string
  resourceVersion string
  fieldPath string

LocalObjectReference atomic
  name string

TypedLocalObjectReference atomic
  apiGroup string
  kind! string
  name! string
`;
