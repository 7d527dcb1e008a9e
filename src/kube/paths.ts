// From a resource, a namespace and a name to the path it is served under.
import { TrunklineError } from '../base/errors.ts';
import { kubeErrors } from './kube-errors.ts';
import type { Resource } from './types.ts';

/** Path of a collection. Without `namespace`, a namespaced resource is addressed across all namespaces (list and watch only). */
export function collectionPath(resource: Resource, namespace?: string): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  if (!resource.namespaced || namespace === undefined) return `${root}/${resource.plural}`;
  return `${root}/namespaces/${segment(namespace, `namespace of ${resource.plural}`)}/${resource.plural}`;
}

/** Path objects are created under; throws KUBE-REQUEST-INVALID when a namespaced resource comes without its namespace. */
export function creationPath(resource: Resource, namespace: string | undefined): string {
  if (resource.namespaced && namespace === undefined)
    throw new TrunklineError(
      kubeErrors.requestInvalid,
      `${resource.plural} are namespaced: give options.namespace or metadata.namespace`,
    );
  return collectionPath(resource, namespace);
}

/** Path of one object or of its subresource. An empty or relative name throws: it would address the whole collection. */
export function objectPath(resource: Resource, name: string, namespace?: string, subresource?: string): string {
  const path = `${creationPath(resource, namespace)}/${segment(name, `name of ${resource.plural}`)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** Appends the parameters that are defined. */
export function withQuery(
  path: string,
  parameters: Readonly<Record<string, string | number | boolean | undefined>>,
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, String(value));
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** `group/version`, or `version` in the core group: the apiVersion of the resource's objects. */
export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

function segment(text: string, what: string): string {
  if (text === '' || text === '.' || text === '..' || text.includes('/') || text.includes('%'))
    throw new TrunklineError(
      kubeErrors.requestInvalid,
      `${what} is ${JSON.stringify(text)}: expected a non-empty name without "/" and "%"`,
    );
  return encodeURIComponent(text);
}
