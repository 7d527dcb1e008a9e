// What a request to a path under /api or /apis asks an authorizer for: its verb, and what it is about.
import { asksToWatch } from '../http/request-path.ts';
import { exactName } from './exact-name.ts';
import type { Attributes } from './attributes.ts';

/** The parts of a resource path that authorizers look at. */
export interface AuthorizedPath {
  readonly group: string;
  readonly namespace: string | undefined;
  readonly plural: string;
  readonly name: string;
  readonly subresource: string;
}

/**
 * Source: RequestInfo of k8s.io/apiserver. A list or watch of one object, by its name in a field selector, is about that object; a
 * Namespace lies in itself.
 */
export function resourceAttributes(method: string, path: AuthorizedPath, query: URLSearchParams): Attributes {
  const inItself = path.group === '' && path.plural === 'namespaces' && path.name !== '' ? path.name : undefined;
  const isRead = method === 'GET' || method === 'HEAD';
  const collectionOfOne = path.name === '' && isRead ? exactName(query.get('fieldSelector')) : undefined;
  return {
    kind: 'resource',
    verb: verbOf(method, path.name === '', query),
    group: path.group,
    resource: path.subresource === '' ? path.plural : `${path.plural}/${path.subresource}`,
    namespace: path.namespace ?? inItself,
    name: collectionOfOne ?? path.name,
  };
}

function verbOf(method: string, isCollection: boolean, query: URLSearchParams): string {
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (!isCollection) return 'get';
      return asksToWatch(query) ? 'watch' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return isCollection ? 'deletecollection' : 'delete';
    default:
      return '';
  }
}
