// From a request's path to the resource it is about, or to the refusal of what there is not.
import type { IncomingMessage } from 'node:http';
import type { User } from '../access/user.ts';
import type { Core, Scope } from '../core.ts';
import type { Definition, Subresource } from '../registry/definition.ts';
import { badRequest, methodNotAllowed, noSuchPath, notFound } from '../status.ts';
import type { ResourcePath } from './request-path.ts';
import { pathNameFault } from './request-path.ts';
import { hasCollectionDelete } from './discovery.ts';
import { isReleaseGroup, unservedResource } from './unserved.ts';

export interface ScopeRequest {
  readonly path: ResourcePath;
  readonly query: URLSearchParams;
  readonly user: User;
  readonly request: IncomingMessage;
  /** Warnings of the answer; the scope adds to them. */
  readonly warnings: string[];
}

/** Methods that a collection over all Namespaces does not have. */
const IN_NAMESPACE_ONLY = ['POST', 'DELETE', 'PUT', 'PATCH'];

/**
 * The scope of a request; `undefined` when its group is not one of Kubernetes' own and nothing is served there, which a real
 * server answers with a text. Throws 404, 405 and 501.
 */
export function scopeOf(core: Core, { path, query, user, request, warnings }: ScopeRequest): Scope | undefined {
  const definition = core.registry.find(path.group, path.version, path.plural);
  if (definition === undefined) {
    const refused = unservedResource(path, path.subresource);
    if (refused !== undefined) throw refused;
    if (path.group !== '' && !isReleaseGroup(path.group)) return undefined;
    throw noSuchPath();
  }
  if (!definition.namespaced && path.namespace !== undefined) throw noSuchPath();
  if (definition.namespaced && path.namespace === undefined) {
    const write = IN_NAMESPACE_ONLY.includes(request.method ?? '');
    // The handler of custom resources has its own ways of not finding.
    if (definition.custom && (write || path.name !== '')) return undefined;
    if (path.name !== '') throw noSuchPath();
    if (write) throw methodNotAllowed();
  }
  if (request.method === 'DELETE' && path.name === '' && !hasCollectionDelete(definition)) throw methodNotAllowed();
  const subresource = subresourceOf(definition, path);
  const fault = pathNameFault(path.name);
  if (fault !== undefined) throw badRequest(`Name parameter invalid: ${JSON.stringify(path.name)}: ${fault}`);
  if (definition.deprecationWarning !== undefined) warnings.push(definition.deprecationWarning);
  return {
    user,
    definition,
    namespace: path.namespace,
    name: path.name,
    subresource,
    query,
    userAgent: request.headers['user-agent'] ?? '',
    warn: (message) => void warnings.push(message),
  };
}

function subresourceOf(definition: Definition, path: ResourcePath): Subresource | undefined {
  if (path.subresource === '') return undefined;
  const served = definition.subresources.find((name) => name === path.subresource);
  if (served !== undefined && path.rest.length === 0) return served;
  // Of custom resources a real server says that the object is not there.
  if (definition.custom) throw notFound(definition, path.name);
  // Only a proxy has paths of its own behind it.
  const mayExist = path.rest.length === 0 || path.subresource === 'proxy';
  throw (mayExist ? unservedResource(definition, path.subresource) : undefined) ?? noSuchPath();
}
