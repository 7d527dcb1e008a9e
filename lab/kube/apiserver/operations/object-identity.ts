// Does the object of a request fit the request's path, and may its metadata change as it does?
import type { Scope } from '../core.ts';
import type { FieldError } from '../field-error.ts';
import { forbiddenField, invalidValue, ShownValue } from '../field-error.ts';
import type { ApiObject, Metadata } from '../json.ts';
import { badRequest } from '../status.ts';

/** Fills the namespace in from the path. Throws 400 when the object names another one, another object, or none. */
export function checkIdentity(scope: Pick<Scope, 'definition' | 'namespace' | 'name'>, draft: ApiObject): void {
  placeInNamespace(scope, draft);
  const { name } = draft.metadata;
  if ((name ?? '') === '')
    throw badRequest(`the name of the object (${scope.name} based on URL) was undeterminable: name must be provided`);
  if (name !== scope.name)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${scope.name})`);
}

/** Fills the namespace in from the path, and takes it out of objects that are in none. Throws 400 when the object names another one. */
export function placeInNamespace(
  { definition, namespace }: Pick<Scope, 'definition' | 'namespace'>,
  draft: ApiObject,
): void {
  const given = draft.metadata.namespace ?? '';
  const expected = definition.namespaced ? namespace : definition.kind === 'Namespace' ? undefined : namespace;
  if (expected === undefined) delete draft.metadata.namespace;
  else if (given === '') draft.metadata.namespace = expected;
  else if (given !== expected)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

const IMMUTABLE = ['uid', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const;

/**
 * Carries over what an update leaves out and the server decides; what a client cannot change but tried to is left for
 * `metadataChangeFaults`.
 */
export function carriedMetadata(draft: Metadata, old: Metadata): Metadata {
  const metadata: Metadata = { ...draft };
  carry(metadata, old, 'generation');
  carry(metadata, old, 'creationTimestamp');
  carry(metadata, old, 'resourceVersion');
  delete metadata['selfLink'];
  if ((metadata.uid ?? '') === '') carry(metadata, old, 'uid');
  if (old.deletionTimestamp !== undefined) metadata.deletionTimestamp = old.deletionTimestamp;
  if (metadata.deletionGracePeriodSeconds === undefined) carry(metadata, old, 'deletionGracePeriodSeconds');
  return metadata;
}

function carry(metadata: Metadata, old: Metadata, name: string): void {
  if (old[name] === undefined) delete metadata[name];
  else metadata[name] = old[name];
}

/** Faults of a change of metadata. A real server finds each twice: in the rules of all kinds, and in those of the kind. */
export function metadataChangeFaults(next: Metadata, old: Metadata): FieldError[] {
  const faults = [
    ...newFinalizerFaults(next, old),
    ...IMMUTABLE.filter((name) => next[name] !== old[name]).map((name) =>
      invalidValue(`metadata.${name}`, shown(next[name]), 'field is immutable'),
    ),
  ];
  return [...faults, ...faults];
}

/** Times as Go prints them. */
function shown(value: unknown): unknown {
  const time = typeof value === 'string' ? /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)Z$/.exec(value) : null;
  return time === null ? value : new ShownValue(`${time[1]} ${time[2]} +0000 UTC`);
}

function newFinalizerFaults(next: Metadata, old: Metadata): FieldError[] {
  if (old.deletionTimestamp === undefined) return [];
  const added = (next.finalizers ?? []).filter((finalizer) => !(old.finalizers ?? []).includes(finalizer));
  if (added.length === 0) return [];
  const list = added.map((finalizer) => JSON.stringify(finalizer)).join(', ');
  return [
    forbiddenField(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
    ),
  ];
}
