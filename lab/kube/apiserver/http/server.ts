// One request from start to end: who asks, for what, may they, and the answer.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorText } from '../../../../src/base/errors.ts';
import { impersonated } from '../access/impersonation.ts';
import type { Attributes } from '../access/rbac.ts';
import { refusal } from '../access/rbac.ts';
import type { User } from '../access/user.ts';
import { anonymous, AUTHENTICATED } from '../access/user.ts';
import type { Core, Scope } from '../core.ts';
import type { Definition, Subresource } from '../registry/definition.ts';
import {
  forbidden,
  internalError,
  methodNotAllowed,
  noSuchPath,
  notImplemented,
  StatusError,
  unauthorized,
} from '../status.ts';
import { documentAt } from './documents.ts';
import { refusesJson } from './negotiation.ts';
import type { Reply } from './reply.ts';
import { jsonReply, send, statusReply } from './reply.ts';
import type { ResourcePath } from './request-path.ts';
import { parseResourcePath } from './request-path.ts';
import { isWatch, serveResource } from './resource-requests.ts';
import { answerReview, reviewResources } from './reviews.ts';
import { unservedReason } from './unserved.ts';

/** Handles every request of the server; never throws. */
export function createRequestHandler(core: Core): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    void handle(core, request, response);
  };
}

async function handle(core: Core, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const warnings: string[] = [];
  try {
    const reply = await answer(core, request, response, warnings);
    if (reply !== undefined) send(response, reply, warnings);
  } catch (error) {
    fail(core, request, response, error, warnings);
  }
}

function fail(
  core: Core,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  warnings: readonly string[],
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const status = error instanceof StatusError ? error : internalError(errorText(error));
  if (!(error instanceof StatusError)) {
    const stack = error instanceof Error ? error.stack : undefined;
    core.logger.error(
      { method: request.method, url: request.url, error: errorText(error), stack },
      'request failed unexpectedly',
    );
  }
  // A connection whose body nobody will read cannot serve another request.
  if (status.code === 413) response.setHeader('Connection', 'close');
  if (status.code === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  const retryAfter = status.details?.retryAfterSeconds;
  if (retryAfter !== undefined) response.setHeader('Retry-After', String(retryAfter));
  send(response, statusReply(status.toStatus()), warnings);
  // Whatever the client still sends of a refused body is not waited for.
  if (!request.complete) request.resume();
}

async function answer(
  core: Core,
  request: IncomingMessage,
  response: ServerResponse,
  warnings: string[],
): Promise<Reply | undefined> {
  const url = new URL(request.url ?? '/', 'https://apiserver');
  const user = impersonated(authenticate(core, request), request.headers, core.authorizer);
  const path = parseResourcePath(url.pathname);
  if (refusesJson(request.headers.accept ?? '') && !url.pathname.startsWith('/openapi'))
    throw new StatusError(406, 'NotAcceptable', 'only the following media types are accepted: application/json');
  if (path === undefined) return serveDocument(core, request, user, url.pathname);
  const review = reviewResources.find(
    ({ group, plural }) => group === path.group && plural === path.plural && path.version === 'v1',
  );
  if (review !== undefined) {
    if (request.method !== 'POST') throw methodNotAllowed();
    const self = review.kind.startsWith('Self') && user.groups.includes(AUTHENTICATED);
    if (!self) authorize(core, user, attributesOf(path, 'create'));
    return jsonReply(answerReview(core, user, review, await core.readBody(request)), 201);
  }
  authorize(core, user, attributesOf(path, verbOf(request.method ?? 'GET', path, url.searchParams)));
  const scope = scopeOf(core, path, url.searchParams, user, request, warnings);
  return serveResource({ core, scope, request, response, warnings });
}

function authenticate(core: Core, request: IncomingMessage): User {
  const header = request.headers.authorization;
  if (header === undefined) return anonymous;
  const token = /^Bearer\s+(\S+)$/i.exec(header)?.[1];
  const user = token === undefined ? undefined : core.tokens.authenticate(token);
  if (user === undefined) throw unauthorized();
  return user;
}

/** Open to everybody, so that probes and clients can tell that the server is there. */
const PUBLIC = ['/healthz', '/livez', '/readyz', '/version', '/openid/v1/jwks', '/.well-known/openid-configuration'];

function serveDocument(core: Core, request: IncomingMessage, user: User, pathname: string): Reply {
  const isPublic = PUBLIC.some((open) => pathname === open || pathname.startsWith(`${open}/`));
  // Discovery and OpenAPI are open to whoever is known.
  if (!isPublic && !user.groups.includes(AUTHENTICATED)) {
    const attributes: Attributes = { kind: 'path', verb: (request.method ?? 'GET').toLowerCase(), path: pathname };
    throw new StatusError(403, 'Forbidden', `forbidden: ${refusal(user, attributes)}`, {});
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
  const reply = documentAt(core, pathname, request.headers.host ?? 'kubernetes.default.svc');
  if (reply !== undefined) return reply;
  throw unservedReason(pathname) ?? noSuchPath();
}

function attributesOf(path: ResourcePath, verb: string): Attributes {
  return {
    kind: 'resource',
    verb,
    group: path.group,
    resource: path.subresource === '' ? path.plural : `${path.plural}/${path.subresource}`,
    // A request for a Namespace itself is about that Namespace, also to RBAC.
    namespace:
      path.namespace ?? (path.group === '' && path.plural === 'namespaces' && path.name !== '' ? path.name : undefined),
    name: path.name,
  };
}

function authorize(core: Core, user: User, attributes: Attributes): void {
  if (core.authorizer.allows(user, attributes)) return;
  if (attributes.kind === 'path')
    throw new StatusError(403, 'Forbidden', `forbidden: ${refusal(user, attributes)}`, {});
  throw forbidden(
    { group: attributes.group, plural: attributes.resource.split('/')[0] ?? '' },
    attributes.name,
    refusal(user, attributes),
  );
}

function verbOf(method: string, path: ResourcePath, query: URLSearchParams): string {
  const collection = path.name === '';
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (isWatch(query)) return 'watch';
      return collection ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return collection ? 'deletecollection' : 'delete';
    default:
      throw methodNotAllowed();
  }
}

function scopeOf(
  core: Core,
  path: ResourcePath,
  query: URLSearchParams,
  user: User,
  request: IncomingMessage,
  warnings: string[],
): Scope {
  const definition = core.registry.find(path.group, path.version, path.plural);
  if (definition === undefined)
    throw unservedReason(`/apis/${path.group}`) ?? unservedReason(path.plural) ?? noSuchPath();
  if (!definition.namespaced && path.namespace !== undefined) throw noSuchPath();
  if (definition.namespaced && path.namespace === undefined && (path.name !== '' || request.method === 'POST'))
    throw noSuchPath();
  if (definition.deprecationWarning !== undefined) warnings.push(definition.deprecationWarning);
  return {
    user,
    definition,
    namespace: path.namespace,
    name: path.name,
    subresource: subresourceOf(definition, path),
    query,
    userAgent: request.headers['user-agent'] ?? '',
    warn: (message) => void warnings.push(message),
  };
}

function subresourceOf(definition: Definition, path: ResourcePath): Subresource | undefined {
  if (path.subresource === '') return undefined;
  const served = definition.subresources.find((name) => name === path.subresource);
  if (served !== undefined && path.rest.length === 0) return served;
  if (definition.custom) throw noSuchPath();
  throw notImplemented(`the subresource ${definition.plural}/${path.subresource}`);
}
