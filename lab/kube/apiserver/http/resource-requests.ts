// Requests for resources: method and subresource to operation, and results to answers.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Core, Scope } from '../core.ts';
import { inVersion, jsonInVersion } from '../core.ts';
import { createFromBody } from '../operations/create.ts';
import { bindPod } from '../operations/binding.ts';
import { decodeObject, fieldValidationOf } from '../operations/decode-object.ts';
import { patchObject } from '../operations/patch.ts';
import type { ListPage } from '../operations/read.ts';
import { getObject, listObjects, shown } from '../operations/read.ts';
import { deleteObject, deleteOptionsOf } from '../operations/removal.ts';
import { getScale, writeScale } from '../operations/scale.ts';
import { requestToken } from '../operations/token-request.ts';
import { missingLock, updateObject } from '../operations/update.ts';
import { apiVersionOf } from '../registry/definition.ts';
import { badRequest, methodNotAllowed, success } from '../status.ts';
import type { StoredObject } from '../storage/store.ts';
import { buildTable } from '../table/table.ts';
import { mediaType } from './body.ts';
import { includeObjectOf, wantsTable } from './negotiation.ts';
import type { Reply } from './reply.ts';
import { jsonReply, statusReply } from './reply.ts';
import { streamWatch } from './watch-stream.ts';

export interface ResourceRequest {
  readonly core: Core;
  readonly scope: Scope;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly warnings: readonly string[];
}

/** Is a GET a watch? */
export const isWatch = (query: URLSearchParams): boolean => query.get('watch') === 'true' || query.get('watch') === '1';

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
    case 'token':
      if (method !== 'POST') throw methodNotAllowed();
      return jsonReply(requestToken(core, scope, await core.readBody(request)), 201);
  }
}

async function serveCollection(asked: ResourceRequest, method: string): Promise<Reply | undefined> {
  const { core, scope, request, response, warnings } = asked;
  switch (method) {
    case 'GET': {
      const table = wantsTable(request.headers.accept ?? '') ? includeObjectOf(scope.query) : undefined;
      if (!isWatch(scope.query)) return listReply(asked, listObjects(core, scope));
      streamWatch(core, scope, response, { table, warnings });
      return undefined;
    }
    case 'POST':
      return objectReply(asked, await createFromBody(core, scope, await core.readBody(request)), 201);
    case 'DELETE': {
      const options = deleteOptionsOf(scope.query, await core.readBody(request));
      const page = listObjects(core, scope);
      for (const { object } of page.items) {
        await deleteObject(
          core,
          { ...scope, name: object.metadata.name, namespace: object.metadata.namespace },
          { ...options, uid: object.metadata.uid },
        );
      }
      return listReply(asked, page);
    }
    default:
      throw methodNotAllowed();
  }
}

async function serveObject(asked: ResourceRequest, method: string): Promise<Reply | undefined> {
  const { core, scope, request } = asked;
  switch (method) {
    case 'GET': {
      // `?watch=1` on one object is an old form of watching by name.
      if (isWatch(scope.query)) {
        const query = new URLSearchParams(scope.query);
        query.set('fieldSelector', `metadata.name=${scope.name}`);
        return serveCollection({ ...asked, scope: { ...scope, name: '', query } }, 'GET');
      }
      return objectReply(asked, getObject(core, scope), 200);
    }
    case 'PUT': {
      const draft = decodeObject(scope, await core.readBody(request), fieldValidationOf(scope.query));
      const insists = scope.definition.custom || scope.definition.rules.needsLock === true;
      if (insists && (draft.metadata.resourceVersion ?? '') === '') throw missingLock(scope.definition, scope.name);
      return objectReply(
        asked,
        await updateObject(core, scope, (current) => ({ draft: replacement(scope, draft, current.metadata.name) })),
        200,
      );
    }
    case 'PATCH': {
      const { stored, created } = await patchObject(core, scope, mediaType(request), await core.readBody(request));
      return objectReply(asked, stored, created ? 201 : 200);
    }
    case 'DELETE': {
      if (scope.subresource !== undefined) throw methodNotAllowed();
      const { removed, object } = await deleteObject(
        core,
        scope,
        deleteOptionsOf(scope.query, await core.readBody(request)),
      );
      if (!removed || scope.definition.kind === 'Pod') return jsonReply(object);
      const { group, plural } = scope.definition;
      return statusReply(
        success({ name: scope.name, ...(group === '' ? {} : { group }), kind: plural, uid: object.metadata.uid ?? '' }),
      );
    }
    default:
      throw methodNotAllowed();
  }
}

function replacement(
  scope: Scope,
  draft: ReturnType<typeof decodeObject>,
  name: string,
): ReturnType<typeof decodeObject> {
  const given = draft.metadata.name;
  if (given !== undefined && given !== name)
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${scope.name})`);
  const namespace = draft.metadata.namespace ?? scope.namespace;
  if (namespace !== scope.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  return { ...draft, metadata: { ...draft.metadata, name } };
}

async function serveScale(asked: ResourceRequest, method: string): Promise<Reply> {
  const { core, scope, request } = asked;
  switch (method) {
    case 'GET':
      return jsonReply(getScale(core, scope));
    case 'PUT':
      return jsonReply(await writeScale(core, scope, await core.readBody(request), undefined));
    case 'PATCH':
      return jsonReply(await writeScale(core, scope, await core.readBody(request), mediaType(request)));
    default:
      throw methodNotAllowed();
  }
}

function objectReply({ core, scope, request }: ResourceRequest, stored: StoredObject, code: number): Reply {
  const { definition } = scope;
  if (!wantsTable(request.headers.accept ?? '')) return { code, json: jsonInVersion(stored, definition) };
  const object = inVersion(stored, definition);
  const table = buildTable(definition, [object], {
    includeObject: includeObjectOf(scope.query),
    now: core.clock.now(),
    headers: true,
    listMeta: { resourceVersion: object.metadata.resourceVersion ?? '' },
  });
  return jsonReply(table, code);
}

function listReply({ core, scope, request }: ResourceRequest, page: ListPage): Reply {
  const { definition } = scope;
  const metadata = {
    resourceVersion: String(page.revision),
    ...(page.continueToken === undefined ? {} : { continue: page.continueToken, remainingItemCount: page.remaining }),
  };
  if (wantsTable(request.headers.accept ?? '')) {
    const options = {
      includeObject: includeObjectOf(scope.query),
      now: core.clock.now(),
      headers: true,
      listMeta: metadata,
    };
    return jsonReply(buildTable(definition, shown(page, definition), options));
  }
  // Joined from texts that are made once per stored version: a list of 10,000 objects costs no serialisation.
  const items = page.items.map((entry) => jsonInVersion(entry, definition)).join(',');
  const head = { kind: definition.listKind, apiVersion: apiVersionOf(definition), metadata };
  return { code: 200, json: `${JSON.stringify(head).slice(0, -1)},"items":[${items}]}` };
}
