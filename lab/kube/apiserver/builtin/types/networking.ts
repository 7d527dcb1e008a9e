// NetworkPolicy of networking.k8s.io/v1, in the notation of schema/notation.ts.
export const networkingTypes = `
NetworkPolicy
  apiVersion string
  kind string
  metadata ObjectMeta
  spec NetworkPolicySpec
NetworkPolicySpec
  egress []NetworkPolicyEgressRule
  ingress []NetworkPolicyIngressRule
  podSelector LabelSelector
  policyTypes []string
NetworkPolicyIngressRule
  from []NetworkPolicyPeer
  ports []NetworkPolicyPort
NetworkPolicyEgressRule
  ports []NetworkPolicyPort
  to []NetworkPolicyPeer
NetworkPolicyPeer
  ipBlock IPBlock
  namespaceSelector LabelSelector
  podSelector LabelSelector
NetworkPolicyPort
  endPort int32
  port intOrString
  protocol string
IPBlock
  cidr! string
  except []string
`;
