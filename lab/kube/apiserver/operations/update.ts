// PUT and PATCH: a change of an existing object under the optimistic lock, through admission, rules and validation.
import type { Owner } from '../apply/managers.ts';
import { formatOwners } from '../apply/managers.ts';
import { ownersAfterUpdate } from '../apply/server-side-apply.ts';
import type { Core, Scope } from '../core.ts';
import { collectionOf, inVersion, ruleContext, timestamp } from '../core.ts';
import { customFaults } from '../custom/validation.ts';
import type { FieldError } from '../field-error.ts';
import { forbiddenField, invalidValue } from '../field-error.ts';
import type { ApiObject, Metadata } from '../json.ts';
import { equalJson } from '../json.ts';
import { metadataFaults, subdomainNameFault } from '../names.ts';
import type { Definition, RuleContext } from '../registry/definition.ts';
import { apiVersionOf, objectKey } from '../registry/definition.ts';
import { conflict, invalid, MODIFIED, notFound } from '../status.ts';
import { StoredObject } from '../storage/store.ts';
import { redecode } from './decode-object.ts';
import { fieldManagerOf, isDryRun } from './options.ts';
import { isRemovable } from './removal.ts';

/** What a request makes of the current object: a decoded draft, and its owners when the request was an apply. */
export interface Change {
  readonly draft: ApiObject;
  readonly owners?: readonly Owner[];
}

/** A change without a resourceVersion is made again on the newer object this often. */
const RETRIES = 5;

/** Applies `change` to the stored object `scope.name`. A draft that carries a resourceVersion other than the stored one is a 409. */
export async function updateObject(
  core: Core,
  scope: Scope,
  change: (current: ApiObject) => Change,
): Promise<StoredObject> {
  const { definition } = scope;
  const collection = collectionOf(core, definition);
  const key = objectKey(scope.namespace, scope.name);
  for (let attempt = 1; ; attempt += 1) {
    const entry = collection.get(key);
    if (entry === undefined) throw notFound(definition, scope.name);
    const old = inVersion(entry, definition);
    const { draft, owners } = change(old);
    const locked = checkLock(definition, draft, old);
    const next = await prepared(core, scope, draft, old, owners);
    if (equalJson(next, old)) return entry;
    if (isDryRun(scope.query)) return new StoredObject(next);
    const stored = isRemovable(definition, next)
      ? collection.remove(key, entry, old)
      : collection.update(key, entry, next);
    if (stored !== undefined) return stored;
    if (locked || attempt >= RETRIES) throw conflict(definition, scope.name, MODIFIED);
  }
}

/** Checks resourceVersion and uid of a draft; tells whether the caller locked. */
function checkLock(definition: Definition, draft: ApiObject, old: ApiObject): boolean {
  const { uid, resourceVersion = '' } = draft.metadata;
  if (uid !== undefined && uid !== '' && uid !== old.metadata.uid)
    throw conflict(
      definition,
      old.metadata.name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
    );
  if (resourceVersion === '' || resourceVersion === '0') return false;
  if (resourceVersion !== old.metadata.resourceVersion) throw conflict(definition, old.metadata.name, MODIFIED);
  return true;
}

/** Keeps what the request may not change: the other subresource's part, and the metadata that the server owns. */
function scoped(scope: Scope, draft: ApiObject, old: ApiObject): ApiObject {
  const { definition, subresource } = scope;
  const hasStatus = definition.subresources.includes('status');
  const statusOnly = subresource === 'status';
  const body: ApiObject = statusOnly
    ? withMember(old, 'status', draft['status'])
    : hasStatus
      ? withMember(draft, 'status', old['status'])
      : { ...draft };
  if (subresource === 'finalize') return withMember(old, 'spec', draft['spec']);
  return {
    ...body,
    metadata: scopedMetadata(draft.metadata, old.metadata, statusOnly && definition.custom, statusOnly),
  };
}

/** What the server alone decides about an object that exists. */
const FIXED = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'generateName',
  'selfLink',
  'resourceVersion',
];

/** Through the status of a custom resource no metadata changes; through any status no owners do. */
function scopedMetadata(draft: Metadata, old: Metadata, keepAll: boolean, keepOwners: boolean): Metadata {
  const metadata: Metadata = keepAll ? { ...old } : { ...draft };
  const fixed = keepOwners ? [...FIXED, 'ownerReferences'] : FIXED;
  for (const name of keepAll ? [] : fixed) {
    if (old[name] === undefined) delete metadata[name];
    else metadata[name] = old[name];
  }
  if (draft.managedFields === undefined) delete metadata.managedFields;
  else metadata.managedFields = draft.managedFields;
  return metadata;
}

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
  const draft = scoped(scope, sent, old);
  const request = { scope, operation: 'UPDATE' as const, old, dryRun: isDryRun(scope.query) };
  const mutated = redecode(definition, await core.admission.mutate(request, draft));
  const next = scoped(scope, mutated, old);
  const context = ruleContext(core, scope);
  if (scope.subresource !== 'status') definition.rules.prepareUpdate?.(next, old, context);
  if (definition.rules.tracksGeneration === true && countsAsNewGeneration(definition, next, old))
    next.metadata.generation = (old.metadata.generation ?? 0) + 1;
  const errors = faults(scope, next, old, context);
  if (errors.length > 0) throw invalid(definition.group, definition.kind, old.metadata.name, errors);
  next.metadata.managedFields =
    owners === undefined
      ? ownersAfterUpdate(old, next, definition.schema, {
          manager: fieldManagerOf(scope),
          apiVersion: apiVersionOf(definition),
          subresource: scope.subresource ?? '',
          time: timestamp(core.clock.now()),
        })
      : formatOwners(owners);
  await core.admission.validate(request, next);
  return next;
}

function faults(scope: Scope, next: ApiObject, old: ApiObject, context: RuleContext): FieldError[] {
  const { definition } = scope;
  const errors = [
    ...metadataFaults(next.metadata, definition.namespaced, definition.rules.nameFault ?? subdomainNameFault),
    ...finalizerFaults(next, old),
    ...customFaults(definition, next, old),
  ];
  if (scope.subresource === 'status') return [...errors, ...(definition.rules.validateStatus?.(next, old) ?? [])];
  return [
    ...errors,
    ...(definition.rules.validate?.(next, context) ?? []),
    ...(definition.rules.validateUpdate?.(next, old, context) ?? []),
  ];
}

function finalizerFaults(next: ApiObject, old: ApiObject): FieldError[] {
  if (old.metadata.deletionTimestamp === undefined) return [];
  const added = (next.metadata.finalizers ?? []).filter(
    (finalizer) => !(old.metadata.finalizers ?? []).includes(finalizer),
  );
  if (added.length === 0) return [];
  const list = added.map((finalizer) => JSON.stringify(finalizer)).join(', ');
  return [
    forbiddenField(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
    ),
  ];
}

/** Everything but metadata and (where it is a subresource) status. */
function countsAsNewGeneration(definition: Definition, next: ApiObject, old: ApiObject): boolean {
  const rest = (object: ApiObject): unknown => {
    const { metadata: _metadata, status, ...others } = object;
    return definition.subresources.includes('status') ? others : { ...others, status };
  };
  return !equalJson(rest(next), rest(old));
}

/** PUT without a resourceVersion, for kinds that insist on the optimistic lock. */
export function missingLock(definition: Definition, name: string): Error {
  return invalid(definition.group, definition.kind, name, [
    invalidValue('metadata.resourceVersion', 0, 'must be specified for an update'),
  ]);
}
