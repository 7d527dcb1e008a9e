// PATCH: the four patch formats, each made into a change of the current object.
import { applyConfiguration } from '../apply/server-side-apply.ts';
import { typedFault } from '../apply/typed-faults.ts';
import type { Core, Scope } from '../core.ts';
import { collectionOf } from '../core.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import { isObject, objectAt, stringAt } from '../json.ts';
import { goMap } from '../patch/go-map.ts';
import { applyStrategicMerge } from '../patch/strategic-merge.ts';
import { apiVersionOf, objectKey } from '../registry/definition.ts';
import { badRequest, conflict, notFound, StatusError } from '../status.ts';
import { authorizeCreation, createObject } from './create.ts';
import { decodeObject } from './decode-object.ts';
import { checkIdentity } from './object-identity.ts';
import { checkWriteOptions, isForced } from './options.ts';
import { decodePatched } from './patched-object.ts';
import type { PatchType } from './patch-type.ts';
import { patchTypeOf, readPatch } from './patch-type.ts';
import { patchedJson } from './patched-json.ts';
import type { Change, Written } from './update.ts';
import { updateObject } from './update.ts';
import { ownableOf, writerOf } from './written-fields.ts';

/** Applies a patch of the given content type. Throws 415 for a type that the resource does not take, before it reads the body. */
export async function patchObject(
  core: Core,
  scope: Scope,
  contentType: string,
  read: () => Promise<unknown>,
): Promise<Written> {
  const type = patchTypeOf(scope.definition, contentType);
  checkWriteOptions(scope.query, 'PatchOptions', type === 'apply');
  const body = await readPatch(type, read);
  if (type === 'apply') return apply(core, scope, body);
  const change = (current: ApiObject): Change => {
    const draft = changed(scope, type, current, body);
    checkIdentity(scope, draft);
    return { draft, unlocked: true };
  };
  return { stored: await updateObject(core, scope, change), created: false };
}

function changed(scope: Scope, type: Exclude<PatchType, 'apply'>, current: ApiObject, body: unknown): ApiObject {
  if (type !== 'strategic') {
    const { patched, strict } = patchedJson(type, current, body);
    return decodePatched(scope, patched, strict, JSON.stringify(sortedMembers(patched)));
  }
  const patch = isObject(body) ? body : {};
  const merged = applyStrategicMerge(current, patch, scope.definition.schema);
  // A real server takes the kind from the path here, whatever the patch says.
  return decodePatched(scope, { ...merged, apiVersion: current.apiVersion, kind: current.kind }, [], goMap(patch));
}

const sortedMembers = (value: unknown): unknown =>
  isObject(value)
    ? Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)))
    : value;

async function apply(core: Core, scope: Scope, body: unknown): Promise<Written> {
  const existing = collectionOf(core, scope.definition).get(objectKey(scope.namespace, scope.name));
  if (existing === undefined && scope.subresource !== undefined) throw notFound(scope.definition, scope.name);
  const configuration = checkedConfiguration(scope, body);
  const laid = (live: ApiObject | undefined): Change => {
    const { object, owners } = applyConfiguration(
      live,
      configuration,
      ownableOf(scope),
      writerOf(core, scope),
      isForced(scope.query),
    );
    const draft = decodeObject(scope, object, 'Ignore');
    if (live === undefined) refuseUid(scope, draft);
    checkIdentity(scope, draft);
    return { draft, owners, unlocked: true };
  };
  if (existing !== undefined) return { stored: await updateObject(core, scope, laid), created: false };
  const { draft, owners } = laid(undefined);
  authorizeCreation(core, scope);
  return { stored: await createObject(core, scope, draft, owners), created: true };
}

/** A configuration that insists on an object does not make another. */
function refuseUid({ definition, name }: Scope, { metadata: { uid = '' } }: ApiObject): void {
  if (uid !== '')
    throw conflict(
      definition,
      name,
      `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    );
}

/** Refuses what no object can be applied from, in the order and words of a real server's field manager. */
function checkedConfiguration(scope: Scope, body: unknown): JsonObject {
  const configuration = isObject(body) ? body : {};
  const { definition } = scope;
  const expected = apiVersionOf(definition);
  const [apiVersion, kind] = [stringAt(configuration, 'apiVersion') ?? '', stringAt(configuration, 'kind') ?? ''];
  if (apiVersion !== expected || kind !== definition.kind)
    throw badRequest(`invalid object type: ${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`);
  const metadata = objectAt(configuration, 'metadata');
  if (Array.isArray(metadata['managedFields'])) throw badRequest('metadata.managedFields must be nil');
  const { apiVersion: _version, kind: _kind, ...rest } = configuration;
  const fault = typedFault(rest, definition.schema);
  if (fault !== undefined) {
    const named = `${stringAt(metadata, 'namespace') ?? ''}/${stringAt(metadata, 'name') ?? ''}`;
    const type = `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
    throw new StatusError(500, '', `failed to create typed patch object (${named}; ${type}): ${fault}`);
  }
  return configuration;
}
