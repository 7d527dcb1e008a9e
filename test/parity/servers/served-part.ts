// Which built-in kinds a partial server lacks, told by the paths that cases ask for.
import type { Group } from '../parity-case.ts';
import type { ServedPart } from '../parity-server.ts';

/** API groups of kube-apiserver and its companions. Any other group is a case's own and served through its definition. */
const builtInGroups: ReadonlySet<string> = new Set([
  '',
  'admissionregistration.k8s.io',
  'apiregistration.k8s.io',
  'apps',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'extensions',
  'flowcontrol.apiserver.k8s.io',
  'metrics.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
]);

export interface PartOptions {
  readonly groups: readonly Group[];
  /** What is served of the built-in groups, as `group/plural`; their subresources count as missing. */
  readonly resources: readonly string[];
  /** Ids of cases by the reason why the server is no witness for them. */
  readonly unfit: Readonly<Record<string, readonly string[]>>;
}

/** Whatever is not of the built-in groups counts as served. */
export function servedPart({ groups, resources, unfit }: PartOptions): ServedPart {
  const served = new Set(resources);
  return {
    groups: new Set(groups),
    unfit: new Map(Object.entries(unfit).flatMap(([why, ids]) => ids.map((id) => [id, why] as const))),
    missing(path) {
      const asked = parsePath(path);
      if (asked === undefined || !builtInGroups.has(asked.group)) return undefined;
      const resource = `${asked.group}/${asked.resource}`;
      const name = asked.group === '' ? asked.resource : `${asked.resource}.${asked.group}`;
      if (!served.has(resource)) return name;
      return asked.subresource === undefined ? undefined : `${name}/${asked.subresource}`;
    },
  };
}

/** `undefined`: the path is not one of a resource. */
function parsePath(
  path: string,
): { readonly group: string; readonly resource: string; readonly subresource: string | undefined } | undefined {
  const segments = new URL(path, 'https://server').pathname.split('/').filter((segment) => segment !== '');
  const [root] = segments;
  if (root !== 'api' && root !== 'apis') return undefined;
  const group = root === 'api' ? '' : (segments[1] ?? '');
  let rest = segments.slice(root === 'api' ? 2 : 3);
  if (rest[0] === 'watch') rest = rest.slice(1);
  // `namespaces/NAME/status` and `/finalize` are the namespace's own.
  if (rest[0] === 'namespaces' && rest.length > 2 && rest[2] !== 'status' && rest[2] !== 'finalize')
    rest = rest.slice(2);
  const [resource, , subresource] = rest;
  return resource === undefined ? undefined : { group, resource, subresource };
}
