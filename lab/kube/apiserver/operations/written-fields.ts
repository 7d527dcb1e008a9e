// What records of field ownership need to know about a request: its writer, its kind, and what its endpoint leaves alone.
import { emptyBuiltIn } from '../apply/always-written.ts';
import { formatOwners } from '../apply/managers.ts';
import type { Owner, Writer } from '../apply/managers.ts';
import type { Ownable } from '../apply/ownership.ts';
import { ownersAfterUpdate } from '../apply/ownership.ts';
import { resetFieldsOf } from '../apply/reset-fields.ts';
import type { Core, Scope } from '../core.ts';
import { timestamp } from '../core.ts';
import type { ApiObject } from '../json.ts';
import { equalJson } from '../json.ts';
import { apiVersionOf } from '../registry/definition.ts';
import type { KnownTexts } from '../storage/store.ts';
import { fieldManagerOf } from './options.ts';

/** The writer of a request. */
export const writerOf = (core: Pick<Core, 'clock'>, scope: Scope): Writer => ({
  manager: fieldManagerOf(scope),
  apiVersion: apiVersionOf(scope.definition),
  subresource: scope.subresource ?? '',
  time: timestamp(core.clock.now()),
});

/** The kind of a request, as ownership sees it through the request's endpoint. */
export const ownableOf = ({ definition, subresource }: Pick<Scope, 'definition' | 'subresource'>): Ownable => ({
  schema: definition.schema,
  empty: definition.custom ? {} : emptyBuiltIn(definition.schema),
  resets: resetFieldsOf(definition, subresource),
});

/**
 * Writes the owners of `draft` into it: those given, or what follows from the change that makes it of `old`. Adds their text to
 * `texts` when it is known.
 */
export function recordOwners(
  core: Pick<Core, 'clock'>,
  scope: Scope,
  draft: ApiObject,
  old: ApiObject | undefined,
  owners: readonly Owner[] | undefined,
  texts?: KnownTexts,
): void {
  const { walks } = scope.definition;
  if (walks !== undefined && old === undefined && owners === undefined && draft.metadata.managedFields === undefined) {
    const fields = walks.fieldsOfNew(draft, scope.definition, scope.subresource);
    if (fields === undefined) return;
    const creator = fields.entryOf(writerOf(core, scope));
    draft.metadata.managedFields = [creator.entry];
    texts?.set(draft.metadata.managedFields, `[${creator.text}]`);
    return;
  }
  const found = formatOwners(owners ?? ownersAfterUpdate(old, draft, ownableOf(scope), writerOf(core, scope)));
  if (found.length === 0) delete draft.metadata.managedFields;
  else draft.metadata.managedFields = found;
}

/** The object with the old times of its owners when nothing but times changed, so that it is not written. */
export function withoutIdleTimes(next: ApiObject, old: ApiObject): ApiObject {
  const timeless = (object: ApiObject): unknown => ({
    ...object,
    metadata: { ...object.metadata, managedFields: object.metadata.managedFields?.map(withoutTime) },
  });
  return equalJson(timeless(next), timeless(old)) ? { ...next, metadata: old.metadata } : next;
}

const withoutTime = (entry: unknown): unknown => ({ ...(entry as object), time: undefined });
