// Which rules each built-in type has; types that are not listed have none of their own.
import { customResourceDefinitionRules } from '../../custom/definition-rules.ts';
import type { Rules } from '../../registry/definition.ts';
import { builtInTypes, typeOf } from '../schemas.ts';
import { admissionPolicyBindingRules, admissionPolicyRules } from './admission-policy.ts';
import { configMapRules, secretRules } from './config.ts';
import { endpointSliceRules, endpointsRules } from './endpoints.ts';
import { eventRules, viewedEventRules } from './events.ts';
import { jobRules } from './job.ts';
import { namespaceRules } from './namespace.ts';
import { networkPolicyRules } from './network-policy.ts';
import { nodeRules } from './node.ts';
import { podRules } from './pod.ts';
import { readOnlyRules } from './read-only.ts';
import { serviceRules } from './service.ts';
import { bindingRules, leaseRules, priorityClassRules, roleRules } from './small-kinds.ts';
import { controllerRevisionRules, statefulSetRules } from './stateful-set.ts';
import { webhookConfigurationRules } from './webhook-configuration.ts';
import { daemonSetRules, deploymentRules, replicaSetRules } from './workloads.ts';

export const kindRules: Readonly<Record<string, Rules>> = {
  ClusterRole: roleRules,
  ClusterRoleBinding: bindingRules,
  ConfigMap: configMapRules,
  ControllerRevision: controllerRevisionRules,
  CustomResourceDefinition: customResourceDefinitionRules(typeOf(builtInTypes(), 'ObjectMeta')),
  DaemonSet: daemonSetRules,
  Deployment: deploymentRules,
  Endpoints: endpointsRules,
  EndpointSlice: endpointSliceRules,
  Event: eventRules,
  EventOfEvents: viewedEventRules,
  Job: jobRules,
  Lease: leaseRules,
  LimitRange: readOnlyRules('limitranges'),
  MutatingWebhookConfiguration: webhookConfigurationRules,
  Namespace: namespaceRules,
  NetworkPolicy: networkPolicyRules,
  Node: nodeRules,
  Pod: podRules,
  PriorityClass: priorityClassRules,
  ReplicaSet: replicaSetRules,
  ResourceQuota: readOnlyRules('resourcequotas'),
  Role: roleRules,
  RoleBinding: bindingRules,
  Secret: secretRules,
  Service: serviceRules,
  StatefulSet: statefulSetRules,
  ValidatingAdmissionPolicy: admissionPolicyRules,
  ValidatingAdmissionPolicyBinding: admissionPolicyBindingRules,
  ValidatingWebhookConfiguration: webhookConfigurationRules,
};
