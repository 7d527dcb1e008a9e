// Which Pods a kubelet may create: mirrors of its static Pods, which refer to nothing in the API but their node.
import { podReferences } from '../access/node-references.ts';
import type { ApiObject } from '../json.ts';
import { isObject, stringAt } from '../json.ts';
import { notFound } from '../status.ts';

const MIRROR = 'kubernetes.io/config.mirror';

/** Why `node` may not create the Pod; `undefined`: it may. Throws 404 when the node's own object is not there. */
export function mirrorPodFault(pod: ApiObject, node: string, nodeObject: ApiObject | undefined): string | undefined {
  const quoted = JSON.stringify(node);
  if (pod.metadata.annotations?.[MIRROR] === undefined)
    return `pod does not have ${JSON.stringify(MIRROR)} annotation, node ${quoted} can only create mirror pods`;
  if (stringAt(pod, 'spec', 'nodeName') !== node)
    return `node ${quoted} can only create pods with spec.nodeName set to itself`;
  const [owner, ...others] = (pod.metadata.ownerReferences ?? []).filter(isObject);
  if (others.length > 0) return `node ${quoted} can only create pods with a single owner reference set to itself`;
  if (owner === undefined || owner['apiVersion'] !== 'v1' || owner['kind'] !== 'Node' || owner['name'] !== node)
    return `node ${quoted} can only create pods with an owner reference set to itself`;
  if (owner['controller'] !== true)
    return `node ${quoted} can only create pods with a controller owner reference set to itself`;
  if (owner['blockOwnerDeletion'] === true)
    return `node ${quoted} must not set blockOwnerDeletion on an owner reference`;
  if (nodeObject === undefined) throw notFound({ group: '', plural: 'nodes' }, node);
  if (owner['uid'] !== nodeObject.metadata.uid)
    return `node ${node} UID mismatch: expected ${String(owner['uid'])} got ${nodeObject.metadata.uid}`;
  return referenceFault(pod, quoted);
}

function referenceFault(pod: ApiObject, quoted: string): string | undefined {
  const { serviceaccounts, secrets, configmaps, persistentvolumeclaims } = podReferences(pod);
  if (serviceaccounts.size > 0) return `node ${quoted} can not create pods that reference a service account`;
  if (secrets.size > 0) return `node ${quoted} can not create pods that reference secrets`;
  if (configmaps.size > 0) return `node ${quoted} can not create pods that reference configmaps`;
  if (persistentvolumeclaims.size > 0)
    return `node ${quoted} can not create pods that reference persistentvolumeclaims`;
  return undefined;
}
