// PATCH: the four patch formats, each made into a change of the current object.
import type { Core, Scope } from '../core.ts';
import { collectionOf, timestamp } from '../core.ts';
import { applyConfiguration } from '../apply/server-side-apply.ts';
import { formatOwners } from '../apply/managers.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import { isObject, stringAt } from '../json.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import { applyMergePatch } from '../patch/merge-patch.ts';
import { applyStrategicMerge } from '../patch/strategic-merge.ts';
import { apiVersionOf, objectKey } from '../registry/definition.ts';
import type { StoredObject } from '../storage/store.ts';
import { badRequest, conflict, notFound, StatusError } from '../status.ts';
import { createObject } from './create.ts';
import { decodeObject, fieldValidationOf } from './decode-object.ts';
import { fieldManagerOf } from './options.ts';
import type { Change } from './update.ts';
import { updateObject } from './update.ts';

export interface Patched {
  readonly stored: StoredObject;
  readonly created: boolean;
}

/** Applies a patch of the given content type. Throws 415 for a type that the resource does not take. */
export async function patchObject(core: Core, scope: Scope, contentType: string, body: unknown): Promise<Patched> {
  switch (contentType) {
    case 'application/json-patch+json':
      return changed(core, scope, (current) => applyJsonPatch(current, body));
    case 'application/merge-patch+json':
      if (!isObject(body)) throw badRequest('a merge patch must be an object');
      return changed(core, scope, (current) => applyMergePatch(current, body));
    case 'application/strategic-merge-patch+json':
      if (scope.definition.custom)
        throw unsupported(
          contentType,
          'application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
        );
      return changed(core, scope, (current) => applyStrategicMerge(current, body, scope.definition.schema));
    case 'application/apply-patch+yaml':
      return apply(core, scope, body);
    default:
      throw unsupported(
        contentType,
        'application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml',
      );
  }
}

function unsupported(contentType: string, accepted: string): StatusError {
  return new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted} (got ${contentType || 'none'})`,
  );
}

async function changed(core: Core, scope: Scope, patch: (current: ApiObject) => unknown): Promise<Patched> {
  const validation = fieldValidationOf(scope.query);
  const toDraft = (current: ApiObject): Change => ({
    draft: decodeObject(scope, patchedIdentity(patch(current), current), validation),
  });
  return { stored: await updateObject(core, scope, toDraft), created: false };
}

/** A patch may not rename: Kubernetes reports it as a conflict of identities. */
function patchedIdentity(patched: unknown, current: ApiObject): JsonObject {
  if (!isObject(patched)) throw badRequest('the patched document is not an object');
  const name = stringAt(patched, 'metadata', 'name') ?? '';
  if (name !== current.metadata.name)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${current.metadata.name})`);
  const namespace = stringAt(patched, 'metadata', 'namespace');
  if (namespace !== current.metadata.namespace)
    throw badRequest(
      `the namespace of the object (${namespace ?? ''}) does not match the namespace on the request (${current.metadata.namespace ?? ''})`,
    );
  return patched;
}

async function apply(core: Core, scope: Scope, body: unknown): Promise<Patched> {
  const configuration = appliedConfiguration(scope, body);
  const force = scope.query.get('force') === 'true';
  const writer = {
    manager: fieldManagerOf(scope),
    apiVersion: apiVersionOf(scope.definition),
    subresource: scope.subresource ?? '',
    time: timestamp(core.clock.now()),
  };
  const laid = (live: ApiObject | undefined): ReturnType<typeof applyConfiguration> =>
    applyConfiguration(live, configuration, scope.definition.schema, writer, force);
  const validation = fieldValidationOf(scope.query);
  const existing = collectionOf(core, scope.definition).get(objectKey(scope.namespace, scope.name));
  if (existing === undefined) {
    if (scope.subresource !== undefined) throw notFound(scope.definition, scope.name);
    if (configuration.metadata.uid !== undefined)
      throw conflict(
        scope.definition,
        scope.name,
        `uid mismatch: the provided object specified uid ${configuration.metadata.uid}, and no existing object was found`,
      );
    const { object, owners } = laid(undefined);
    const draft = decodeObject(scope, object, validation);
    return { stored: await createObject(core, scope, draft, formatOwners(owners)), created: true };
  }
  const toDraft = (current: ApiObject): Change => {
    const { object, owners } = laid(current);
    // The lock counts only when the configuration itself carries one.
    const draft = decodeObject(scope, object, validation);
    draft.metadata.resourceVersion = configuration.metadata.resourceVersion ?? '';
    return { draft, owners };
  };
  return { stored: await updateObject(core, scope, toDraft), created: false };
}

function appliedConfiguration(scope: Scope, body: unknown): ApiObject {
  if (!isObject(body)) throw badRequest('an applied configuration must be an object');
  if ((scope.query.get('fieldManager') ?? '') === '')
    throw new StatusError(
      422,
      'Invalid',
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    );
  // Strict for the manager's own mistakes: what is unknown must not be owned.
  const object = knownPart(scope, body);
  if (object.metadata.managedFields !== undefined && object.metadata.managedFields.length > 0)
    throw badRequest('metadata.managedFields must be nil');
  const { name, namespace } = object.metadata;
  if (name !== undefined && name !== scope.name)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${scope.name})`);
  if (namespace !== undefined && namespace !== scope.namespace)
    throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`);
  const metadata = {
    ...object.metadata,
    name: scope.name,
    ...(scope.namespace === undefined ? {} : { namespace: scope.namespace }),
  };
  const { status, ...rest } = object;
  if (scope.subresource === 'status')
    return { apiVersion: object.apiVersion, kind: object.kind, metadata, ...(status === undefined ? {} : { status }) };
  return scope.definition.subresources.includes('status') ? { ...rest, metadata } : { ...object, metadata };
}

/** The configuration without unknown fields (refused or warned about as asked) and without defaults, which nobody applied. */
function knownPart(scope: Scope, body: JsonObject): ApiObject {
  return decodeObject(scope, body, fieldValidationOf(scope.query), { defaults: false });
}
