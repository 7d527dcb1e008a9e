// POST: a new object through decoding, admission, the rules of its kind, validation and storage.
import { authorize } from '../access/authorization.ts';
import type { Owner } from '../apply/managers.ts';
import type { Core, Scope } from '../core.ts';
import { collectionOf, ruleContext, timestamp } from '../core.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import { isObject } from '../json.ts';
import { metadataFaults, subdomainNameFault } from '../names.ts';
import { objectKey } from '../registry/definition.ts';
import type { Definition } from '../registry/definition.ts';
import type { Template } from '../registry/series.ts';
import type { KnownTexts, StoredObject } from '../storage/store.ts';
import { StoredObject as Stored } from '../storage/store.ts';
import { alreadyExists, invalid, StatusError } from '../status.ts';
import { customFaults } from '../custom/validation.ts';
import { checkNamespace } from '../admission/namespace-lifecycle.ts';
import { decodeNew, withOwnSpec } from './decode-new.ts';
import { fieldValidationOf, redecode } from './decode-object.ts';
import { placeInNamespace } from './object-identity.ts';
import { checkWriteOptions, isDryRun } from './options.ts';
import { recordOwners } from './written-fields.ts';

/** Creates from a request's body. Throws StatusError (409 AlreadyExists, 422 Invalid, 403 Forbidden ...). */
export async function createFromBody(core: Core, scope: Scope, body: unknown): Promise<StoredObject> {
  checkWriteOptions(scope.query, 'CreateOptions');
  const draft = decodeNew(scope, body, fieldValidationOf(scope.query));
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
  if (scope.definition.rules.claims === undefined) return createOnce(core, scope, draft, owners);
  for (let attempt = 1; ; attempt += 1)
    try {
      return await createOnce(core, scope, structuredClone(draft), owners);
    } catch (error) {
      // Whoever asked for what is taken is told so by the next attempt's validation.
      if (!(error instanceof ClaimLost) || attempt > CLAIM_ATTEMPTS) throw error;
    }
}

const CLAIM_ATTEMPTS = 16;

/** While one was admitted, another object was stored with what was drawn for it. */
class ClaimLost extends StatusError {
  constructor({ kind }: Definition, claim: string) {
    super(500, 'InternalError', `${kind}: ${claim} was taken meanwhile`);
  }
}

function assertClaims(core: Core, { definition }: Scope, object: ApiObject): void {
  const { claims } = definition.rules;
  if (claims === undefined) return;
  const taken = new Set(
    collectionOf(core, definition)
      .list()
      .flatMap((other) => claims(other.object)),
  );
  const lost = claims(object).find((claim) => taken.has(claim));
  if (lost !== undefined) throw new ClaimLost(definition, lost);
}

async function createOnce(
  core: Core,
  scope: Scope,
  draft: ApiObject,
  owners: readonly Owner[] | undefined,
): Promise<StoredObject> {
  const { definition } = scope;
  const named = { ...scope, name: draft.metadata.name ?? '' };
  checkNamespace(core, named);
  // Before webhooks and the rules of the kind: what those add has no owner.
  const texts: KnownTexts = new Map();
  recordOwners(core, scope, draft, undefined, owners, texts);
  const request = { scope: named, operation: 'CREATE' as const, old: undefined, dryRun: isDryRun(scope.query) };
  const template = withOwnSpec(draft);
  const admitted = await core.admission.mutate(request, draft);
  // What a webhook made may hold anything; plugins add nothing that lacks its defaults.
  const mutated = admitted === draft ? draft : redecode(definition, admitted);
  nameIfAsked(core, scope, mutated);
  const object = stampNew(core, scope, mutated);
  const context = ruleContext(core, scope);
  definition.rules.prepareCreate?.(object, context);
  const soundText = template && soundTextOf(definition, object, template);
  const errors = [
    ...metadataFaults(object.metadata, definition.namespaced, definition.rules.nameFault ?? subdomainNameFault),
    ...customFaults(definition, object, undefined),
    ...(definition.rules.validate?.(object, { ...context, specIsSound: soundText !== undefined }) ?? []),
  ];
  if (errors.length > 0) throw invalid(definition.group, definition.kind, object.metadata.name ?? '', errors);
  if (template !== undefined) noteSpec(definition, object, { template, soundText, texts });
  await core.admission.validate(request, object);
  const collection = collectionOf(core, definition);
  const key = objectKey(object.metadata.namespace, object.metadata.name);
  if (isDryRun(scope.query)) {
    if (collection.get(key) !== undefined) throw alreadyExists(definition, object.metadata.name);
    return new Stored(object, texts);
  }
  // Webhooks took time: the Namespace may have gone meanwhile.
  checkNamespace(core, named);
  assertClaims(core, scope, object);
  const stored = collection.create(key, object, texts);
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

/** What no object has from its beginning. */
const UNSET = ['deletionTimestamp', 'deletionGracePeriodSeconds', 'resourceVersion', 'selfLink'];

/** Writes what the server decides into the draft. */
function stampNew(core: Core, { definition }: Scope, object: ApiObject): ApiObject {
  const { metadata } = object;
  metadata.uid = core.ids.uid();
  metadata.creationTimestamp = timestamp(core.clock.now());
  for (const name of UNSET) if (metadata[name] !== undefined) delete metadata[name];
  if (definition.rules.tracksGeneration === true) metadata.generation = 1;
  if (definition.subresources.includes('status') && definition.rules.keepsStatusOnCreate !== true)
    resetStatus(definition, object);
  return object;
}

/** Whatever else is always written has been there since decoding. */
function resetStatus({ walks, schema }: Definition, object: ApiObject): void {
  const empty: JsonObject = {};
  walks?.complete(empty, schema);
  if (empty['status'] === undefined) delete object['status'];
  else object['status'] = empty['status'];
}

const soundTextOf = ({ series }: Definition, { spec }: ApiObject, template: Template): string | undefined =>
  isObject(spec) ? series?.soundText(template, spec) : undefined;

/** Of a sound object of a series: its text is there for storage, and for the next one. */
function noteSpec(
  { series }: Definition,
  { spec }: ApiObject,
  known: { readonly template: Template; readonly soundText: string | undefined; readonly texts: KnownTexts },
): void {
  if (!isObject(spec)) return;
  const text = known.soundText ?? JSON.stringify(spec);
  known.texts.set(spec, text);
  if (known.soundText === undefined) series?.wasSound(known.template, spec, text);
}
