// Apply: a configuration laid over the live object, with the fields its manager no longer applies taken out.
import type { ApiObject, JsonObject } from '../json.ts';
import { equalJson } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import type { Contested } from './conflicts.ts';
import { conflictError } from './conflicts.ts';
import type { FieldSet } from './field-set.ts';
import { difference, intersection, isEmptySet, union, withNamedMembers, withoutSubtrees } from './field-set.ts';
import { lastAppliedFields, withLastApplied } from './last-applied.ts';
import type { Owner, Writer } from './managers.ts';
import { ownerKey, ownersOf } from './managers.ts';
import { mergeApplied, removeFields } from './merge.ts';
import type { Ownable } from './ownership.ts';
import { losers, ownablePart, ownedChanges, stripped, withUpdate } from './ownership.ts';
import { fieldsOf } from './walk.ts';

export interface Applied {
  /** Without `metadata.managedFields`; still to be defaulted, admitted and validated. */
  readonly object: JsonObject;
  readonly owners: readonly Owner[];
}

/** The manager whose applies also keep client-side apply's annotation, and may take over what it recorded. */
const KUBECTL = 'kubectl';
/** Owns what an object had when it was first applied to, if nothing recorded it. */
const BEFORE_FIRST_APPLY = 'before-first-apply';

/**
 * Lays an applied configuration over the live object (`undefined`: there is none). Throws 409 naming every field that
 * another manager owns with another value, unless `force`.
 */
export function applyConfiguration(
  live: ApiObject | undefined,
  configuration: JsonObject,
  ownable: Ownable,
  writer: Writer,
  force: boolean,
): Applied {
  const recorded = recordedOwners(live, ownable, writer);
  const { object, owners, contested } = laidOver(live, configuration, ownable, writer, recorded);
  const disputed = force ? [] : contestedAfterMigration(contested, live, ownable, writer);
  if (disputed.length > 0) throw conflictError(disputed);
  return { object: writer.manager === KUBECTL ? withLastApplied(object, configuration) : object, owners };
}

function recordedOwners(live: ApiObject | undefined, ownable: Ownable, writer: Writer): readonly Owner[] {
  const recorded = ownersOf(live);
  if (recorded.length > 0 || live === undefined) return recorded;
  const changes = ownedChanges(undefined, live, ownable);
  return withUpdate([], changes, { ...writer, manager: BEFORE_FIRST_APPLY, operation: 'Update' });
}

function contestedAfterMigration(
  contested: readonly Contested[],
  live: ApiObject | undefined,
  { schema }: Ownable,
  writer: Writer,
): readonly Contested[] {
  if (contested.length === 0 || writer.manager !== KUBECTL || live === undefined) return contested;
  const allowed = lastAppliedFields(live, schema);
  if (allowed === undefined) return contested;
  return contested
    .map(({ owner, fields }) => ({ owner, fields: difference(fields, allowed) }))
    .filter(({ fields }) => !isEmptySet(fields));
}

interface LaidOver extends Applied {
  readonly contested: readonly Contested[];
}

function laidOver(
  live: ApiObject | undefined,
  configuration: JsonObject,
  ownable: Ownable,
  writer: Writer,
  recorded: readonly Owner[],
): LaidOver {
  const { schema, empty, resets } = ownable;
  const self: Omit<Owner, 'fields'> = { ...writer, operation: 'Apply' };
  const others = recorded.filter((owner) => ownerKey(owner) !== ownerKey(self));
  const previous = recorded.find((owner) => ownerKey(owner) === ownerKey(self));
  const wanted = withoutSubtrees(fieldsOf(ownablePart(configuration), schema), resets);

  const before = live === undefined ? empty : ownablePart(live);
  const merged = mergeApplied(before, ownablePart(configuration), schema);
  const claimed = others.reduce((set, owner) => union(set, owner.fields), wanted);
  const pruned = previous === undefined ? merged : withoutDropped(merged, previous.fields, claimed, schema);
  const after = { metadata: {}, ...(pruned as JsonObject | undefined) };

  const changes = ownedChanges(live ?? empty, after, ownable);
  const taken = union(changes.added, changes.modified);
  const contested = others
    .map((owner) => ({ owner, fields: intersection(owner.fields, taken) }))
    .filter(({ fields }) => !isEmptySet(fields));
  // What an apply leaves as it is does not count as written now.
  const time = equalJson(before, after) ? (previous?.time ?? '') : writer.time;
  const { apiVersion, kind } = configuration;
  return {
    object: { apiVersion, kind, ...after },
    owners: [...losers(others, changes), { ...self, fields: stripped(wanted), time }],
    contested,
  };
}

/** `merged` without what its manager applied before and does not any more, unless somebody else claims it. */
function withoutDropped(merged: unknown, last: FieldSet, claimed: FieldSet, schema: Schema): unknown {
  const named = (set: FieldSet): FieldSet => withNamedMembers(set, schema);
  const all = named(fieldsOf(merged, schema));
  const bare = named(fieldsOf(removeFields(merged, named(last), schema), schema));
  const owned = removeFields(merged, difference(all, union(bare, named(claimed))), schema);
  const kept = named(fieldsOf(owned ?? {}, schema));
  return removeFields(merged, intersection(difference(all, kept), named(last)), schema);
}
