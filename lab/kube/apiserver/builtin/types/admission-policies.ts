// Kinds of ValidatingAdmissionPolicy, in the notation of schema/notation.ts.

export const admissionPolicyTypes = `
ValidatingAdmissionPolicy
  apiVersion string
  kind string
  metadata ObjectMeta
  spec ValidatingAdmissionPolicySpec
  status ValidatingAdmissionPolicyStatus
ValidatingAdmissionPolicySpec
  auditAnnotations []AuditAnnotation
  failurePolicy string
  matchConditions []MatchCondition key=name
  matchConstraints MatchResources
  paramKind ParamKind
  validations []Validation
  variables []PolicyVariable key=name
AuditAnnotation
  key! string
  valueExpression! string
ParamKind atomic
  apiVersion string
  kind string
Validation
  expression! string
  message string
  messageExpression string
  reason string
PolicyVariable atomic
  expression! string
  name! string
MatchResources atomic
  excludeResourceRules []NamedRuleWithOperations
  matchPolicy string
  namespaceSelector LabelSelector
  objectSelector LabelSelector
  resourceRules []NamedRuleWithOperations
NamedRuleWithOperations atomic
  apiGroups []string
  apiVersions []string
  operations []string
  resourceNames []string
  resources []string
  scope string
ValidatingAdmissionPolicyStatus
  conditions []Condition key=type
  observedGeneration int64
  typeChecking TypeChecking
TypeChecking
  expressionWarnings []ExpressionWarning
ExpressionWarning
  fieldRef! string
  warning! string

ValidatingAdmissionPolicyBinding
  apiVersion string
  kind string
  metadata ObjectMeta
  spec ValidatingAdmissionPolicyBindingSpec
ValidatingAdmissionPolicyBindingSpec
  matchResources MatchResources
  paramRef ParamRef
  policyName string
  validationActions []string set
ParamRef atomic
  name string
  namespace string
  parameterNotFoundAction string
  selector LabelSelector
`;
