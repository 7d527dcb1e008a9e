// Requests for resources: method and subresource to operation, and results to answers.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Core, Scope } from '../core.ts';
import { createFromBody } from '../operations/create.ts';
import { bindPod } from '../operations/binding.ts';
import { evictPod } from '../operations/eviction.ts';
import { patchObject } from '../operations/patch.ts';
import { getObject, listObjects } from '../operations/read.ts';
import { deleteOptionsOf } from '../operations/delete-options.ts';
import { answersWithObject, deleteCollection, deleteObject } from '../operations/removal.ts';
import { getScale, patchScale, replaceScale } from '../operations/scale.ts';
import { requestToken } from '../operations/token-request.ts';
import { servePodLog } from '../streaming/pod-log-request.ts';
import { admitConnect } from '../streaming/connect-admission.ts';
import { servePortForward } from '../streaming/port-forward-request.ts';
import { serveRemoteCommand } from '../streaming/remote-command-request.ts';
import type { Upgrade, UpgradeRequest } from '../streaming/upgrade.ts';
import { replaceObject } from '../operations/update.ts';
import { methodNotAllowed, success } from '../status.ts';
import { checkIdentity } from './body-identity.ts';
import type { Form } from './negotiation.ts';
import { convertedReply, listReply, objectReply } from './object-reply.ts';
import type { Reply } from './reply.ts';
import { jsonReply, statusReply } from './reply.ts';
import { watchFormOf } from './watch-lines.ts';
import { streamWatch } from './watch-stream.ts';

export interface ResourceRequest {
  readonly core: Core;
  readonly scope: Scope;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Of a request that asks for another protocol. */
  readonly upgrade?: Upgrade | undefined;
  readonly warnings: readonly string[];
  readonly form: Form;
  /** A GET of a collection that is to be watched. */
  readonly watch: boolean;
}

/** Serves a request; `undefined` when the answer is a stream under way. Throws StatusError. */
export async function serveResource(asked: ResourceRequest): Promise<Reply | undefined> {
  const { core, scope, request } = asked;
  const method = request.method ?? 'GET';
  switch (scope.subresource) {
    case undefined:
    case 'status':
    case 'finalize':
      return scope.name === '' ? serveCollection(asked, method) : serveObject(asked, method);
    case 'scale':
      return serveScale(asked, method);
    case 'binding':
      if (method !== 'POST') throw methodNotAllowed();
      await bindPod(core, scope, await core.readBody(request));
      return statusReply(success(undefined, 201));
    case 'eviction':
      if (method !== 'POST') throw methodNotAllowed();
      await evictPod(core, scope, await core.readBody(request));
      return statusReply(success(undefined, 201));
    case 'exec':
    case 'attach':
      if (method === 'GET' || method === 'POST') await admitConnect(core, scope, scope.subresource);
      return serveRemoteCommand(core, scope, upgradeRequest(asked), scope.subresource);
    case 'portforward':
      if (method === 'GET' || method === 'POST') await admitConnect(core, scope, scope.subresource);
      return servePortForward(core, scope, upgradeRequest(asked));
    case 'log':
      return servePodLog(core, scope, { method, response: asked.response });
    case 'token':
      if (method !== 'POST') throw methodNotAllowed();
      return jsonReply(await requestToken(core, scope, await core.readBody(request)), 201);
  }
}

const upgradeRequest = ({ request, response, upgrade }: ResourceRequest): UpgradeRequest => ({
  request,
  response,
  upgrade,
});

async function serveCollection(asked: ResourceRequest, method: string): Promise<Reply | undefined> {
  const { core, scope, request, response, warnings } = asked;
  switch (method) {
    case 'GET': {
      if (!asked.watch) return listReply(asked, listObjects(core, scope));
      streamWatch(core, scope, response, { form: watchFormOf(asked.form, scope.query), warnings });
      return undefined;
    }
    case 'POST':
      return objectReply(asked, await createFromBody(core, scope, await objectBody(asked)), 201);
    case 'DELETE': {
      const options = deleteOptionsOf(scope.query, await core.readBody(request));
      const page = listObjects(core, scope);
      await deleteCollection(core, scope, page, options);
      return listReply(asked, page);
    }
    default:
      throw methodNotAllowed();
  }
}

/** The body of a request that must be an object of the resource's kind. */
async function objectBody({ core, scope, request }: ResourceRequest): Promise<unknown> {
  const body = await core.readBody(request, scope.definition.kind);
  checkIdentity(core.registry, scope.definition, body);
  return body;
}

async function serveObject(asked: ResourceRequest, method: string): Promise<Reply | undefined> {
  const { core, scope, request } = asked;
  switch (method) {
    case 'GET':
      return objectReply(asked, getObject(core, scope), 200);
    case 'PUT': {
      const { stored, created } = await replaceObject(core, scope, await objectBody(asked));
      return objectReply(asked, stored, created ? 201 : 200);
    }
    case 'PATCH': {
      const { stored, created } = await patchObject(core, scope, patchMediaType(request), () => core.readBody(request));
      return objectReply(asked, stored, created ? 201 : 200);
    }
    case 'DELETE': {
      if (scope.subresource !== undefined) throw methodNotAllowed();
      const options = deleteOptionsOf(scope.query, await core.readBody(request));
      const { removed, object } = await deleteObject(core, scope, options);
      if (!removed || answersWithObject(scope.definition)) {
        // Asked for in the old way, dependents first means that the answer comes early.
        const isEarly = !removed && options.orphanDependents === false;
        return convertedReply(asked, object, isEarly ? 202 : 200);
      }
      const { group, plural } = scope.definition;
      return statusReply(
        success({ name: scope.name, ...(group === '' ? {} : { group }), kind: plural, uid: object.metadata.uid ?? '' }),
      );
    }
    default:
      throw methodNotAllowed();
  }
}

/** Formats of patches are told apart to the letter. */
const patchMediaType = (request: IncomingMessage): string =>
  (request.headers['content-type'] ?? '').split(';')[0] ?? '';

async function serveScale(asked: ResourceRequest, method: string): Promise<Reply> {
  const { core, scope, request } = asked;
  switch (method) {
    case 'GET':
      return jsonReply(getScale(core, scope));
    case 'PUT':
      return jsonReply(await replaceScale(core, scope, await core.readBody(request, 'Scale')));
    case 'PATCH':
      return jsonReply(await patchScale(core, scope, patchMediaType(request), () => core.readBody(request)));
    default:
      throw methodNotAllowed();
  }
}
