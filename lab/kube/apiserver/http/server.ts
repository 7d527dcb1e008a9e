// One request from start to end: who asks, for what, may they, and the answer.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorText } from '../../../../src/base/errors.ts';
import type { Authenticator } from '../access/authentication.ts';
import { createAuthenticator } from '../access/authentication.ts';
import { authorize } from '../access/authorization.ts';
import { impersonated, UnnamedImpersonation } from '../access/impersonation.ts';
import { resourceAttributes } from '../access/request-attributes.ts';
import type { User } from '../access/user.ts';
import type { Core } from '../core.ts';
import { internalError, methodNotAllowed, noSuchPath, StatusError } from '../status.ts';
import { documentAt, notFoundDocument } from './documents.ts';
import type { RequestMetrics } from './metrics.ts';
import { createRequestMetrics } from './metrics.ts';
import { errorForm, negotiate } from './negotiation.ts';
import type { OpenApiDocuments } from './openapi-documents.ts';
import { createOpenApiDocuments } from './openapi-documents.ts';
import type { Exchange as Sent, Reply } from './reply.ts';
import { jsonReply, send, statusReply, textReply } from './reply.ts';
import type { RequestTarget } from './request-path.ts';
import { asksToWatch, parseResourcePath, parseTarget, segmentsOf, watchAsList } from './request-path.ts';
import { scopeOf } from './request-scope.ts';
import { serveResource } from './resource-requests.ts';
import { answerReview, reviewOf } from './reviews.ts';
import { isReleaseGroup, unservedPath } from './unserved.ts';
import type { Upgrade } from '../streaming/upgrade.ts';

/** Handles a request; `upgrade` comes with one that asks for another protocol. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse, upgrade?: Upgrade) => void;

/** Handles every request of the server; never throws. */
export function createRequestHandler(core: Core): RequestHandler {
  const metrics = createRequestMetrics();
  const authenticate = createAuthenticator(core.tokens);
  const openApi = createOpenApiDocuments(core.registry, () => core.clock.now());
  return (request, response, upgrade) => {
    void handle({ core, metrics, openApi, authenticate, request, response, upgrade, warnings: [] });
  };
}

interface Exchange extends Sent {
  readonly core: Core;
  readonly metrics: RequestMetrics;
  readonly openApi: OpenApiDocuments;
  readonly authenticate: Authenticator;
  readonly warnings: string[];
  readonly upgrade: Upgrade | undefined;
}

const plainForm = { media: 'json', pretty: false } as const;

async function handle(exchange: Exchange): Promise<void> {
  const { request, response, warnings, metrics } = exchange;
  const target = parseTarget(request.url ?? '/');
  const verb = request.method ?? 'GET';
  const about = target === undefined ? undefined : parseResourcePath(target.path);
  response.on('finish', () => metrics.answered(verb, about, response.statusCode));
  if (target === undefined) {
    response.setHeader('Connection', 'close');
    await send(exchange, textReply('400 Bad Request', 400), plainForm);
    return;
  }
  try {
    await answer(exchange, target);
  } catch (error) {
    if (error instanceof UnnamedImpersonation) {
      const text = `Internal Server Error: ${JSON.stringify(request.url)}: ${error.message}\n`;
      await send(exchange, textReply(text, 500), plainForm);
    } else await fail(exchange, target, error);
  }
  // Whatever the client still sends of a body that nobody read is not waited for.
  if (!request.complete) request.resume();

  async function answer(asked: Exchange, { path, query }: RequestTarget): Promise<void> {
    const { core } = asked;
    const sender = asked.authenticate(request);
    const user = asksToImpersonate(request) ? impersonated(sender, request.headersDistinct, core.authorizer) : sender;
    if (about === undefined) {
      const reply = serveDocument(asked, user, { path, query });
      // Documents are negotiated like objects, but those that have one form only are sent in it.
      const form = reply.contentType === undefined ? negotiate(request, query) : plainForm;
      return send(exchange, reply, form);
    }
    const resource = watchAsList(about, query);
    authorize(core.authorizer, user, resourceAttributes(verb, resource, query));
    const review = reviewOf(resource);
    if (review !== undefined) {
      if (verb !== 'POST') throw methodNotAllowed();
      const form = negotiate(request, query);
      const body = await core.readBody(request, review.kind);
      const reply = jsonReply(answerReview(core, user, review, resource.namespace, body), 201);
      return send(exchange, reply, form);
    }
    const scope = scopeOf(core, { path: resource, query, user, request, warnings });
    if (scope === undefined) return send(exchange, textReply('404 page not found\n', 404), plainForm);
    const watch = verb === 'GET' && scope.name === '' && asksToWatch(query);
    const form = negotiate(request, query, { conversions: scope.subresource !== 'scale', stream: watch });
    const reply = await serveResource({
      core,
      scope,
      request,
      response,
      upgrade: asked.upgrade,
      warnings,
      form,
      watch,
    });
    if (reply !== undefined) await send(exchange, reply, form);
  }
}

/** Looked at before the headers are sorted out value by value, which few requests need. */
function asksToImpersonate({ headers }: IncomingMessage): boolean {
  for (const name in headers) if (name.startsWith('impersonate-')) return true;
  return false;
}

async function fail(exchange: Exchange, target: RequestTarget, error: unknown): Promise<void> {
  const { core, request, response } = exchange;
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
  const retryAfter = status.details?.retryAfterSeconds;
  if (retryAfter !== undefined) response.setHeader('Retry-After', String(retryAfter));
  await send(exchange, statusReply(status.toStatus()), errorForm(request, target.query));
}

/** Paths whose documents are for GET alone; all others do not look at the method. */
const GET_ONLY = ['api', 'apis', 'version', 'openid', '.well-known'];

function serveDocument(
  { core, metrics, openApi, request }: Exchange,
  user: User,
  { path, query }: RequestTarget,
): Reply {
  const method = request.method ?? 'GET';
  authorize(core.authorizer, user, { kind: 'path', verb: method.toLowerCase(), path });
  const segments = segmentsOf(path);
  const [root = '', group = ''] = segments;
  const isDocumentRoot = GET_ONLY.includes(root) && !path.startsWith('//');
  const reply = documentAt({ core, metrics, openApi, path, segments, query, headers: request.headers });
  if (reply !== undefined) {
    if (method !== 'GET' && isDocumentRoot) throw methodNotAllowed();
    return reply;
  }
  const refused = unservedPath(segments);
  if (refused !== undefined) throw refused;
  // The handlers of custom resources look at every group that is not Kubernetes' own, and know nothing but this text.
  if (root === 'apis' && group !== '' && !isReleaseGroup(group)) return textReply('404 page not found\n', 404);
  const index = notFoundDocument(core, segments, path);
  if (index === undefined) throw noSuchPath();
  return index;
}
