// Admission plugin NodeRestriction: a kubelet changes its own node, its mirror Pods, the status of its Pods and its lease.
import { nodeOf } from '../access/node-authorizer.ts';
import type { AdmissionRequest } from '../admission/admission.ts';
import type { ApiObject } from '../json.ts';
import { equalJson, objectAt, objectsAt, stringAt } from '../json.ts';
import { notFound } from '../status.ts';
import { forbiddenLabels, changedLabels } from './node-labels.ts';
import { mirrorPodFault } from './mirror-pod.ts';
import type { AdmissionPlugin, Lookup } from './plugin.ts';
import { refused } from './plugin.ts';

/** Why a node may not; `undefined`: it may. */
type Fault = string | undefined;

const LEASES = 'kube-node-lease';

/** Source: plugin/pkg/admission/noderestriction of Kubernetes. Users that are no nodes are not concerned. */
export function nodeRestriction(lookup: Lookup): AdmissionPlugin {
  const faultOf = (node: string, request: AdmissionRequest, object: ApiObject | undefined): Fault => {
    const { group, plural } = request.scope.definition;
    if (group === 'coordination.k8s.io' && plural === 'leases') return leaseFault(node, request, object);
    if (group !== '') return undefined;
    switch (plural) {
      case 'pods':
        return podFault(lookup, node, request, object);
      case 'nodes':
        return nodeFault(node, request, object);
      case 'serviceaccounts':
        return request.scope.subresource === 'token' ? tokenFault(lookup, node, request, object) : undefined;
      default:
        return undefined;
    }
  };
  const check = (request: AdmissionRequest, object: ApiObject | undefined): void => {
    const node = nodeOf(request.scope.user);
    if (node === undefined) return;
    const fault =
      node === ''
        ? `could not determine node from user ${JSON.stringify(request.scope.user.name)}`
        : faultOf(node, request, object);
    if (fault !== undefined) throw refused(request, object, fault);
  };
  return {
    admit: check,
    // What is asked without a draft comes by only here.
    validate(request, object) {
      const { subresource } = request.scope;
      if (request.operation === 'DELETE' || (subresource !== undefined && subresource !== 'status'))
        check(request, object);
    },
  };
}

function podFault(lookup: Lookup, node: string, request: AdmissionRequest, object: ApiObject | undefined): Fault {
  const { scope, operation, old } = request;
  const quoted = JSON.stringify(node);
  const onNode = (pod: ApiObject | undefined): boolean => stringAt(pod, 'spec', 'nodeName') === node;
  switch (scope.subresource as string | undefined) {
    case undefined:
      if (operation === 'CREATE')
        return object && mirrorPodFault(object, node, lookup.find('', 'nodes', undefined, node));
      if (operation !== 'DELETE')
        return `unexpected operation ${JSON.stringify(operation)}, node ${quoted} can only create and delete mirror pods`;
      return onNode(old) ? undefined : `node ${quoted} can only delete pods with spec.nodeName set to itself`;
    case 'status':
      if (!onNode(old)) return `node ${quoted} can only update pod status for pods with spec.nodeName set to itself`;
      return equalJson(object?.metadata.labels ?? {}, old?.metadata.labels ?? {})
        ? undefined
        : `node ${quoted} cannot update labels through pod status`;
    case 'eviction': {
      const pod = lookup.find('', 'pods', scope.namespace, scope.name);
      if (pod === undefined) throw notFound({ group: '', plural: 'pods' }, scope.name);
      return onNode(pod) ? undefined : `node ${node} can only evict pods with spec.nodeName set to itself`;
    }
    default:
      return `unexpected pod subresource ${JSON.stringify(scope.subresource)}, only 'status' and 'eviction' are allowed`;
  }
}

function nodeFault(node: string, { scope, operation, old }: AdmissionRequest, object: ApiObject | undefined): Fault {
  const quoted = JSON.stringify(node);
  const requested = scope.name || (object?.metadata.name ?? '');
  if (requested !== node) return `node ${quoted} is not allowed to modify node ${JSON.stringify(requested)}`;
  if (object === undefined) return undefined;
  if (operation === 'UPDATE' && !equalJson(objectsAt(object, 'spec', 'taints'), objectsAt(old, 'spec', 'taints')))
    return `node ${quoted} is not allowed to modify taints`;
  const labels = forbiddenLabels(changedLabels(object.metadata.labels ?? {}, old?.metadata.labels ?? {}));
  if (labels.length === 0) return undefined;
  return operation === 'CREATE'
    ? `node ${quoted} is not allowed to set the following labels: ${labels.join(', ')}`
    : `is not allowed to modify labels: ${labels.join(', ')}`;
}

function tokenFault(lookup: Lookup, node: string, request: AdmissionRequest, object: ApiObject | undefined): Fault {
  const reference = objectAt(object, 'spec', 'boundObjectRef');
  const name = stringAt(reference, 'name') ?? '';
  if (reference['apiVersion'] !== 'v1' || reference['kind'] !== 'Pod' || name === '')
    return 'node requested token not bound to a pod';
  const uid = stringAt(reference, 'uid') ?? '';
  if (uid === '') return 'node requested token with a pod binding without a uid';
  const pod = lookup.find('', 'pods', request.scope.namespace, name);
  if (pod === undefined) throw notFound({ group: '', plural: 'pods' }, name);
  if (pod.metadata.uid !== uid)
    return `the UID in the bound object reference (${uid}) does not match the UID in record (${pod.metadata.uid}). The object might have been deleted and then recreated`;
  return stringAt(pod, 'spec', 'nodeName') === node
    ? undefined
    : 'node requested token bound to a pod scheduled on a different node';
}

function leaseFault(node: string, { scope }: AdmissionRequest, object: ApiObject | undefined): Fault {
  if (scope.namespace !== LEASES) return `can only access leases in the ${JSON.stringify(LEASES)} system namespace`;
  return (scope.name || object?.metadata.name) === node
    ? undefined
    : 'can only access node lease with the same name as the requesting node';
}
