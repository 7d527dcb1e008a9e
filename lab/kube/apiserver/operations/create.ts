// POST: a new object through decoding, admission, the rules of its kind, validation and storage.
import { authorize } from '../access/authorization.ts';
import type { Owner } from '../apply/managers.ts';
import type { Core, Scope } from '../core.ts';
import { collectionOf, ruleContext, timestamp } from '../core.ts';
import type { ApiObject } from '../json.ts';
import { metadataFaults, subdomainNameFault } from '../names.ts';
import { objectKey } from '../registry/definition.ts';
import type { StoredObject } from '../storage/store.ts';
import { StoredObject as Stored } from '../storage/store.ts';
import { alreadyExists, invalid, StatusError } from '../status.ts';
import { customFaults } from '../custom/validation.ts';
import { checkNamespace } from '../admission/namespace-lifecycle.ts';
import { decodeObject, fieldValidationOf, redecode, withDefaults } from './decode-object.ts';
import { placeInNamespace } from './object-identity.ts';
import { checkWriteOptions, isDryRun } from './options.ts';
import { recordOwners } from './written-fields.ts';

/** Creates from a request's body. Throws StatusError (409 AlreadyExists, 422 Invalid, 403 Forbidden ...). */
export async function createFromBody(core: Core, scope: Scope, body: unknown): Promise<StoredObject> {
  checkWriteOptions(scope.query, 'CreateOptions');
  const draft = decodeObject(scope, body, fieldValidationOf(scope.query));
  placeInNamespace(scope, draft);
  if (draft.metadata.resourceVersion !== undefined && draft.metadata.resourceVersion !== '')
    throw new StatusError(500, '', 'resourceVersion should not be set on objects to be created');
  return createObject(core, scope, draft, undefined);
}

/** A PUT or an apply that creates needs the right to create as well. Throws 403. */
export function authorizeCreation(core: Core, { definition, namespace, name, user }: Scope): void {
  const { group, plural } = definition;
  authorize(core.authorizer, user, { kind: 'resource', verb: 'create', group, resource: plural, namespace, name });
}

/** Stores a decoded draft. `owners` overrides what a plain create records (server-side apply brings its own). */
export async function createObject(
  core: Core,
  scope: Scope,
  draft: ApiObject,
  owners: readonly Owner[] | undefined,
): Promise<StoredObject> {
  const { definition } = scope;
  const named = { ...scope, name: draft.metadata.name ?? '' };
  checkNamespace(core, named);
  // Before webhooks and the rules of the kind: what those add has no owner.
  recordOwners(core, scope, draft, undefined, owners);
  const request = { scope: named, operation: 'CREATE' as const, old: undefined, dryRun: isDryRun(scope.query) };
  const admitted = await core.admission.mutate(request, draft);
  // What a webhook made may hold anything; the draft itself, even if plugins added to it, lacks defaults at most.
  const mutated = admitted === draft ? withDefaults(definition, draft) : redecode(definition, admitted);
  nameIfAsked(core, scope, mutated);
  const object = stampNew(core, scope, mutated);
  const context = ruleContext(core, scope);
  definition.rules.prepareCreate?.(object, context);
  const errors = [
    ...metadataFaults(object.metadata, definition.namespaced, definition.rules.nameFault ?? subdomainNameFault),
    ...customFaults(definition, object, undefined),
    ...(definition.rules.validate?.(object, context) ?? []),
  ];
  if (errors.length > 0) throw invalid(definition.group, definition.kind, object.metadata.name ?? '', errors);
  await core.admission.validate(request, object);
  const collection = collectionOf(core, definition);
  const key = objectKey(object.metadata.namespace, object.metadata.name);
  if (isDryRun(scope.query)) {
    if (collection.get(key) !== undefined) throw alreadyExists(definition, object.metadata.name);
    return new Stored(object);
  }
  // Webhooks took time: the Namespace may have gone meanwhile.
  checkNamespace(core, named);
  const stored = collection.create(key, object);
  if (stored === undefined) throw alreadyExists(definition, object.metadata.name);
  return stored;
}

/** Longest prefix that leaves room for the five random characters. */
const MAX_PREFIX = 58;
const GENERATE_ATTEMPTS = 8;

/** After admission, as on a real server: webhooks see the prefix and no name. A name that is taken is drawn again. */
function nameIfAsked(core: Core, { definition }: Scope, { metadata }: ApiObject): void {
  const prefix = metadata.generateName ?? '';
  if ((metadata.name ?? '') !== '' || prefix === '') return;
  const collection = collectionOf(core, definition);
  for (let attempt = 1; attempt <= GENERATE_ATTEMPTS; attempt += 1) {
    metadata.name = `${prefix.slice(0, MAX_PREFIX)}${core.ids.nameSuffix()}`;
    if (collection.get(objectKey(metadata.namespace, metadata.name)) === undefined) return;
  }
}

function stampNew(core: Core, scope: Scope, mutated: ApiObject): ApiObject {
  const { definition } = scope;
  const object: ApiObject = {
    ...mutated,
    metadata: { ...mutated.metadata, uid: core.ids.uid(), creationTimestamp: timestamp(core.clock.now()) },
  };
  const { metadata } = object;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.resourceVersion;
  delete metadata['selfLink'];
  if (definition.rules.tracksGeneration === true) metadata.generation = 1;
  if (definition.subresources.includes('status') && definition.rules.keepsStatusOnCreate !== true)
    delete object['status'];
  definition.walks?.complete(object, definition.schema);
  return object;
}
