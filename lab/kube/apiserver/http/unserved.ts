// What Kubernetes has and this server does not: refused by name with 501, where an unknown path is a plain 404.
import type { StatusError } from '../status.ts';
import { notImplemented } from '../status.ts';

const GROUPS = [
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'policy',
  'resource.k8s.io',
  'storage.k8s.io',
];

const RESOURCES = [
  'bindings',
  'componentstatuses',
  'controllerrevisions',
  'limitranges',
  'localsubjectaccessreviews',
  'persistentvolumeclaims',
  'persistentvolumes',
  'podtemplates',
  'replicationcontrollers',
  'resourcequotas',
  'selfsubjectrulesreviews',
  'statefulsets',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
];

/** The 501 for a path or a resource's plural name that Kubernetes knows; `undefined` for anything else. */
export function unservedReason(pathOrPlural: string): StatusError | undefined {
  const group = /^\/apis\/([^/]+)/.exec(pathOrPlural)?.[1];
  if (group !== undefined) return GROUPS.includes(group) ? notImplemented(`the API group ${group}`) : undefined;
  if (RESOURCES.includes(pathOrPlural)) return notImplemented(`the resource ${pathOrPlural}`);
  return pathOrPlural === '/metrics' || pathOrPlural.startsWith('/debug') ? notImplemented(pathOrPlural) : undefined;
}
