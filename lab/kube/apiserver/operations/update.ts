// PUT and PATCH: a change of an existing object under the optimistic lock, through admission, rules and validation.
import type { Owner } from '../apply/managers.ts';
import type { Core, Scope } from '../core.ts';
import { collectionOf, inVersion, ruleContext } from '../core.ts';
import { customFaults } from '../custom/validation.ts';
import type { FieldError } from '../field-error.ts';
import { invalidValue, ShownValue } from '../field-error.ts';
import type { ApiObject, Metadata } from '../json.ts';
import { cloneJson, equalJson } from '../json.ts';
import { metadataFaults, subdomainNameFault } from '../names.ts';
import type { Definition, RuleContext } from '../registry/definition.ts';
import { objectKey } from '../registry/definition.ts';
import { conflict, invalid, MODIFIED, notFound, StatusError } from '../status.ts';
import { StoredObject } from '../storage/store.ts';
import { authorizeCreation, createObject } from './create.ts';
import { decodeObject, fieldValidationOf, redecode } from './decode-object.ts';
import { carriedMetadata, checkIdentity, metadataChangeFaults } from './object-identity.ts';
import { checkWriteOptions, isDryRun } from './options.ts';
import { isRemovable } from './removal.ts';
import { storageError } from './storage-error.ts';
import { recordOwners, withoutIdleTimes } from './written-fields.ts';

/** What a request makes of the current object: a decoded draft, and its owners when the request was an apply. */
export interface Change {
  readonly draft: ApiObject;
  readonly owners?: readonly Owner[];
  /** The draft's resourceVersion is the current one because nobody asked for another: made again on a newer object. */
  readonly unlocked?: boolean;
}

/** What a write left in the store (or, in a dry run, would have). */
export interface Written {
  readonly stored: StoredObject;
  readonly created: boolean;
}

/** Kinds that a PUT creates (AllowCreateOnUpdate of their strategies). */
const CREATED_BY_PUT: ReadonlySet<string> = new Set([
  'ClusterRole',
  'ClusterRoleBinding',
  'Endpoints',
  'Event',
  'Lease',
  'Role',
  'RoleBinding',
  'Service',
]);

/** PUT: replaces the stored object by the one in a body, or creates it where the kind allows that. */
export async function replaceObject(core: Core, scope: Scope, body: unknown): Promise<Written> {
  checkWriteOptions(scope.query, 'UpdateOptions');
  const draft = decodeObject(scope, body, fieldValidationOf(scope.query));
  checkIdentity(scope, draft);
  const { definition } = scope;
  const found = collectionOf(core, definition).get(objectKey(scope.namespace, scope.name));
  if (found === undefined && scope.subresource === undefined && CREATED_BY_PUT.has(definition.kind)) {
    checkUid(scope, draft, '');
    authorizeCreation(core, scope);
    return { stored: await createObject(core, scope, draft, undefined), created: true };
  }
  const change = (current: ApiObject): Change => {
    checkUid(scope, draft, current.metadata.uid ?? '');
    return { draft: cloneJson(draft) };
  };
  return { stored: await updateObject(core, scope, change), created: false };
}

/** A uid in the body of a PUT is a precondition. */
function checkUid(scope: Scope, { metadata: { uid = '' } }: ApiObject, found: string): void {
  if (uid === '' || uid === found) return;
  const text = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${found}`;
  throw conflict(scope.definition, scope.name, storageError(scope, text));
}

/**
 * Applies `change` to the stored object `scope.name`. A draft that carries a resourceVersion other than the stored one is a
 * 409; one that carries none is a 422 where the kind insists on the lock.
 */
export async function updateObject(
  core: Core,
  scope: Scope,
  change: (current: ApiObject) => Change,
): Promise<StoredObject> {
  const { definition } = scope;
  const collection = collectionOf(core, definition);
  const key = objectKey(scope.namespace, scope.name);
  // Without a lock a lost race is run again: whoever won it has made progress.
  for (;;) {
    const entry = collection.get(key);
    if (entry === undefined) throw notFound(definition, scope.name);
    const old = inVersion(entry, definition);
    const { draft, owners, unlocked = false } = change(old);
    const locked = checkLock(definition, draft, old) && !unlocked;
    const next = withoutIdleTimes(await prepared(core, scope, draft, old, owners), old);
    // An object that is stored under another version than today's is written again (storage migration).
    if (equalJson(next, old) && equalJson(definition.view?.toStored(next) ?? next, entry.object)) return entry;
    if (isDryRun(scope.query)) return new StoredObject(next);
    const removes = isRemovable(definition, next);
    const stored = removes ? collection.remove(key, entry, old) : collection.update(key, entry, next);
    // Watchers see what was stored last; whoever took the last finalizer away sees what they made of it.
    if (stored !== undefined) return removes ? new StoredObject(next) : stored;
    if (locked) throw conflict(definition, scope.name, MODIFIED);
  }
}

/** Checks the resourceVersion of a draft; tells whether the caller locked. */
function checkLock(definition: Definition, draft: ApiObject, old: ApiObject): boolean {
  const { resourceVersion = '' } = draft.metadata;
  if (!/^\d*$/.test(resourceVersion))
    throw new StatusError(500, '', `strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`);
  if (resourceVersion === '' || Number(resourceVersion) === 0) {
    if (definition.custom || definition.rules.needsLock === true) throw missingLock(definition, old.metadata.name);
    return false;
  }
  if (resourceVersion !== old.metadata.resourceVersion) throw conflict(definition, old.metadata.name, MODIFIED);
  return true;
}

/** Keeps what the request may not change: the other subresource's part, and the metadata that the server owns. */
function scoped(scope: Scope, draft: ApiObject, old: ApiObject): ApiObject {
  const { definition, subresource } = scope;
  const metadata = scopedMetadata(scope, draft.metadata, old.metadata);
  if (subresource === 'finalize') return { ...withMember(old, 'spec', draft['spec']), metadata };
  if (subresource === 'status') return { ...withMember(old, 'status', draft['status']), metadata };
  const hasStatus = definition.subresources.includes('status');
  return { ...(hasStatus ? withMember(draft, 'status', old['status']) : draft), metadata };
}

/** Through the status of a custom resource no metadata changes; through any status no owners do. */
function scopedMetadata({ definition, subresource }: Scope, draft: Metadata, old: Metadata): Metadata {
  const metadata =
    subresource === 'status' && definition.custom
      ? { ...old, ...onlyGiven(draft, 'managedFields') }
      : carriedMetadata(draft, old);
  if (draft.managedFields === undefined) delete metadata.managedFields;
  if (subresource === 'status' && !definition.custom) {
    delete metadata.ownerReferences;
    Object.assign(metadata, onlyGiven(old, 'ownerReferences'));
  }
  return metadata;
}

const onlyGiven = (metadata: Metadata, name: string): Partial<Metadata> =>
  metadata[name] === undefined ? {} : { [name]: metadata[name] };

function withMember(object: ApiObject, name: string, value: unknown): ApiObject {
  const copy: ApiObject = { ...object };
  if (value === undefined) delete copy[name];
  else copy[name] = value;
  return copy;
}

async function prepared(
  core: Core,
  scope: Scope,
  sent: ApiObject,
  old: ApiObject,
  owners: readonly Owner[] | undefined,
): Promise<ApiObject> {
  const { definition } = scope;
  // Before webhooks and the rules of the kind: what those change has no new owner.
  recordOwners(core, scope, sent, old, owners);
  const draft = scoped(scope, sent, old);
  const request = { scope, operation: 'UPDATE' as const, old, dryRun: isDryRun(scope.query) };
  const mutated = redecode(definition, await core.admission.mutate(request, draft));
  const next = scoped(scope, mutated, old);
  const context = ruleContext(core, scope);
  if (scope.subresource !== 'status') definition.rules.prepareUpdate?.(next, old, context);
  // A status is no new generation, even where it brings annotations along (a Deployment's revision comes so).
  const isNewGeneration = scope.subresource !== 'status' && countsAsNewGeneration(definition, next, old);
  if (definition.rules.tracksGeneration === true && isNewGeneration)
    next.metadata.generation = (old.metadata.generation ?? 0) + 1;
  const errors = faults(scope, next, old, context);
  if (errors.length > 0) throw invalid(definition.group, definition.kind, old.metadata.name, errors);
  await core.admission.validate(request, next);
  return next;
}

function faults(scope: Scope, next: ApiObject, old: ApiObject, context: RuleContext): FieldError[] {
  const { definition } = scope;
  const errors = [
    ...metadataFaults(next.metadata, definition.namespaced, definition.rules.nameFault ?? subdomainNameFault),
    ...metadataChangeFaults(next.metadata, old.metadata),
    ...customFaults(definition, next, old, scope.subresource === 'status', scope.warn),
  ];
  if (scope.subresource === 'status') return [...errors, ...(definition.rules.validateStatus?.(next, old) ?? [])];
  return [
    ...errors,
    ...(definition.rules.validate?.(next, context) ?? []),
    ...(definition.rules.validateUpdate?.(next, old, context) ?? []),
  ];
}

/** Metadata whose change counts as well, by kind (PrepareForUpdate of their strategies). */
const COUNTED: Readonly<Record<string, readonly string[]>> = { Deployment: ['annotations'], EndpointSlice: ['labels'] };

/** Everything but metadata and (where it is a subresource) status. */
function countsAsNewGeneration(definition: Definition, next: ApiObject, old: ApiObject): boolean {
  const counted = (object: ApiObject): unknown => {
    const { metadata, status, ...others } = object;
    const marks = (definition.custom ? undefined : COUNTED[definition.kind])?.map((name) => metadata[name] ?? {});
    return definition.subresources.includes('status') ? [others, marks] : [{ ...others, status }, marks];
  };
  return !equalJson(counted(next), counted(old));
}

/** A write without a resourceVersion, for kinds that insist on the optimistic lock. The answer names the resource, not the kind. */
function missingLock({ group, plural }: Definition, name: string): Error {
  return invalid(group, plural, name, [
    invalidValue('metadata.resourceVersion', new ShownValue('0x0'), 'must be specified for an update'),
  ]);
}
