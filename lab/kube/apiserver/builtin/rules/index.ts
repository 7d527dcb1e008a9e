// Which rules each built-in kind has; kinds that are not listed have none of their own.
import { customResourceDefinitionRules } from '../../custom/definition-rules.ts';
import type { Rules } from '../../registry/definition.ts';
import { namespaceRules } from './namespace.ts';
import { podRules } from './pod.ts';
import { serviceRules } from './service.ts';
import {
  bindingRules,
  configMapRules,
  eventRules,
  leaseRules,
  nodeRules,
  priorityClassRules,
  roleRules,
  secretRules,
} from './small-kinds.ts';
import { webhookConfigurationRules } from './webhook-configuration.ts';
import { daemonSetRules, deploymentRules, replicaSetRules } from './workloads.ts';

export const kindRules: Readonly<Record<string, Rules>> = {
  ClusterRole: roleRules,
  ClusterRoleBinding: bindingRules,
  ConfigMap: configMapRules,
  CustomResourceDefinition: customResourceDefinitionRules,
  DaemonSet: daemonSetRules,
  Deployment: deploymentRules,
  Event: eventRules,
  Lease: leaseRules,
  MutatingWebhookConfiguration: webhookConfigurationRules,
  Namespace: namespaceRules,
  Node: nodeRules,
  Pod: podRules,
  PriorityClass: priorityClassRules,
  ReplicaSet: replicaSetRules,
  Role: roleRules,
  RoleBinding: bindingRules,
  Secret: secretRules,
  Service: serviceRules,
  ValidatingWebhookConfiguration: webhookConfigurationRules,
};
